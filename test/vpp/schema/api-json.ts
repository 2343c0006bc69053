/** Small API files written for tests, in the forms that the releases had. */
import { type ApiModel, readApi } from "../../../src/vpp/schema/index.js";

/** What a test puts into an API file; what it leaves out is left out. */
export type ApiJson = Readonly<Record<string, unknown>>;

/** A message as the JSON has it: the header's fields, the given ones, the CRC. */
export function message(name: string, fields: readonly unknown[], meta: ApiJson = {}): readonly unknown[] {
  return [name, ["u16", "_vl_msg_id"], ["u32", "context"], ...fields, { crc: "0x12345678", ...meta }];
}

/** Reads files given as objects. */
export function modelFrom(files: Readonly<Record<string, ApiJson>>): ApiModel {
  return readApi(sources(files)).unwrap();
}

/** Why files given as objects are refused. */
export function refusalOf(files: Readonly<Record<string, ApiJson>>): string {
  return readApi(sources(files)).unwrapErr().message;
}

function sources(files: Readonly<Record<string, ApiJson>>): { name: string; text: string }[] {
  return Object.entries(files).map(([name, json]) => ({ name, text: JSON.stringify(json) }));
}

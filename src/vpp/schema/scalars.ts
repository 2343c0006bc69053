import * as wire from "../wire/scalars.js";
import type { ReadAt, WriteAt } from "../wire/index.js";
import type { ScalarName } from "./model.js";
import { asBigint, asBoolean, asNumber } from "./narrow.js";
import { scalarSize } from "./types.js";

/** Reading and writing of a type of known size. */
export interface FixedCodec {
  readonly size: number;
  readonly read: ReadAt<unknown>;
  readonly write: WriteAt<unknown>;
}

function scalar<T>(
  name: ScalarName,
  narrow: (value: unknown) => T,
  read: ReadAt<T>,
  write: WriteAt<T>,
): FixedCodec {
  return { size: scalarSize[name], read, write: (writer, at, value) => write(writer, at, narrow(value)) };
}

/** The scalars of the API language, checked as they are written. */
export const scalars: Readonly<Record<ScalarName, FixedCodec>> = {
  u8: scalar("u8", asNumber, wire.readU8, wire.writeU8),
  i8: scalar("i8", asNumber, wire.readI8, wire.writeI8),
  u16: scalar("u16", asNumber, wire.readU16, wire.writeU16),
  i16: scalar("i16", asNumber, wire.readI16, wire.writeI16),
  u32: scalar("u32", asNumber, wire.readU32, wire.writeU32),
  i32: scalar("i32", asNumber, wire.readI32, wire.writeI32),
  u64: scalar("u64", asBigint, wire.readU64, wire.writeU64),
  i64: scalar("i64", asBigint, wire.readI64, wire.writeI64),
  f64: scalar("f64", asNumber, wire.readF64, wire.writeF64),
  bool: scalar("bool", asBoolean, wire.readBool, wire.writeBool),
};

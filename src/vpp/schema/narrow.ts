import { refuse } from "../wire/faults.js";

/*
 * What was given, as what a field needs; a fault for anything else. Codecs made at run time take any object.
 */

/**
 * A message as an object: a property a field, under VPP's own name. Header fields and fields that count others are left
 * out. Numbers are numbers, of 64 bits bigints; `bool` is a boolean; an enumeration the member's name, or a number where
 * no member has it; flags a number; bytes a `Uint8Array`; a union what its discriminator says, else bytes.
 */
export type MessageValue = Readonly<Record<string, unknown>>;

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : refuse("a number", value);
}

export function asBigint(value: unknown): bigint {
  return typeof value === "bigint" ? value : refuse("a bigint", value);
}

export function asBoolean(value: unknown): boolean {
  return typeof value === "boolean" ? value : refuse("true or false", value);
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : refuse("a string", value);
}

export function asName(value: unknown): string | number {
  return typeof value === "string" || typeof value === "number" ? value : refuse("a name or a number", value);
}

export function asOctets(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : refuse("a Uint8Array", value);
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse("an array", value);
}

/** Anything that has a length. */
export function asCountable(value: unknown): { readonly length: number } {
  return value instanceof Uint8Array ? value : asList(value);
}

export function asPrefix(value: unknown): { address: Uint8Array; length: number } {
  const { address, length } = asValue(value);
  return { address: asOctets(address), length: asNumber(length) };
}

export function asValue(value: unknown): MessageValue {
  return isObject(value) ? value : refuse("an object", value);
}

function isObject(value: unknown): value is MessageValue {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

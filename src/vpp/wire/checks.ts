import { refuse } from "./faults.js";

/*
 * One check a scalar: the value itself when it fits, else a fault. Each is at most 27 bytes of bytecode, which V8 puts
 * inside its caller whatever that caller's size; hence a refusing function for each. As methods that also take the
 * field's name, checks cost a third more (measured).
 */

/** Checks an unsigned 8-bit integer. */
export function u8(value: number): number {
  if ((value & 0xff) === value) return value;
  return notU8(value);
}

function notU8(value: unknown): never {
  return refuse("an integer from 0 to 255", value);
}

/** Checks an unsigned 16-bit integer. */
export function u16(value: number): number {
  if ((value & 0xffff) === value) return value;
  return notU16(value);
}

function notU16(value: unknown): never {
  return refuse("an integer from 0 to 65535", value);
}

/** Checks an unsigned 32-bit integer. */
export function u32(value: number): number {
  if (value >>> 0 === value) return value;
  return notU32(value);
}

function notU32(value: unknown): never {
  return refuse("an integer from 0 to 4294967295", value);
}

/** Checks a signed 8-bit integer. */
export function i8(value: number): number {
  if ((value << 24) >> 24 === value) return value;
  return notI8(value);
}

function notI8(value: unknown): never {
  return refuse("an integer from -128 to 127", value);
}

/** Checks a signed 16-bit integer. */
export function i16(value: number): number {
  if ((value << 16) >> 16 === value) return value;
  return notI16(value);
}

function notI16(value: unknown): never {
  return refuse("an integer from -32768 to 32767", value);
}

/** Checks a signed 32-bit integer. */
export function i32(value: number): number {
  if ((value | 0) === value) return value;
  return notI32(value);
}

function notI32(value: unknown): never {
  return refuse("an integer from -2147483648 to 2147483647", value);
}

/** Checks an unsigned 64-bit integer. */
export function u64(value: bigint): bigint {
  return typeof value === "bigint" && BigInt.asUintN(64, value) === value
    ? value
    : refuse("a bigint from 0n to 18446744073709551615n", value);
}

/** Checks a signed 64-bit integer. */
export function i64(value: bigint): bigint {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value
    ? value
    : refuse("a bigint from -9223372036854775808n to 9223372036854775807n", value);
}

/** Checks a floating-point number; NaN and the infinities are numbers too. */
export function f64(value: number): number {
  return typeof value === "number" ? value : refuse("a number", value);
}

/** Checks a boolean and gives its byte. */
export function bool(value: boolean): number {
  if (typeof value !== "boolean") refuse("true or false", value);
  return value ? 1 : 0;
}

/** How many items there are, for the field that counts them. */
export function count(items: { readonly length: number }, most: number): number {
  const { length } = items;
  return length <= most ? length : refuse(`at most ${most} items`, items);
}

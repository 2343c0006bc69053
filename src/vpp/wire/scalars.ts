import { bool, i16, i32, i64, i8, u16, u32, u64, u8 } from "./checks.js";
import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/*
 * Scalars as items of lists.
 */

/** Reads a `u8`. */
export function readU8(reader: Reader, at: number): number {
  return reader.view.getUint8(at);
}

/** Writes a `u8`. */
export function writeU8(writer: Writer, at: number, value: number): void {
  writer.view.setUint8(at, u8(value));
}

/** Reads a `i8`. */
export function readI8(reader: Reader, at: number): number {
  return reader.view.getInt8(at);
}

/** Writes a `i8`. */
export function writeI8(writer: Writer, at: number, value: number): void {
  writer.view.setInt8(at, i8(value));
}

/** Reads a `u16`. */
export function readU16(reader: Reader, at: number): number {
  return reader.view.getUint16(at);
}

/** Writes a `u16`. */
export function writeU16(writer: Writer, at: number, value: number): void {
  writer.view.setUint16(at, u16(value));
}

/** Reads a `i16`. */
export function readI16(reader: Reader, at: number): number {
  return reader.view.getInt16(at);
}

/** Writes a `i16`. */
export function writeI16(writer: Writer, at: number, value: number): void {
  writer.view.setInt16(at, i16(value));
}

/** Reads a `u32`. */
export function readU32(reader: Reader, at: number): number {
  return reader.view.getUint32(at);
}

/** Writes a `u32`. */
export function writeU32(writer: Writer, at: number, value: number): void {
  writer.view.setUint32(at, u32(value));
}

/** Reads a `i32`. */
export function readI32(reader: Reader, at: number): number {
  return reader.view.getInt32(at);
}

/** Writes a `i32`. */
export function writeI32(writer: Writer, at: number, value: number): void {
  writer.view.setInt32(at, i32(value));
}

/** Reads a `u64`. */
export function readU64(reader: Reader, at: number): bigint {
  return reader.view.getBigUint64(at);
}

/** Writes a `u64`. */
export function writeU64(writer: Writer, at: number, value: bigint): void {
  writer.view.setBigUint64(at, u64(value));
}

/** Reads a `i64`. */
export function readI64(reader: Reader, at: number): bigint {
  return reader.view.getBigInt64(at);
}

/** Writes a `i64`. */
export function writeI64(writer: Writer, at: number, value: bigint): void {
  writer.view.setBigInt64(at, i64(value));
}

/** Reads an `f64`. */
export function readF64(reader: Reader, at: number): number {
  return reader.f64(at);
}

/** Writes an `f64`. */
export function writeF64(writer: Writer, at: number, value: number): void {
  writer.f64(at, value);
}

/** Reads a `bool`. */
export function readBool(reader: Reader, at: number): boolean {
  return reader.bool(at);
}

/** Writes a `bool`. */
export function writeBool(writer: Writer, at: number, value: boolean): void {
  writer.view.setUint8(at, bool(value));
}

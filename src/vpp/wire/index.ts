/**
 * What generated bindings stand on: reading and writing of the VPP binary API's scalars, and nothing else of this
 * package. Users of bindings need `encodeMessage`, `decodeMessage`, `Reader`, `Writer` and the message types; the rest is
 * for generated code.
 *
 * @packageDocumentation
 */
export { type PrefixBytes, type ReadAt, type ReadNext, Reader } from "./reader.js";
export { type WriteAt, type WriteNext, Writer } from "./writer.js";
export { bool, count, f64, i8, i16, i32, i64, u8, u16, u32, u64 } from "./checks.js";
export {
  readBool,
  readF64,
  readI16,
  readI32,
  readI64,
  readI8,
  readU16,
  readU32,
  readU64,
  readU8,
  writeBool,
  writeF64,
  writeI16,
  writeI32,
  writeI64,
  writeI8,
  writeU16,
  writeU32,
  writeU64,
  writeU8,
} from "./scalars.js";
export { EnumCodec } from "./enums.js";
export { rawArm, unionArm } from "./arms.js";
export { BoundsFault, FieldFault } from "./faults.js";
export { decodeMessage, encodeMessage, type MessageHeader } from "./boundary.js";
export type {
  AnyMessage,
  AnyRequest,
  CallMessage,
  DumpMessage,
  MessageCodec,
  NoFields,
  OneWayMessage,
  StreamMessage,
  SubscribeMessage,
  UnionArm,
} from "./codec.js";
export { noFields } from "./codec.js";
export { MessageTable } from "./table.js";

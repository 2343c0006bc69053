/** The size of a message from its definition alone, as an opinion on what the codecs write. */
import type { Field, MessageModel, Shape, Type } from "../../../src/vpp/schema/index.js";
import { asList, asRecord } from "./narrow.js";

const scalarBytes = { u8: 1, i8: 1, bool: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, f64: 8 };

/** How many bytes a value of a message has on the wire. */
export function messageSize(message: MessageModel, value: Readonly<Record<string, unknown>>): number {
  return message.header.size + fieldsSize(message.fields, value);
}

function fieldsSize(fields: readonly Field[], value: Readonly<Record<string, unknown>>): number {
  return fields.reduce((sum, { name, type, shape }) => sum + shapeSize(type, shape, value[name]), 0);
}

function shapeSize(type: Type, shape: Shape, value: unknown): number {
  if (shape.kind === "string") return shape.length;
  if (shape.kind === "text") return 4 + Buffer.byteLength(String(value));
  if (shape.kind === "one") return typeSize(type, value);
  if (value instanceof Uint8Array) return value.length;
  return asList(value).reduce<number>((sum, item) => sum + typeSize(type, item), 0);
}

function typeSize(type: Type, value: unknown): number {
  if (type.kind === "scalar") return scalarBytes[type.name];
  if (type.kind === "enum") return scalarBytes[type.scalar];
  if (type.kind === "alias")
    return type.target.kind === "scalar" && type.shape.kind === "array"
      ? scalarBytes[type.target.name] * type.shape.length
      : shapeSize(type.target, type.shape, value);
  if (type.kind === "union") return type.size.least;
  return type.size.variable ? fieldsSize(type.fields, asRecord(value)) : type.size.least;
}

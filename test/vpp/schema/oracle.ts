/** A second opinion on what bytes mean: binary-parser takes them apart by the definition, this file names what it found. */
import { Parser } from "binary-parser";
import type { Field, MessageModel, Shape, Type } from "../../../src/vpp/schema/index.js";
import { asList, asRecord } from "./narrow.js";
import { ip6Text } from "./values.js";

const scalarMethods = {
  u8: "uint8",
  i8: "int8",
  bool: "uint8",
  u16: "uint16",
  i16: "int16",
  u32: "uint32",
  i32: "int32",
  u64: "uint64",
  i64: "int64",
  f64: "doublele",
} as const;

/** What binary-parser finds in a message, in the form that our codecs give. */
export class Oracle {
  readonly #structs = new Map<Type, Parser>();

  decode(message: MessageModel, bytes: Uint8Array): unknown {
    const parser = this.#fields(
      new Parser().endianness("big").buffer("header", { length: message.header.size }),
      message.fields,
    );
    return this.#named(message.fields, parser.parse(bytes));
  }

  #fields(parser: Parser, fields: readonly Field[]): Parser {
    return fields.reduce((next, field) => this.#field(next, field.name, field.type, field.shape), parser);
  }

  #field(parser: Parser, name: string, type: Type, shape: Shape): Parser {
    if (shape.kind === "string") return parser.buffer(name, { length: shape.length });
    if (shape.kind === "text") return parser.uint32(`${name}_size`).buffer(name, { length: `${name}_size` });
    if (shape.kind === "rest") return parser.buffer(name, { readUntil: "eof" });
    if (shape.kind === "array") return parser.array(name, { type: this.#item(type), length: shape.length });
    if (shape.kind === "counted") return parser.array(name, { type: this.#item(type), length: shape.count });
    return this.#one(parser, name, type);
  }

  #one(parser: Parser, name: string, type: Type): Parser {
    if (type.kind === "scalar") return parser[scalarMethods[type.name]](name);
    if (type.kind === "enum") return parser[scalarMethods[type.scalar]](name);
    if (type.kind === "alias") return this.#field(parser, name, type.target, type.shape);
    if (type.kind === "union") return parser.buffer(name, { length: type.size.least });
    return parser.nest(name, { type: this.#struct(type) });
  }

  /** One item of a list: everything but a structure is wrapped in one. */
  #item(type: Type): Parser {
    if (type.kind === "struct") return this.#struct(type);
    return this.#one(new Parser().endianness("big"), "item", type);
  }

  #struct(type: Type & { kind: "struct" }): Parser {
    const known = this.#structs.get(type) ?? this.#fields(new Parser().endianness("big"), type.fields);
    this.#structs.set(type, known);
    return known;
  }

  #named(fields: readonly Field[], parsed: unknown): Record<string, unknown> {
    const found = asRecord(parsed);
    const value: Record<string, unknown> = {};
    for (const { name, type, shape, counts, discriminator } of fields) {
      if (counts !== undefined) continue;
      value[name] =
        discriminator === undefined
          ? this.#value(type, shape, found[name])
          : this.#arm(type, value[discriminator], found[name]);
    }
    return value;
  }

  /** The arm of a union that its discriminator means. */
  #arm(type: Type, choice: unknown, raw: unknown): unknown {
    const union = type.kind === "union" ? type : undefined;
    const arm = union?.arms.find((each) => each.case === choice);
    if (arm === undefined) return asBytes(raw);
    const parser = this.#field(new Parser().endianness("big"), "arm", arm.type, arm.shape);
    return this.#value(arm.type, arm.shape, asRecord(parser.parse(asBytes(raw)))["arm"]);
  }

  #value(type: Type, shape: Shape, raw: unknown): unknown {
    if (shape.kind === "string") return cut(asBytes(raw));
    if (shape.kind === "text") return Buffer.from(asBytes(raw)).toString("utf8");
    if (shape.kind === "rest") return asBytes(raw);
    if (shape.kind === "one") return this.#single(type, raw);
    const items = asList(raw).map((item) => (type.kind === "struct" ? item : asRecord(item)["item"]));
    return isByte(type) ? Uint8Array.from(items.map(Number)) : items.map((item) => this.#single(type, item));
  }

  #single(type: Type, raw: unknown): unknown {
    const address = addressText(type, raw);
    if (address !== undefined) return address;
    if (type.kind === "scalar") return type.name === "bool" ? raw !== 0 : raw;
    if (type.kind === "alias") return this.#value(type.target, type.shape, raw);
    if (type.kind === "struct") return this.#named(type.fields, raw);
    if (type.kind === "union") return asBytes(raw);
    const member = type.members.find(({ value }) => value === raw);
    return type.flags ? raw : (member?.name ?? raw);
  }
}

function isByte(type: Type): boolean {
  return type.kind === "alias" && type.shape.kind === "one"
    ? isByte(type.target)
    : type.kind === "scalar" && type.name === "u8";
}

function asBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return new Uint8Array(raw);
  return Uint8Array.from(asList(raw).map((item) => Number(asRecord(item)["item"])));
}

function cut(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** The types that are given as text, by their names. */
function addressText(type: Type, raw: unknown): string | undefined {
  if (type.kind === "scalar") return undefined;
  if (type.name === "mac_address")
    return Buffer.from(asBytes(raw))
      .toString("hex")
      .replace(/..(?!$)/g, "$&:");
  if (type.name === "ip4_address") return asBytes(raw).join(".");
  if (type.name === "ip6_address") return ip6Text(asBytes(raw));
  if (type.name === "address") {
    const { af, un } = asRecord(raw);
    return af === 0 ? asBytes(un).slice(0, 4).join(".") : ip6Text(asBytes(un));
  }
  if (type.kind === "struct" && ["prefix", "ip4_prefix", "ip6_prefix"].includes(type.name)) {
    const { address, len } = asRecord(raw);
    const [first] = type.fields;
    return first === undefined ? undefined : `${addressText(first.type, address)}/${String(len)}`;
  }
  return undefined;
}

/** Random values of any message of a model: what its codecs must carry. */
import * as fc from "fast-check";
import type {
  EnumType,
  Field,
  MessageModel,
  ScalarName,
  Shape,
  Type,
} from "../../../src/vpp/schema/index.js";

/** How a test wants addresses. */
export type Addresses = "text" | "bytes";

const scalars: Record<ScalarName, () => fc.Arbitrary<unknown>> = {
  u8: () => fc.integer({ min: 0, max: 0xff }),
  i8: () => fc.integer({ min: -0x80, max: 0x7f }),
  u16: () => fc.integer({ min: 0, max: 0xffff }),
  i16: () => fc.integer({ min: -0x8000, max: 0x7fff }),
  u32: () => fc.integer({ min: 0, max: 0xffff_ffff }),
  i32: () => fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u64: () => fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  i64: () => fc.bigInt({ min: -0x8000_0000_0000_0000n, max: 0x7fff_ffff_ffff_ffffn }),
  f64: () => fc.double(),
  bool: () => fc.boolean(),
};

const limits: Record<EnumType["scalar"], { min: number; max: number }> = {
  u8: { min: 0, max: 0xff },
  i8: { min: -0x80, max: 0x7f },
  u16: { min: 0, max: 0xffff },
  i16: { min: -0x8000, max: 0x7fff },
  u32: { min: 0, max: 0xffff_ffff },
  i32: { min: -0x8000_0000, max: 0x7fff_ffff },
};

/** What values a test wants. */
export interface ValueOptions {
  readonly addresses: Addresses;
  /** Whether enumerations may hold numbers that no member has. */
  readonly unknownMembers: boolean;
}

/** Makes arbitraries of messages. */
export class Values {
  readonly #options: ValueOptions;
  readonly #types = new Map<Type, fc.Arbitrary<unknown>>();

  constructor(options: ValueOptions) {
    this.#options = options;
  }

  /** Any value of a message. */
  message(model: MessageModel): fc.Arbitrary<Record<string, unknown>> {
    return this.#fields(model.fields);
  }

  #fields(fields: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
    const told = fields.filter(({ counts }) => counts === undefined);
    const unions = told.filter(({ discriminator }) => discriminator !== undefined);
    const choice = fields.find(({ name }) => name === unions[0]?.discriminator);
    const plain = told.filter((field) => field !== choice && !unions.includes(field));
    const rest = record(plain.map((field) => [field.name, this.#shaped(field.type, field.shape)]));
    if (choice === undefined) return rest;
    const chosen = this.#chosen(choice, unions);
    return fc.tuple(rest, chosen).map(([one, other]) => ({ ...one, ...other }));
  }

  /** A discriminator, and what its unions hold by it: an arm, or bytes where it means none. */
  #chosen(choice: Field, unions: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
    return this.#type(choice.type).chain((value) =>
      record([
        [choice.name, fc.constant(value)],
        ...unions.map((field): Entry => {
          const union = behind(field.type);
          const arm = union.kind === "union" ? union.arms.find((each) => each.case === value) : undefined;
          return [field.name, arm === undefined ? this.#type(union) : this.#shaped(arm.type, arm.shape)];
        }),
      ]),
    );
  }

  #shaped(type: Type, shape: Shape): fc.Arbitrary<unknown> {
    if (shape.kind === "string") return fixedString(shape.length);
    if (shape.kind === "text")
      return fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !text.includes("\0"));
    if (shape.kind === "one") return this.#type(type);
    const isBytes = shape.kind === "rest" || isByte(behind(type));
    const length =
      shape.kind === "array" ? { minLength: shape.length, maxLength: shape.length } : { maxLength: 4 };
    return isBytes ? fc.uint8Array(length) : fc.array(this.#type(type), length);
  }

  #type(type: Type): fc.Arbitrary<unknown> {
    const known = this.#types.get(type) ?? this.#makeType(type);
    this.#types.set(type, known);
    return known;
  }

  #makeType(type: Type): fc.Arbitrary<unknown> {
    if (type.kind === "scalar") return scalars[type.name]();
    if (type.kind === "enum") return this.#enum(type);
    const address = this.#address(type.name);
    if (address !== undefined) return address;
    if (type.kind === "alias") return this.#shaped(type.target, type.shape);
    return type.kind === "struct" ? this.#fields(type.fields) : bytes(type.size.least);
  }

  /** A member's name, or a number that has none. Of two names for one value decoding gives the first. */
  #enum(type: EnumType): fc.Arbitrary<unknown> {
    const number = fc.integer(limits[type.scalar]);
    if (type.flags) return number;
    const names = new Map(type.members.toReversed().map(({ name, value }) => [value, name]));
    const unknown = number.filter((value) => !names.has(value));
    if (names.size === 0) return unknown;
    const known = fc.constantFrom(...names.values());
    return this.#options.unknownMembers ? fc.oneof({ weight: 4, arbitrary: known }, unknown) : known;
  }

  #address(name: string): fc.Arbitrary<unknown> | undefined {
    const text = this.#options.addresses === "text";
    const ip4 = text ? bytes(4).map((b) => b.join(".")) : bytes(4);
    const ip6 = text ? bytes(16).map(ip6Text) : bytes(16);
    const prefix = (address: fc.Arbitrary<unknown>, most: number): fc.Arbitrary<unknown> =>
      fc
        .tuple(address, fc.integer({ min: 0, max: most }))
        .map(([of, length]) => (text ? `${String(of)}/${length}` : { address: of, length }));
    const forms: Record<string, () => fc.Arbitrary<unknown>> = {
      mac_address: () =>
        text
          ? bytes(6).map((b) =>
              Buffer.from(b)
                .toString("hex")
                .replace(/..(?!$)/g, "$&:"),
            )
          : bytes(6),
      ip4_address: () => ip4,
      ip6_address: () => ip6,
      address: () => fc.oneof(ip4, ip6),
      prefix: () => fc.oneof(prefix(ip4, 32), prefix(ip6, 128)),
      ip4_prefix: () => prefix(ip4, 32),
      ip6_prefix: () => prefix(ip6, 128),
    };
    return forms[name]?.();
  }
}

/** The type behind aliases that stand for one value. */
function behind(type: Type): Type {
  return type.kind === "alias" && type.shape.kind === "one" ? behind(type.target) : type;
}

type Entry = readonly [name: string, value: fc.Arbitrary<unknown>];

/** Objects as codecs make them: with the usual prototype. */
function record(entries: readonly Entry[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(entries), { noNullPrototype: true });
}

function isByte(type: Type): boolean {
  return type.kind === "scalar" && type.name === "u8";
}

function bytes(size: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: size, maxLength: size });
}

function fixedString(size: number): fc.Arbitrary<string> {
  return fc
    .string({
      unit: fc.oneof(
        fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 1 }),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
      maxLength: size,
    })
    .map((text) => text.replaceAll("\0", ""))
    .filter((text) => Buffer.byteLength(text) < size);
}

/** Canonical text by the WHATWG URL parser, which follows RFC 5952 but for IPv4-mapped addresses. */
export function ip6Text(address: Uint8Array): string {
  const groups = Buffer.from(address)
    .toString("hex")
    .replace(/....(?!$)/g, "$&:");
  const mapped = /^(?:0000:){5}ffff:/.test(groups);
  return mapped
    ? `::ffff:${address.slice(12).join(".")}`
    : new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

import { count, EnumCodec, i16, i32, i8, rawArm, u16, u32, u8 } from "../wire/index.js";
import type { MessageCodec, ReadNext, Reader, WriteNext, Writer } from "../wire/index.js";
import { refuse } from "../wire/faults.js";
import { familyOf, isBytes, resolve, type TextForm, textForm } from "./known.js";
import { layoutOf } from "./layout.js";
import type {
  EnumType,
  Field,
  FixedShape,
  MessageModel,
  ScalarName,
  StructType,
  Type,
  UnionType,
} from "./model.js";
import {
  asCountable,
  asList,
  asName,
  asOctets,
  asPrefix,
  asText,
  asValue,
  type MessageValue,
} from "./narrow.js";
import { type FixedCodec, scalars } from "./scalars.js";
import { partsOf, scalarSize, sizeOf, sizeOfShape } from "./types.js";

/** How values are given and taken. */
export interface CodecOptions {
  /**
   * MAC and IP addresses and prefixes as text, such as `02:fe:00:00:00:01` and `10.0.0.0/24` (the default), or as bytes:
   * a `Uint8Array`, of a prefix `{ address, length }`.
   */
  readonly addresses?: "text" | "bytes" | undefined;
}

/** A type of variable size. */
interface NextCodec {
  readonly least: number;
  readonly read: ReadNext<unknown>;
  readonly write: WriteNext<unknown>;
}

/** Makes codecs of closures, one for each type, put together from those of its parts. No code is made from text. */
export class Closures {
  readonly #text: boolean;
  readonly #enums = new Map<EnumType, EnumCodec<string>>();
  readonly #fixed = new Map<Type, FixedCodec>();
  readonly #next = new Map<StructType, NextCodec>();

  constructor(options: CodecOptions) {
    this.#text = options.addresses !== "bytes";
  }

  message(model: MessageModel): MessageCodec<MessageValue> {
    const { header, size } = model;
    const body = this.#sequence(model.fields);
    const contextInHeader = header.contextAt >= 0 && header.contextAt < header.size;
    return {
      name: model.name,
      crcs: [model.crc],
      layout: layoutOf(model),
      size: size.least,
      variable: size.variable,
      clientIndexAt: header.clientIndexAt,
      contextAt: header.contextAt,
      encode(writer, value, id, clientIndex, context) {
        const at = writer.reserve(header.size);
        writer.view.setUint16(at, id);
        if (header.clientIndexAt >= 0) writer.view.setUint32(at + header.clientIndexAt, clientIndex);
        if (contextInHeader) writer.view.setUint32(at + header.contextAt, context);
        body.write(writer, value);
      },
      decode(reader) {
        reader.take(header.size);
        return asValue(body.read(reader));
      },
    };
  }

  /** Fields one after the other: runs of fixed ones, each checked at once, and variable ones between. */
  #sequence(fields: readonly Field[]): NextCodec {
    const steps = partsOf(fields).map((step) =>
      step.variable === undefined ? this.#run(step.run) : this.#variable(step.variable),
    );
    const template = templateOf(fields);
    return {
      least: fields.reduce((sum, field) => sum + sizeOfShape(field.type, field.shape).least, 0),
      read: (reader) => {
        const value = { ...template };
        const counts = new Map<string, number>();
        for (const step of steps) step.read(reader, value, counts);
        return value;
      },
      write: (writer, given) => {
        const value = asValue(given);
        for (const step of steps) step.write(writer, value);
      },
    };
  }

  #run(fields: readonly Field[]): Step {
    const run = this.#runAt(fields);
    return {
      read: (reader, value, counts) => run.read(reader, reader.take(run.size), value, counts),
      write: (writer, value) => run.write(writer, writer.reserve(run.size), value),
    };
  }

  /** Fixed fields at offsets from one place. */
  #runAt(fields: readonly Field[]): RunAt {
    const parts: PartAt[] = [];
    let size = 0;
    for (const field of fields) {
      parts.push(this.#partAt(field, size));
      size += sizeOfShape(field.type, field.shape).least;
    }
    return {
      size,
      read: (reader, at, value, counts) => {
        for (const part of parts) part.read(reader, at, value, counts);
      },
      write: (writer, at, value) => {
        for (const part of parts) part.write(writer, at, value);
      },
    };
  }

  #partAt(field: Field, offset: number): PartAt {
    const { name } = field;
    if (field.counts !== undefined) return this.#counter(field, field.counts, offset);
    const union = resolve(field.type);
    if (union.kind === "union" && field.discriminator !== undefined) {
      const part = this.#chosen(field.discriminator, union);
      return {
        read: (reader, at, value) => void (value[name] = part.read(reader, at + offset, value)),
        write: (writer, at, value) => part.write(writer, at + offset, value[name], value),
      };
    }
    const codec = this.#shaped(field.type, asFixed(field));
    const fallback = field.default;
    return {
      read: (reader, at, value) => void (value[name] = codec.read(reader, at + offset)),
      write: (writer, at, value) => codec.write(writer, at + offset, value[name] ?? fallback),
    };
  }

  #counter(field: Field, counted: string, offset: number): PartAt {
    const scalar = resolve(field.type);
    if (scalar.kind !== "scalar") return refuse("a number that counts", field.name);
    const codec = this.#scalar(scalar.name);
    const most = mostCounted(scalar.name);
    return {
      read: (reader, at, _value, counts) =>
        void counts.set(field.name, Number(codec.read(reader, at + offset)) >>> 0),
      write: (writer, at, value) =>
        codec.write(writer, at + offset, count(asCountable(value[counted]), most)),
    };
  }

  /** The arm of a union that the discriminator, read before, means. */
  #chosen(discriminator: string, union: UnionType): Chosen {
    const { least } = union.size;
    const arms = new Map<unknown, FixedCodec>(
      union.arms.flatMap((arm) =>
        arm.case === undefined ? [] : [[arm.case, this.#shaped(arm.type, arm.shape)]],
      ),
    );
    return {
      read: (reader, at, value) => arms.get(value[discriminator])?.read(reader, at) ?? reader.copy(at, least),
      write: (writer, at, given, value) => {
        const arm = arms.get(value[discriminator]);
        if (arm === undefined) rawArm(writer, at, least, given);
        else arm.write(writer, at, given);
      },
    };
  }

  #variable(field: Field): Step {
    const { name, shape, type } = field;
    if (shape.kind === "text") {
      return {
        read: (reader, value) => void (value[name] = reader.text()),
        write: (writer, value) => writer.text(asText(value[name] ?? field.default)),
      };
    }
    if (shape.kind === "rest") {
      return {
        read: (reader, value) => void (value[name] = reader.rest()),
        write: (writer, value) => writer.octets(asOctets(value[name])),
      };
    }
    if (shape.kind === "counted") return this.#counted(name, shape.count, type);
    const items = this.#items(type);
    if (shape.kind === "one") {
      return {
        read: (reader, value) => void (value[name] = items.read(reader)),
        write: (writer, value) => items.write(writer, value[name]),
      };
    }
    const { length } = shape;
    return {
      read: (reader, value) => void (value[name] = reader.items(length, items.least, items.read)),
      write: (writer, value) => writer.itemsOf(length, asList(value[name]), items.write),
    };
  }

  #counted(name: string, counter: string, type: Type): Step {
    if (isBytes(type)) {
      return {
        read: (reader, value, counts) => void (value[name] = reader.octets(counts.get(counter) ?? 0)),
        write: (writer, value) => writer.octets(asOctets(value[name])),
      };
    }
    if (sizeOf(type).variable) {
      const { least, read, write } = this.#items(type);
      return {
        read: (reader, value, counts) =>
          void (value[name] = reader.items(counts.get(counter) ?? 0, least, read)),
        write: (writer, value) => writer.items(asList(value[name]), write),
      };
    }
    const { size, read, write } = this.#type(type);
    return {
      read: (reader, value, counts) => void (value[name] = reader.list(counts.get(counter) ?? 0, size, read)),
      write: (writer, value) => writer.list(size, asList(value[name]), write),
    };
  }

  /** A structure of variable size. */
  #items(type: Type): NextCodec {
    const struct = resolve(type);
    if (struct.kind !== "struct") return refuse("a structure", type.kind);
    const made = this.#next.get(struct) ?? this.#sequence(struct.fields);
    this.#next.set(struct, made);
    return made;
  }

  #shaped(type: Type, shape: FixedShape): FixedCodec {
    if (shape.kind === "one") return this.#type(type);
    const { length } = shape;
    if (shape.kind === "string") {
      return {
        size: length,
        read: (reader, at) => reader.string(at, length),
        write: (writer, at, value) => writer.string(at, length, asText(value)),
      };
    }
    if (isBytes(type)) {
      return {
        size: length,
        read: (reader, at) => reader.copy(at, length),
        write: (writer, at, value) => writer.copy(at, length, asOctets(value)),
      };
    }
    const item = this.#type(type);
    return {
      size: item.size * length,
      read: (reader, at) => reader.listAt(at, length, item.size, item.read),
      write: (writer, at, value) => writer.listAt(at, length, item.size, asList(value), item.write),
    };
  }

  #type(type: Type): FixedCodec {
    const made = this.#fixed.get(type) ?? this.#makeType(type);
    this.#fixed.set(type, made);
    return made;
  }

  #makeType(type: Type): FixedCodec {
    const form = textForm(type);
    if (form !== undefined) return this.#address(form, type);
    if (type.kind === "scalar") return this.#scalar(type.name);
    if (type.kind === "enum") return this.#enum(type);
    if (type.kind === "alias") return this.#shaped(type.target, type.shape);
    if (type.kind === "struct") return this.#struct(type);
    const { least } = type.size;
    return {
      size: least,
      read: (reader, at) => reader.copy(at, least),
      write: (writer, at, value) => rawArm(writer, at, least, value),
    };
  }

  #struct(type: StructType): FixedCodec {
    const run = this.#runAt(type.fields);
    const template = templateOf(type.fields);
    return {
      size: run.size,
      read: (reader, at) => {
        const value = { ...template };
        run.read(reader, at, value, noCounts);
        return value;
      },
      write: (writer, at, value) => run.write(writer, at, asValue(value)),
    };
  }

  #enum(type: EnumType): FixedCodec {
    const scalar = this.#scalar(type.scalar);
    if (type.flags) return scalar;
    const names = this.#enums.get(type) ?? enumCodec(type);
    this.#enums.set(type, names);
    return {
      size: scalar.size,
      read: (reader, at) => names.read(Number(scalar.read(reader, at))),
      write: (writer, at, value) => scalar.write(writer, at, names.write(asName(value))),
    };
  }

  #scalar(name: ScalarName): FixedCodec {
    return scalars[name];
  }

  #address(form: TextForm, type: Type): FixedCodec {
    const { least: size } = sizeOf(type);
    if (form === "address" || form === "prefix") return this.#anyFamily(form, type, size);
    if (!this.#text) return bytesOf(form, size);
    if (form === "mac") {
      return { size, read: (r, at) => r.mac(at), write: (w, at, value) => w.mac(at, asText(value)) };
    }
    if (form === "ip4") {
      return { size, read: (r, at) => r.ip4(at), write: (w, at, value) => w.ip4(at, asText(value)) };
    }
    if (form === "ip6") {
      return { size, read: (r, at) => r.ip6(at), write: (w, at, value) => w.ip6(at, asText(value)) };
    }
    const af = form === "ip4-prefix" ? 0 : 1;
    return {
      size,
      read: (reader, at) => reader.prefix(af, at, reader.view.getUint8(at + size - 1)),
      write: (writer, at, value) => writer.prefixOf(af, at, asText(value)),
    };
  }

  /** An address or prefix that says its own family, in a number of one or (until 20.01) four bytes. */
  #anyFamily(form: "address" | "prefix", type: Type, size: number): FixedCodec {
    const family = scalars[familyOf(type)];
    const text = this.#text;
    const familyAt = (reader: Reader, at: number): number => Number(family.read(reader, at));
    const skip = family.size;
    if (form === "address") {
      return {
        size,
        read: (reader, at) => {
          const af = familyAt(reader, at);
          return text ? reader.ip(af, at + skip) : reader.ipBytes(af, at + skip);
        },
        write: (writer, at, value) =>
          family.write(
            writer,
            at,
            text ? writer.ip(at + skip, asText(value)) : writer.ipBytes(at + skip, asOctets(value)),
          ),
      };
    }
    const lengthAt = size - 1;
    return {
      size,
      read: (reader, at) => {
        const af = familyAt(reader, at);
        const length = reader.view.getUint8(at + lengthAt);
        return text ? reader.prefix(af, at + skip, length) : reader.prefixBytes(af, at + skip, length);
      },
      write: (writer, at, value) =>
        family.write(
          writer,
          at,
          text
            ? writer.prefix(at + skip, at + lengthAt, asText(value))
            : writer.prefixBytes(at + skip, at + lengthAt, asPrefix(value)),
        ),
    };
  }
}

type Mutable = Record<string, unknown>;
type Counts = Map<string, number>;

interface Step {
  readonly read: (reader: Reader, value: Mutable, counts: Counts) => void;
  readonly write: (writer: Writer, value: MessageValue) => void;
}

interface PartAt {
  readonly read: (reader: Reader, at: number, value: Mutable, counts: Counts) => void;
  readonly write: (writer: Writer, at: number, value: MessageValue) => void;
}

interface RunAt extends PartAt {
  readonly size: number;
}

interface Chosen {
  readonly read: (reader: Reader, at: number, value: MessageValue) => unknown;
  readonly write: (writer: Writer, at: number, given: unknown, value: MessageValue) => void;
}

/** A structure of known size counts nothing. */
const noCounts: Counts = new Map();

/**
 * An object with all properties of a value. Copied for each value, whose properties are then there to be set: adding
 * them one by one under computed names makes V8 give up the object's shape after a dozen.
 */
function templateOf(fields: readonly Field[]): Mutable {
  return Object.fromEntries(
    fields.flatMap(({ name, counts }) => (counts === undefined ? [[name, undefined]] : [])),
  );
}

function asFixed(field: Field): FixedShape {
  const { shape } = field;
  return shape.kind === "one" || shape.kind === "array" || shape.kind === "string"
    ? shape
    : refuse("a field of fixed size", field.name);
}

function enumCodec(type: EnumType): EnumCodec<string> {
  return new EnumCodec(
    Object.fromEntries(type.members.map(({ name, value }) => [name, value])),
    checks[type.scalar],
  );
}

const checks = { u8, i8, u16, i16, u32, i32 };

function mostCounted(scalar: ScalarName): number {
  return scalar === "i32" ? 0x7fff_ffff : 2 ** (8 * scalarSize[scalar]) - 1;
}

function bytesOf(form: Exclude<TextForm, "address" | "prefix">, size: number): FixedCodec {
  if (form !== "ip4-prefix" && form !== "ip6-prefix") {
    return {
      size,
      read: (r, at) => r.copy(at, size),
      write: (w, at, value) => w.copy(at, size, asOctets(value)),
    };
  }
  const af = form === "ip4-prefix" ? 0 : 1;
  return {
    size,
    read: (reader, at) => reader.prefixBytes(af, at, reader.view.getUint8(at + size - 1)),
    write: (writer, at, value) => writer.prefixBytesOf(af, at, asPrefix(value)),
  };
}

import { familyOf, isBytes, resolve, type TextForm, textForm } from "../schema/known.js";
import type {
  FixedShape,
  IntegerName,
  NamedType,
  ScalarName,
  Shape,
  StructType,
  Type,
} from "../schema/model.js";
import { sizeOf } from "../schema/types.js";
import { call, type Call, type Expression } from "./print.js";
import type { ModuleScope } from "./scope.js";

/** How generated values are given and taken. */
export interface ValueOptions {
  readonly addresses: "text" | "bytes";
}

const accessors: Readonly<Record<Exclude<ScalarName, "f64" | "bool">, string>> = {
  u8: "Uint8",
  i8: "Int8",
  u16: "Uint16",
  i16: "Int16",
  u32: "Uint32",
  i32: "Int32",
  u64: "BigUint64",
  i64: "BigInt64",
};

/** `o + 4`; `o` for nothing more. */
export function plus(base: string, offset: number): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}

/** The code of values: their types, how they are read at an offset and how they are written there. */
export class Values {
  readonly #module: ModuleScope;
  readonly #text: boolean;

  constructor(module: ModuleScope, options: ValueOptions) {
    this.#module = module;
    this.#text = options.addresses === "text";
  }

  /** The TypeScript type of a field's value. `given`: as a request's sender gives it, with defaults left out. */
  typeOf(type: Type, shape: Shape, given: boolean): string {
    if (shape.kind === "string" || shape.kind === "text") return "string";
    if (shape.kind === "rest") return "Uint8Array";
    if (shape.kind === "one") return this.#one(type, given);
    return isBytes(type) ? "Uint8Array" : `readonly ${this.#one(type, given)}[]`;
  }

  #one(type: Type, given: boolean): string {
    if (type.kind === "scalar") return scalarType(type.name);
    // A union that nothing discriminates is bytes; its arms are for whoever knows which is meant.
    if (type.kind === "union") this.#module.want(type, "arms");
    return this.#module.use(type, given && this.#module.hasDefaults(type) ? "input" : "type");
  }

  /** What an alias or a text form stands for. */
  behind(type: NamedType): string {
    const form = textForm(type);
    if (form !== undefined) {
      if (this.#text) return "string";
      return form.endsWith("prefix") ? this.#module.runtime("PrefixBytes") : "Uint8Array";
    }
    return type.kind === "alias" ? this.typeOf(type.target, type.shape, false) : "Uint8Array";
  }

  /** Reads a fixed-size value of `r` at `base + offset`. */
  read(type: Type, shape: FixedShape, base: string, offset: number): Expression {
    const at = plus(base, offset);
    if (shape.kind === "string") return call("r.string", at, String(shape.length));
    if (shape.kind === "array") {
      if (isBytes(type)) return call("r.copy", at, String(shape.length));
      const { least } = sizeOf(type);
      const item = resolve(type);
      // A few numbers one by one: that costs less than a call for each.
      if (item.kind === "scalar" && shape.length <= 8) {
        return {
          items: Array.from({ length: shape.length }, (_, i) =>
            readScalar(item.name, plus(base, offset + i * least)),
          ),
        };
      }
      return call("r.listAt", at, String(shape.length), String(least), this.itemReader(type));
    }
    const form = textForm(type);
    if (form !== undefined) return this.#readAddress(form, type, base, offset);
    if (type.kind === "scalar") return readScalar(type.name, at);
    if (type.kind === "alias") return this.read(type.target, type.shape, base, offset);
    if (type.kind === "enum") {
      const number = readScalar(type.scalar, at);
      return this.#module.isFlags(type) ? number : call(`${this.#module.use(type, "codec")}.read`, number);
    }
    if (type.kind === "union") return call("r.copy", at, String(sizeOf(type).least));
    return call(this.#module.use(type, "reader"), "r", at);
  }

  #readAddress(form: TextForm, type: Type, base: string, offset: number): Call {
    const at = plus(base, offset);
    const { least } = sizeOf(type);
    const last = call("view.getUint8", plus(base, offset + least - 1));
    if (form === "address" || form === "prefix") {
      const family = familyOf(type);
      const inner = plus(base, offset + widthOf(family));
      const af = readScalar(family, at);
      if (form === "address") return call(this.#text ? "r.ip" : "r.ipBytes", af, inner);
      return call(this.#text ? "r.prefix" : "r.prefixBytes", af, inner, last);
    }
    if (form === "ip4-prefix" || form === "ip6-prefix") {
      return call(this.#text ? "r.prefix" : "r.prefixBytes", form === "ip4-prefix" ? "0" : "1", at, last);
    }
    return this.#text ? call(`r.${form}`, at) : call("r.copy", at, String(least));
  }

  /** Writes a fixed-size value to `w` at `base + offset`. */
  write(type: Type, shape: FixedShape, view: string, base: string, offset: number, value: string): Call {
    const at = plus(base, offset);
    if (shape.kind === "string") return call("w.string", at, String(shape.length), value);
    if (shape.kind === "array") {
      if (isBytes(type)) return call("w.copy", at, String(shape.length), value);
      const { least } = sizeOf(type);
      return call("w.listAt", at, String(shape.length), String(least), value, this.itemWriter(type));
    }
    const form = textForm(type);
    if (form !== undefined) return this.#writeAddress(form, type, view, base, offset, value);
    if (type.kind === "scalar") return this.#writeScalar(type.name, view, at, value);
    if (type.kind === "alias") return this.write(type.target, type.shape, view, base, offset, value);
    if (type.kind === "enum") {
      if (this.#module.isFlags(type)) return this.#writeScalar(type.scalar, view, at, value);
      const number = call(`${this.#module.use(type, "codec")}.write`, value);
      return call(`${view}.set${accessors[type.scalar]}`, at, number);
    }
    if (type.kind === "union") return this.rawArm(at, sizeOf(type).least, value);
    return call(this.#module.use(type, "writer"), "w", at, value);
  }

  /** Writes the bytes of a union that nothing says more of. */
  rawArm(at: string, size: number, value: string): Call {
    return call(this.#module.runtime("rawArm"), "w", at, String(size), value);
  }

  #writeScalar(name: ScalarName, view: string, at: string, value: string): Call {
    if (name === "f64") return call("w.f64", at, value);
    const checked = call(this.#module.runtime(name), value);
    return call(`${view}.set${name === "bool" ? "Uint8" : accessors[name]}`, at, checked);
  }

  #writeAddress(form: TextForm, type: Type, view: string, base: string, offset: number, value: string): Call {
    const at = plus(base, offset);
    const { least } = sizeOf(type);
    if (form === "address" || form === "prefix") {
      const family = familyOf(type);
      const inner = plus(base, offset + widthOf(family));
      const length = plus(base, offset + least - 1);
      const af =
        form === "address"
          ? call(this.#text ? "w.ip" : "w.ipBytes", inner, value)
          : call(this.#text ? "w.prefix" : "w.prefixBytes", inner, length, value);
      return call(`${view}.set${accessors[family]}`, at, af);
    }
    if (form === "ip4-prefix" || form === "ip6-prefix") {
      return call(
        this.#text ? "w.prefixOf" : "w.prefixBytesOf",
        form === "ip4-prefix" ? "0" : "1",
        at,
        value,
      );
    }
    return this.#text ? call(`w.${form}`, at, value) : call("w.copy", at, String(least), value);
  }

  /** The function that reads one item of a list of fixed-size items. */
  itemReader(type: Type): string {
    if (type.kind === "scalar") return this.#module.runtime(`read${capital(type.name)}`);
    return this.#module.use(type, "reader");
  }

  /** The function that writes one item of a list of fixed-size items. */
  itemWriter(type: Type): string {
    if (type.kind === "scalar") return this.#module.runtime(`write${capital(type.name)}`);
    return this.#module.use(type, "writer");
  }

  /** The functions of a structure of variable size, behind any alias. */
  nextReader(type: Type): string {
    const struct = variableStruct(type);
    return struct === undefined ? this.itemReader(type) : this.#module.use(struct, "reader");
  }

  nextWriter(type: Type): string {
    const struct = variableStruct(type);
    return struct === undefined ? this.itemWriter(type) : this.#module.use(struct, "writer");
  }

  /** A number that counts, as it is read. */
  readCount(type: Type, base: string, offset: number): Expression {
    const scalar = countScalar(type);
    return readScalar(scalar === "i32" ? "u32" : scalar, plus(base, offset));
  }

  /** A number that counts, as it is written. */
  writeCount(type: Type, view: string, base: string, offset: number, items: string): Call {
    const scalar = countScalar(type);
    const most = scalar === "i32" ? 0x7fff_ffff : 2 ** (8 * widthOf(scalar)) - 1;
    const number = call(this.#module.runtime("count"), items, String(most));
    return call(`${view}.set${accessors[scalar]}`, plus(base, offset), number);
  }
}

function variableStruct(type: Type): StructType | undefined {
  const struct = resolve(type);
  return struct.kind === "struct" && struct.size.variable ? struct : undefined;
}

function countScalar(type: Type): IntegerName {
  const scalar = resolve(type);
  return scalar.kind === "scalar" && isInteger(scalar.name) ? scalar.name : "u32";
}

function isInteger(name: ScalarName): name is IntegerName {
  return name !== "f64" && name !== "bool" && name !== "u64" && name !== "i64";
}

function widthOf(name: IntegerName): number {
  return Number(name.slice(1)) / 8;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function scalarType(name: ScalarName): string {
  if (name === "bool") return "boolean";
  return name === "u64" || name === "i64" ? "bigint" : "number";
}

function readScalar(name: ScalarName, at: string): Call {
  if (name === "f64" || name === "bool") return call(`r.${name}`, at);
  return call(`view.get${accessors[name]}`, at);
}

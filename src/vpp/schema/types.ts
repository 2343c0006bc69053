import { readComment } from "./comments.js";
import type { FieldDeclaration, FileDeclaration, TypeDeclaration } from "./declarations.js";
import { isFlags, knownCase, knownDiscriminator, resolve } from "./known.js";
import type {
  AliasType,
  DefaultValue,
  EnumType,
  Field,
  FixedShape,
  IntegerName,
  NamedType,
  ScalarName,
  ScalarType,
  Shape,
  Size,
  StructType,
  Type,
  UnionArmModel,
  UnionType,
} from "./model.js";

/** No type of VPP comes near: the largest of 26.06 has 2114 bytes. Keeps a hostile file from costing memory. */
const mostBytes = 1 << 20;

/** No type of VPP is nested deeper than seven. */
const mostDepth = 32;

const scalars = {
  u8: { kind: "scalar", name: "u8" },
  i8: { kind: "scalar", name: "i8" },
  u16: { kind: "scalar", name: "u16" },
  i16: { kind: "scalar", name: "i16" },
  u32: { kind: "scalar", name: "u32" },
  i32: { kind: "scalar", name: "i32" },
  u64: { kind: "scalar", name: "u64" },
  i64: { kind: "scalar", name: "i64" },
  f64: { kind: "scalar", name: "f64" },
  bool: { kind: "scalar", name: "bool" },
} satisfies Record<ScalarName, ScalarType>;

const scalarByName: ReadonlyMap<string, ScalarType> = new Map<string, ScalarType>(Object.entries(scalars));

/** How many bytes a scalar has. */
export const scalarSize: Readonly<Record<ScalarName, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
  bool: 1,
};

const integerRange: Readonly<Record<Exclude<ScalarName, "f64" | "bool">, readonly [bigint, bigint]>> = {
  u8: [0n, 0xffn],
  i8: [-0x80n, 0x7fn],
  u16: [0n, 0xffffn],
  i16: [-0x8000n, 0x7fffn],
  u32: [0n, 0xffff_ffffn],
  i32: [-0x8000_0000n, 0x7fff_ffffn],
  u64: [0n, 0xffff_ffff_ffff_ffffn],
  i64: [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn],
};

/** Something that the model has no place for. Caught where one type or message is made, which is then left out. */
export class Unusable extends Error {
  constructor(why: string) {
    super(why);
    this.name = "Unusable";
  }
}

/** How many bytes a value of a type has. */
export function sizeOf(type: Type): Size {
  if (type.kind === "struct" || type.kind === "union") return type.size;
  if (type.kind === "alias") return sizeOfShape(type.target, type.shape);
  return { least: scalarSize[type.kind === "enum" ? type.scalar : type.name], variable: false };
}

/** How many bytes a field has. */
export function sizeOfShape(type: Type, shape: Shape): Size {
  if (shape.kind === "one") return sizeOf(type);
  if (shape.kind === "string") return { least: shape.length, variable: false };
  if (shape.kind === "text") return { least: 4, variable: true };
  if (shape.kind !== "array") return { least: 0, variable: true };
  const { least, variable } = sizeOf(type);
  return { least: least * shape.length, variable };
}

/** A stretch of a message: fixed fields one after the other, or one field of variable size. */
export type Part =
  { readonly run: readonly Field[]; readonly variable: undefined } | { readonly variable: Field };

/** Fields in their order, consecutive fixed ones together: these can be checked and written at once. */
export function partsOf(fields: readonly Field[]): readonly Part[] {
  const parts: Part[] = [];
  let run: Field[] = [];
  for (const field of fields) {
    if (sizeOfShape(field.type, field.shape).variable) {
      parts.push({ variable: field });
      run = [];
    } else {
      if (run.length === 0) parts.push({ run, variable: undefined });
      run.push(field);
    }
  }
  return parts;
}

function sum(fields: readonly Field[]): Size {
  let least = 0;
  let variable = false;
  for (const field of fields) {
    const size = sizeOfShape(field.type, field.shape);
    least += size.least;
    variable ||= size.variable;
  }
  if (least > mostBytes) throw new Unusable(`it has ${least} bytes, more than any message of VPP`);
  return { least, variable };
}

/** Turns declared types into types of the model, each once. */
export class TypeResolver {
  readonly #declarations: ReadonlyMap<string, TypeDeclaration>;
  readonly #resolved = new Map<string, NamedType | Unusable>();
  readonly #open = new Set<string>();

  constructor(declarations: ReadonlyMap<string, TypeDeclaration>) {
    this.#declarations = declarations;
  }

  /** The type of a name as fields spell it: `u32`, `vl_api_address_t`, `address`. */
  lookUp(spelled: string): Type {
    const scalar = scalarByName.get(spelled);
    if (scalar !== undefined) return scalar;
    const name = this.#declarations.has(spelled)
      ? spelled
      : (/^vl_api_(.+)_t$/.exec(spelled)?.[1] ?? spelled);
    return this.named(name);
  }

  /** The type that is declared under a name. */
  named(name: string): NamedType {
    const known = this.#resolved.get(name);
    if (known instanceof Unusable) throw new Unusable(`type ${name}: ${known.message}`);
    if (known !== undefined) return known;
    const declaration = this.#declarations.get(name);
    if (declaration === undefined) throw new Unusable(`no file defines the type ${name}`);
    if (this.#open.has(name)) throw new Unusable(`type ${name} contains itself`);
    if (this.#open.size >= mostDepth) throw new Unusable(`types are nested more than ${mostDepth} deep`);
    this.#open.add(name);
    try {
      const type = this.#resolve(name, declaration);
      this.#resolved.set(name, type);
      return type;
    } catch (thrown) {
      if (thrown instanceof Unusable) this.#resolved.set(name, thrown);
      throw thrown;
    } finally {
      this.#open.delete(name);
    }
  }

  #resolve(name: string, declaration: TypeDeclaration): NamedType {
    if (declaration.kind === "enum") return enumType(name, declaration);
    if (declaration.kind === "alias") return this.#alias(name, declaration);
    const { fields, comment } = declaration;
    return declaration.union ? this.#union(name, fields, comment) : this.#struct(name, fields, comment);
  }

  #alias(name: string, declaration: TypeDeclaration & { kind: "alias" }): AliasType {
    const { type, length } = declaration;
    if (type === "string") {
      if (length === undefined || length === 0)
        throw new Unusable("it is another name for a string of any length");
      return { kind: "alias", name, target: scalars.u8, shape: { kind: "string", length } };
    }
    const target = this.lookUp(type);
    const shape: FixedShape =
      length === undefined || length === 0 ? { kind: "one" } : { kind: "array", length };
    return { kind: "alias", name, target, shape };
  }

  #struct(name: string, declared: readonly FieldDeclaration[], comment: string): StructType {
    const { text, params } = readComment(comment);
    const fields = this.fields(name, declared, params);
    if (fields.length === 0) throw new Unusable("it has no fields");
    return { kind: "struct", name, fields, size: sum(fields), doc: { text } };
  }

  #union(name: string, declared: readonly FieldDeclaration[], comment: string): UnionType {
    const arms = declared.map((field): UnionArmModel => {
      const { type, shape } = this.#typeAndShape(field);
      if (
        shape.kind === "counted" ||
        shape.kind === "rest" ||
        shape.kind === "text" ||
        sizeOf(type).variable
      ) {
        throw new Unusable(`arm ${field.name} is of no fixed size`);
      }
      const meant = field.options.get("case");
      return { name: field.name, type, shape, case: typeof meant === "string" ? meant : undefined };
    });
    unique(arms);
    if (arms.length === 0) throw new Unusable("it has no arms");
    const least = Math.max(0, ...arms.map((arm) => sizeOfShape(arm.type, arm.shape).least));
    if (least > mostBytes) throw new Unusable(`it has ${least} bytes, more than any message of VPP`);
    const { text } = readComment(comment);
    return { kind: "union", name, arms, size: { least, variable: false }, doc: { text } };
  }

  /** The fields of a structure or message: which counts which, which discriminates which, what each holds by default. */
  fields(
    owner: string,
    declared: readonly FieldDeclaration[],
    params: ReadonlyMap<string, string>,
  ): readonly Field[] {
    unique(declared);
    const shaped = declared.map((declaration) => ({ declaration, ...this.#typeAndShape(declaration) }));
    const countedBy = new Map<string, string>();
    for (const [index, { declaration, type, shape }] of shaped.entries()) {
      if (shape.kind === "rest" && index < shaped.length - 1) {
        throw new Unusable(`field ${declaration.name} takes the rest of the message and is not last`);
      }
      if (shape.kind !== "counted" && shape.kind !== "rest") continue;
      if (sizeOf(type).least === 0) throw new Unusable(`field ${declaration.name} holds items of no size`);
      if (shape.kind !== "counted") continue;
      const counter = shaped.slice(0, index).find((other) => other.declaration.name === shape.count);
      if (counter === undefined)
        throw new Unusable(`no field before ${declaration.name} is called ${shape.count}`);
      if (!canCount(counter.type, counter.shape)) throw new Unusable(`field ${shape.count} cannot count`);
      countedBy.set(shape.count, declaration.name);
    }
    const discriminator = discriminatorOf(owner, shaped);
    return shaped.map(({ declaration, type, shape }): Field => {
      const { name, options } = declaration;
      const chosen =
        discriminator === undefined ? undefined : chosenBy(owner, discriminator, declaration, type, shape);
      return {
        name,
        type: chosen ?? type,
        shape,
        default: options.has("default") ? defaultOf(options.get("default"), type, shape) : undefined,
        counts: countedBy.get(name),
        discriminator: chosen === undefined ? undefined : discriminator?.name,
        doc: params.get(name),
      };
    });
  }

  #typeAndShape(field: FieldDeclaration): { type: Type; shape: Shape } {
    const { length, count } = field;
    if (field.type === "string") {
      if (count !== undefined) throw new Unusable(`field ${field.name} is a counted string`);
      const shape: Shape =
        length === undefined || length === 0 ? { kind: "text" } : { kind: "string", length };
      return { type: scalars.u8, shape };
    }
    const type = this.lookUp(field.type);
    if (length === undefined) return { type, shape: { kind: "one" } };
    if (length > 0) return { type, shape: { kind: "array", length } };
    if (count !== undefined) return { type, shape: { kind: "counted", count } };
    if (type.kind !== "scalar" || type.name !== "u8") {
      throw new Unusable(`field ${field.name} is an uncounted list of ${field.type}`);
    }
    return { type, shape: { kind: "rest" } };
  }
}

function unique(named: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of named) {
    if (names.has(name)) throw new Unusable(`field ${name} stands twice`);
    names.add(name);
  }
}

function enumType(name: string, declaration: TypeDeclaration & { kind: "enum" }): EnumType {
  const { scalar, members } = declaration;
  if (!isInteger(scalar)) throw new Unusable(`it is carried in ${JSON.stringify(scalar).slice(0, 80)}`);
  const [least, most] = integerRange[scalar];
  const beyond = members.find(({ value }) => BigInt(value) < least || BigInt(value) > most);
  if (beyond !== undefined) throw new Unusable(`member ${beyond.name} does not fit into ${scalar}`);
  const values = members.map(({ value }) => value);
  return {
    kind: "enum",
    name,
    scalar,
    members,
    flags: declaration.flags || isFlags(name, values),
    doc: { text: readComment(declaration.comment).text },
  };
}

function isInteger(scalar: string): scalar is IntegerName {
  return ["u8", "i8", "u16", "i16", "u32", "i32"].includes(scalar);
}

function canCount(type: Type, shape: Shape): boolean {
  const resolved = resolve(type);
  return (
    shape.kind === "one" && resolved.kind === "scalar" && ["u8", "u16", "u32", "i32"].includes(resolved.name)
  );
}

interface Shaped {
  readonly declaration: FieldDeclaration;
  readonly type: Type;
  readonly shape: Shape;
}

interface Discriminator {
  readonly name: string;
  readonly type: EnumType;
}

/** What a union field says, or we know, of the field that discriminates it. */
function saidDiscriminator(owner: string, { name, options }: FieldDeclaration): string | undefined {
  const said = options.get("discriminator");
  return typeof said === "string" ? said : knownDiscriminator(owner, name);
}

/** The enumeration of a structure that says what its unions hold. No structure of VPP has two. */
function discriminatorOf(owner: string, fields: readonly Shaped[]): Discriminator | undefined {
  for (const [index, { declaration, type, shape }] of fields.entries()) {
    if (shape.kind !== "one" || resolve(type).kind !== "union") continue;
    const name = saidDiscriminator(owner, declaration);
    const before = fields.slice(0, index).find((field) => field.declaration.name === name);
    const choice = before?.shape.kind === "one" ? resolve(before.type) : undefined;
    if (name !== undefined && choice?.kind === "enum" && !choice.flags) return { name, type: choice };
  }
  return undefined;
}

/** The union of a field that a discriminator is for, each arm with the member that means it; undefined for other fields. */
function chosenBy(
  owner: string,
  discriminator: Discriminator,
  declaration: FieldDeclaration,
  type: Type,
  shape: Shape,
): UnionType | undefined {
  const union = resolve(type);
  if (union.kind !== "union" || shape.kind !== "one") return undefined;
  if (saidDiscriminator(owner, declaration) !== discriminator.name) return undefined;
  const { members } = discriminator.type;
  const arms = union.arms.map((arm): UnionArmModel => {
    const said = arm.case ?? knownCase(owner, declaration.name, arm.name);
    const value = members.find((member) => member.name === said)?.value;
    // Where two names have one value, decoding gives the first.
    return { ...arm, case: members.find((member) => member.value === value)?.name };
  });
  return arms.some((arm) => arm.case !== undefined) ? { ...union, arms } : undefined;
}

/** A default in the form of a decoded value; undefined for one that the field cannot hold. */
function defaultOf(value: unknown, type: Type, shape: Shape): DefaultValue | undefined {
  if (shape.kind === "string" || shape.kind === "text") return typeof value === "string" ? value : undefined;
  if (shape.kind !== "one") return undefined;
  const resolved = resolve(type);
  if (resolved.kind === "enum") return enumDefault(value, resolved);
  if (resolved.kind !== "scalar") return undefined;
  if (resolved.name === "bool") return boolDefault(value);
  if (typeof value !== "number") return undefined;
  if (resolved.name === "f64") return value;
  if (!Number.isInteger(value)) return undefined;
  const [least, most] = integerRange[resolved.name];
  if (BigInt(value) < least || BigInt(value) > most) return undefined;
  return resolved.name === "u64" || resolved.name === "i64" ? BigInt(value) : value;
}

/** `true` is the string "true" in the JSON of every release: vppapigen's lexer takes it for a name. */
function boolDefault(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  return value === "true" ? true : value === "false" ? false : undefined;
}

function enumDefault(value: unknown, type: EnumType): DefaultValue | undefined {
  const member = type.members.find(({ name, value: number }) => name === value || number === value);
  if (member !== undefined) return type.flags ? member.value : member.name;
  if (typeof value !== "number" || !Number.isInteger(value)) return undefined;
  const [least, most] = integerRange[type.scalar];
  return BigInt(value) >= least && BigInt(value) <= most ? value : undefined;
}

/** All types that files declare, by name; the name and files of two that disagree. */
export function mergeTypes(
  files: readonly FileDeclaration[],
): { types: Map<string, TypeDeclaration> } | { name: string; first: string; second: string } {
  const types = new Map<string, TypeDeclaration>();
  const seen = new Map<string, { file: string; text: string }>();
  for (const file of files) {
    for (const [name, type] of file.types) {
      const text = essence(type);
      const before = seen.get(name);
      if (before === undefined) {
        seen.set(name, { file: file.name, text });
        types.set(name, type);
      } else if (before.text !== text) {
        return { name, first: before.file, second: file.name };
      }
    }
  }
  return { types };
}

/** All of a type but its comment. */
function essence(type: TypeDeclaration): string {
  if (type.kind === "alias") return JSON.stringify([type.kind, type.type, type.length]);
  if (type.kind === "enum") return JSON.stringify([type.kind, type.flags, type.scalar, type.members]);
  const fields = type.fields.map(({ type: of, name, length, count, options }) => [
    of,
    name,
    length,
    count,
    ...options,
  ]);
  return JSON.stringify([type.kind, type.union, fields]);
}

import { textForm } from "../schema/known.js";
import type { EnumType, Field, NamedType, Type } from "../schema/model.js";
import type { Forms, TypeForm } from "./forms.js";
import { NameTable, pascal } from "./names.js";

/** What a type can be asked for, beyond its declaration. */
export type TypePart = "type" | "input" | "codec" | "reader" | "writer" | "arms";

/** What generated code may import from the runtime: values, and types. */
const runtimeTypes = new Set([
  "AnyMessage",
  "CallMessage",
  "DumpMessage",
  "MessageCodec",
  "NoFields",
  "OneWayMessage",
  "PrefixBytes",
  "Reader",
  "StreamMessage",
  "SubscribeMessage",
  "UnionArm",
  "Writer",
]);

/** Names with a meaning in generated code, which no type or message may take. */
const reserved: readonly string[] = [
  ...runtimeTypes,
  "EnumCodec",
  "Exclude",
  "Uint8Array",
  "noFields",
  ...["Bool", "F64", "I16", "I32", "I64", "I8", "U16", "U32", "U64", "U8"].flatMap((name) => [
    `read${name}`,
    `write${name}`,
  ]),
];

/** The names of a value's types. */
export interface ValueNames {
  /** A value as decoded. */
  readonly type: string;
  /** A value as given. */
  readonly input: string;
  /** Of a discriminated value: the fields that every one has. */
  readonly fields: string;
  /** Of a discriminated value: the fields that depend on it. */
  readonly choice: string;
}

/** A type's names in generated code. */
export interface TypeNames extends ValueNames {
  readonly codec: string;
  readonly reader: string;
  readonly writer: string;
}

/** Names and places of everything in one generation, and what of it was asked for. */
export class Scope {
  readonly forms: Forms;
  readonly #table = new NameTable(reserved);
  readonly #typeNames = new Map<TypeForm, TypeNames>();
  readonly #homes: ReadonlyMap<string, string>;
  readonly #wanted = new Map<TypeForm, Set<TypePart>>();
  readonly #defaulted = new Map<TypeForm, boolean>();
  readonly #queue: { form: TypeForm; part: TypePart }[] = [];

  /** @param homes - the module of each type, by name */
  constructor(forms: Forms, homes: ReadonlyMap<string, string>) {
    this.forms = forms;
    this.#homes = homes;
    for (const name of [...forms.types.keys()].toSorted()) {
      for (const form of forms.types.get(name) ?? []) this.#typeNames.set(form, this.#claimType(form));
    }
  }

  #claimType(form: TypeForm): TypeNames {
    const type = this.#table.claim(withRelease(pascal(form.name), form), (name) => {
      const names = typeNames(name);
      return [...valuesOf(names), names.codec, names.reader, names.writer];
    });
    return typeNames(type);
  }

  /** Names for a message, its type and its codec in one. */
  claimMessage(name: string, form: { older: boolean; releases: readonly string[] }): ValueNames {
    const type = this.#table.claim(withRelease(pascal(name), form), (claimed) =>
      valuesOf(typeNames(claimed)),
    );
    return typeNames(type);
  }

  /** The form of a type, and its names. */
  names(form: TypeForm): TypeNames {
    return this.#typeNames.get(form) ?? typeNames(pascal(form.name));
  }

  /** The module that declares a type. */
  home(form: TypeForm): string {
    return this.#homes.get(form.name) ?? form.name;
  }

  /** Asks for a part of a type, to be generated if it is not yet. */
  want(form: TypeForm, part: TypePart): void {
    const parts = this.#wanted.get(form) ?? new Set();
    this.#wanted.set(form, parts);
    if (parts.has(part)) return;
    parts.add(part);
    this.#queue.push({ form, part });
  }

  /** The next part to generate. */
  next(): { form: TypeForm; part: TypePart } | undefined {
    return this.#queue.pop();
  }

  formOf(type: NamedType): TypeForm {
    return this.forms.formOf(type);
  }

  /** Whether a value of a type may leave something out: a field of it has a default, however deep. */
  hasDefaults(type: Type): boolean {
    if (type.kind === "scalar" || type.kind === "enum" || type.kind === "union") return false;
    const form = this.formOf(type);
    const known = this.#defaulted.get(form);
    if (known !== undefined) return known;
    const has = textForm(form.type) === undefined && this.#partsHaveDefaults(form.type);
    this.#defaulted.set(form, has);
    return has;
  }

  #partsHaveDefaults(type: NamedType): boolean {
    if (type.kind === "alias") return this.hasDefaults(type.target);
    return type.kind === "struct" && isPlain(type) && type.fields.some((field) => this.mayBeLeftOut(field));
  }

  /** Whether a field may be left out, or something in it. */
  mayBeLeftOut(field: Field): boolean {
    return field.counts === undefined && (field.default !== undefined || this.hasDefaults(field.type));
  }
}

/** Whether a structure is one set of fields: no field says what another holds. */
function isPlain(type: { readonly fields: readonly Field[] }): boolean {
  return type.fields.every((field) => field.discriminator === undefined);
}

function typeNames(type: string): TypeNames {
  return {
    type,
    input: `${type}Input`,
    fields: `${type}Fields`,
    choice: `${type}Choice`,
    codec: `${type}Codec`,
    reader: `read${type}`,
    writer: `write${type}`,
  };
}

function valuesOf({ type, input, fields, choice }: ValueNames): readonly string[] {
  return [type, input, fields, choice];
}

function withRelease(name: string, form: { older: boolean; releases: readonly string[] }): string {
  return form.older ? `${name}_${(form.releases[0] ?? "").replaceAll(/\W/g, "_")}` : name;
}

/** What one generated module needs from elsewhere. Names are taken through it, so that nothing is imported in vain. */
export class ModuleScope {
  readonly name: string;
  readonly #scope: Scope;
  readonly #runtime = new Set<string>();
  /** By module: a name, and whether it is needed as a value. */
  readonly #modules = new Map<string, Map<string, boolean>>();

  constructor(name: string, scope: Scope) {
    this.name = name;
    this.#scope = scope;
  }

  /** A name of the runtime. */
  runtime(name: string): string {
    this.#runtime.add(name);
    return name;
  }

  /** A part of a named type, by the name that it has here. */
  use(type: NamedType, part: TypePart): string {
    const form = this.#scope.formOf(type);
    const names = this.#scope.names(form);
    this.#scope.want(form, part);
    const name = part === "arms" ? names.type : names[part];
    const home = this.#scope.home(form);
    if (home !== this.name) this.#import(home, name, part !== "type" && part !== "input");
    return name;
  }

  /** Asks for a part that this module does not name. */
  want(type: NamedType, part: TypePart): void {
    this.#scope.want(this.#scope.formOf(type), part);
  }

  /** Whether an enumeration is a set of flags; in any of its releases. */
  isFlags(type: EnumType): boolean {
    const form = this.#scope.formOf(type);
    return form.type.kind === "enum" && form.type.flags;
  }

  hasDefaults(type: Type): boolean {
    return this.#scope.hasDefaults(type);
  }

  mayBeLeftOut(field: Field): boolean {
    return this.#scope.mayBeLeftOut(field);
  }

  #import(module: string, name: string, value: boolean): void {
    const names = this.#modules.get(module) ?? new Map<string, boolean>();
    this.#modules.set(module, names);
    names.set(name, value || names.get(name) === true);
  }

  /** The imports: by module specifier, each with its names in order. */
  imports(runtime: string): readonly { readonly from: string; readonly names: readonly string[] }[] {
    const own = [...this.#runtime]
      .toSorted(byText)
      .map((name) => (runtimeTypes.has(name) ? `type ${name}` : name));
    const others = [...this.#modules]
      .toSorted(([a], [b]) => byText(a, b))
      .map(([module, names]) => ({
        from: `./${module}.js`,
        names: [...names]
          .toSorted(([a], [b]) => byText(a, b))
          .map(([name, value]) => (value ? name : `type ${name}`)),
      }));
    return own.length > 0 ? [{ from: runtime, names: own }, ...others] : others;
  }
}

/** Plain order of code units: the same on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

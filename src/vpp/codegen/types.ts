import { textForm } from "../schema/known.js";
import type { EnumType, Field, FixedShape, StructType, Type, UnionType } from "../schema/model.js";
import { sizeOf } from "../schema/types.js";
import { Bodies, type Entry, unchosen } from "./bodies.js";
import { type DocOptions, fieldDoc, typeDoc } from "./docs.js";
import type { TypeForm } from "./forms.js";
import { call, docComment, type Printer } from "./print.js";
import type { ModuleScope, Scope, TypeNames, TypePart, ValueNames } from "./scope.js";
import type { Values } from "./values.js";

const one: FixedShape = { kind: "one" };

/** Writes the parts of named types. */
export class TypeWriter {
  readonly #scope: Scope;
  readonly #module: ModuleScope;
  readonly #print: Printer;
  readonly #values: Values;
  readonly #bodies: Bodies;
  readonly #docs: DocOptions;

  constructor(scope: Scope, module: ModuleScope, print: Printer, values: Values, docs: DocOptions) {
    this.#scope = scope;
    this.#module = module;
    this.#print = print;
    this.#values = values;
    this.#bodies = new Bodies(print, values, module);
    this.#docs = docs;
  }

  /** One part of a type, as code. */
  write(form: TypeForm, part: TypePart): string {
    const names = this.#scope.names(form);
    const { type } = form;
    if (part === "codec") return type.kind === "enum" ? this.#enumCodec(names, type) : "";
    if (part === "arms") return type.kind === "union" ? this.#arms(names, type) : "";
    if (part === "reader") return this.#reader(names, type);
    if (part === "writer") return this.#writer(names, type);
    if (part === "input") return this.#input(names, type);
    const doc = docComment("", typeDoc(form, this.#docs));
    return type.kind === "struct" && textForm(type) === undefined
      ? this.interface(names, type.fields, doc)
      : doc + this.#declaration(names, type);
  }

  #declaration({ type: name }: TypeNames, type: TypeForm["type"]): string {
    if (type.kind === "enum") return this.#enum(name, type);
    return `export type ${name} = ${this.#values.behind(type)};\n`;
  }

  #enum(name: string, type: EnumType): string {
    const members = type.members.map(({ name: member, value }) => `  ${member}: ${value},\n`);
    const object = members.length === 0 ? "{}" : `{\n${members.join("")}}`;
    const names = type.flags || members.length === 0 ? ["number"] : [`keyof typeof ${name}`, "number"];
    return `export const ${name} = ${object} as const;\n${this.#print.union(`export type ${name} =`, names)}\n`;
  }

  #enumCodec({ type: name, codec }: TypeNames, type: EnumType): string {
    this.#module.runtime("EnumCodec");
    const make = call("/* @__PURE__ */ new EnumCodec", name, this.#module.runtime(type.scalar));
    return `${this.#print.constant(`export const ${codec} =`, make)}\n`;
  }

  /** A structure or message as a type: its values as decoded. */
  interface(names: ValueNames, fields: readonly Field[], doc: string): string {
    const choice = this.#bodies.choiceType(fields);
    if (choice === undefined) return doc + this.#plain(names.type, fields, false);
    const rest = unchosen(fields).filter((field) => field.counts === undefined);
    if (rest.length === 0) return `${doc}${this.#print.union(`export type ${names.type} =`, choice)}\n`;
    const { type, fields: base, choice: chosen } = names;
    return [
      `${docComment("", [`What every \`${type}\` has.`])}${this.#plain(base, rest, false)}`,
      `${docComment("", [`What a \`${type}\` has by its kind.`])}${this.#print.union(`export type ${chosen} =`, choice)}\n`,
      `${doc}export type ${type} = ${base} & ${chosen};\n`,
    ].join("\n");
  }

  #plain(name: string, fields: readonly Field[], given: boolean): string {
    const told = fields.filter((field) => field.counts === undefined);
    if (told.length === 0) return `export type ${name} = ${this.#module.runtime("NoFields")};\n`;
    const lines = told.map((field) => this.#field(field, given));
    return `export interface ${name} {\n${lines.join("")}}\n`;
  }

  #field(field: Field, given: boolean): string {
    const type = this.#values.typeOf(field.type, field.shape, given);
    const mayBeLeftOut = given && field.default !== undefined;
    const line = mayBeLeftOut ? `${field.name}?: ${type} | undefined` : `${field.name}: ${type}`;
    return `${docComment("  ", fieldDoc(field, this.#docs))}  readonly ${line};\n`;
  }

  /** A structure or message as it is given: what has a default may be left out. */
  input(names: ValueNames, fields: readonly Field[]): string {
    const doc = docComment("", [`\`${names.type}\` as it is given: fields with a default may be left out.`]);
    return doc + this.#plain(names.input, fields, true);
  }

  #input(names: TypeNames, type: TypeForm["type"]): string {
    if (type.kind === "struct") return this.input(names, type.fields);
    if (type.kind !== "alias") return "";
    return `export type ${names.input} = ${this.#values.typeOf(type.target, type.shape, true)};\n`;
  }

  #reader(names: TypeNames, type: TypeForm["type"]): string {
    const reader = this.#module.runtime("Reader");
    const struct = structOf(type);
    if (struct !== undefined && struct.size.variable) {
      const head = this.#print.signature(`export function ${names.reader}`, [`r: ${reader}`], names.type);
      return `${head}\n${this.#bodies.read(struct.fields, entryOf(struct), "  ")}\n}\n`;
    }
    const head = this.#print.signature(
      `export function ${names.reader}`,
      [`r: ${reader}`, "o: number"],
      names.type,
    );
    if (struct !== undefined && struct.fields.length > 0) {
      return `${head}\n${this.#bodies.read(struct.fields, { kind: "at" }, "  ")}\n}\n`;
    }
    return `${head}\n${viewed("r", this.#print.line("  ", "return ", this.#values.read(...behind(type), "o", 0), ";"))}\n}\n`;
  }

  #writer(names: TypeNames, type: TypeForm["type"]): string {
    const writer = this.#module.runtime("Writer");
    const value = `m: ${this.#scope.hasDefaults(type) ? this.#module.use(type, "input") : names.type}`;
    const struct = structOf(type);
    if (struct !== undefined && struct.size.variable) {
      const head = this.#print.signature(`export function ${names.writer}`, [`w: ${writer}`, value], "void");
      return `${head}\n${this.#bodies.write(struct.fields, entryOf(struct), "  ")}\n}\n`;
    }
    const head = this.#print.signature(
      `export function ${names.writer}`,
      [`w: ${writer}`, "o: number", value],
      "void",
    );
    if (struct !== undefined)
      return `${head}\n${this.#bodies.write(struct.fields, { kind: "at" }, "  ")}\n}\n`;
    const write = this.#values.write(...behind(type), "view", "o", 0, "m");
    return `${head}\n${viewed("w", this.#print.statement("  ", write))}\n}\n`;
  }

  /** Reading and writing of a union that nothing discriminates, an arm at a time. */
  #arms(names: TypeNames, type: UnionType): string {
    const size = String(sizeOf(type).least);
    const make = `/* @__PURE__ */ ${this.#module.runtime("unionArm")}`;
    const arms = type.arms
      .filter(({ shape }) => shape.kind === "one")
      .map(({ name, type: of }) => {
        const arm = call(make, size, this.#values.itemReader(of), this.#values.itemWriter(of));
        return `${this.#print.property("  ", name, arm)}\n`;
      });
    return `/** The arms of \`${names.type}\`, made and read one at a time. */\nexport const ${names.type} = {\n${arms.join("")}} as const;\n`;
  }
}

/** The structure that a type is, unless it is one that people write as text. */
function structOf(type: Type): StructType | undefined {
  return type.kind === "struct" && textForm(type) === undefined ? type : undefined;
}

function entryOf(struct: StructType): Entry {
  return struct.size.variable
    ? { kind: "next", header: 0, reserve: (size) => call("w.reserve", String(size)) }
    : { kind: "at" };
}

/** What the reader of a named type reads. */
function behind(type: TypeForm["type"]): readonly [Type, FixedShape] {
  return type.kind === "alias" && textForm(type) === undefined ? [type.target, type.shape] : [type, one];
}

function viewed(of: "r" | "w", line: string): string {
  return /(^|[ (])view\./m.test(line) ? `  const { view } = ${of};\n${line}` : line;
}

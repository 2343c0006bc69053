import { resolve } from "../schema/known.js";
import type { DefaultValue, EnumType, Field, FixedShape, UnionType } from "../schema/model.js";
import { partsOf, sizeOf, sizeOfShape } from "../schema/types.js";
import { call, type Call, type Expression, type Printer, type Property } from "./print.js";
import type { ModuleScope } from "./scope.js";
import { plus, type Values } from "./values.js";

/** How a body of code begins. */
export type Entry =
  /** At an offset `o` that is given: a structure of known size. */
  | { readonly kind: "at" }
  /** By taking or reserving the first stretch itself, `header` bytes of it before the first field. */
  | { readonly kind: "next"; readonly header: number; readonly reserve: (size: number) => Call };

/** A run of fixed fields has its own offset: `o`, `o1`, `o2`. */
interface Place {
  readonly base: string;
  readonly view: string;
  readonly offset: number;
}

/** What a union of a body is chosen by, and the union fields that it chooses for. */
interface Choice {
  readonly field: Field;
  readonly type: EnumType;
  readonly unions: readonly Field[];
}

/** The code between the braces of readers and writers. */
export class Bodies {
  readonly #print: Printer;
  readonly #values: Values;
  readonly #module: ModuleScope;

  constructor(print: Printer, values: Values, module: ModuleScope) {
    this.#print = print;
    this.#values = values;
    this.#module = module;
  }

  /** Statements that read fields from `r` and return them as an object. */
  read(fields: readonly Field[], entry: Entry, indent: string): string {
    const statements: string[] = [];
    const places = placesOf(fields, entry);
    const values = new Map<Field, Expression>();
    const parts = partsOf(fields);
    let run = 0;
    if (entry.kind === "next" && needsOpening(fields)) {
      statements.push(`${indent}r.take(${entry.header});`);
      run++;
    }
    for (const [index, part] of parts.entries()) {
      if (part.variable === undefined) {
        const size = sizeOfRun(part.run) + (run === 0 && entry.kind === "next" ? entry.header : 0);
        if (entry.kind === "next") statements.push(`${indent}const ${baseOf(run)} = r.take(${size});`);
        run++;
        for (const field of part.run) values.set(field, this.#readFixed(field, places));
      } else {
        const value = this.#readVariable(part.variable, fields, places);
        const last = index === parts.length - 1;
        if (!last) statements.push(this.#print.line(indent, `const p${index} = `, value, ";"));
        values.set(part.variable, last ? value : `p${index}`);
      }
    }
    statements.push(this.#return(fields, values, places, indent));
    const body = statements.join("\n");
    return body.includes("view.") ? this.#withView(body, "r", indent, entry) : body;
  }

  /** Statements that write fields of `m` to `w`. */
  write(fields: readonly Field[], entry: Entry, indent: string): string {
    const statements: string[] = [];
    const places = placesOf(fields, entry);
    const choice = choiceOf(fields);
    let run = 0;
    if (entry.kind === "next" && needsOpening(fields)) {
      statements.push(this.#print.statement(indent, entry.reserve(entry.header)));
      run++;
    }
    for (const part of partsOf(fields)) {
      if (part.variable !== undefined) {
        statements.push(this.#print.statement(indent, this.#writeVariable(part.variable)));
        continue;
      }
      const size = sizeOfRun(part.run) + (run === 0 && entry.kind === "next" ? entry.header : 0);
      if (entry.kind === "next") {
        const reserve = run === 0 ? entry.reserve(size) : call("w.reserve", String(size));
        statements.push(this.#print.call(indent, `const ${baseOf(run)} = `, reserve, ";"));
      }
      run++;
      for (const field of part.run) {
        if (choice !== undefined && choice.unions.includes(field)) continue;
        statements.push(this.#print.statement(indent, this.#writeFixed(field, places)));
      }
      if (choice !== undefined && part.run.includes(choice.field)) {
        statements.push(this.#writeChoice(choice, places, indent));
      }
    }
    const body = statements.join("\n");
    return /(^|[ (])view\./m.test(body) ? this.#withView(body, "w", indent, entry) : body;
  }

  /** Puts `const { view }` where the view is final: behind the first taking or reserving. */
  #withView(body: string, of: "r" | "w", indent: string, entry: Entry): string {
    const line = `${indent}const { view } = ${of};`;
    if (entry.kind === "at") return `${line}\n${body}`;
    const end = body.indexOf(";\n") + 2;
    return `${body.slice(0, end)}${line}\n${body.slice(end)}`;
  }

  #readFixed(field: Field, places: Places): Expression {
    const { base, offset } = placeOf(field, places);
    return this.#values.read(field.type, fixedShape(field), base, offset);
  }

  #readVariable({ type, shape }: Field, fields: readonly Field[], places: Places): Expression {
    if (shape.kind === "text") return call("r.text");
    if (shape.kind === "rest") return call("r.rest");
    if (shape.kind === "one") return call(this.#values.nextReader(type), "r");
    const { least, variable } = sizeOf(type);
    if (shape.kind !== "counted") {
      const length = shape.kind === "array" ? shape.length : 0;
      return call("r.items", String(length), String(least), this.#values.nextReader(type));
    }
    const counter = fields.find(({ name }) => name === shape.count);
    if (counter === undefined) return "[]";
    const { base, offset } = placeOf(counter, places);
    const count = this.#values.readCount(counter.type, base, offset);
    if (this.#values.typeOf(type, shape, false) === "Uint8Array") return call("r.octets", count);
    if (variable) return call("r.items", count, String(least), this.#values.nextReader(type));
    return call("r.list", count, String(least), this.#values.itemReader(type));
  }

  #return(
    fields: readonly Field[],
    values: ReadonlyMap<Field, Expression>,
    places: Places,
    indent: string,
  ): string {
    const choice = choiceOf(fields);
    const told = fields.filter(
      (field) =>
        field.counts === undefined && field !== choice?.field && choice?.unions.includes(field) !== true,
    );
    const properties = told.map((field) =>
      this.#print.property(`${indent}  `, field.name, values.get(field) ?? ""),
    );
    const literal = `{\n${properties.join("\n")}\n${indent}}`;
    if (choice === undefined) {
      return `${indent}return ${told.length === 0 ? this.#module.runtime("noFields") : literal};`;
    }
    const rest = told.length === 0 ? "" : `${indent}const rest = ${literal};\n`;
    const head = this.#print.line(indent, "const choice = ", values.get(choice.field) ?? "", ";");
    return `${rest}${head}\n${this.#readChoice(choice, places, told.length > 0, indent)}`;
  }

  #readChoice(choice: Choice, places: Places, withRest: boolean, indent: string): string {
    return casesOf(choice)
      .map(([name, arms]) => {
        const properties: Property[] = withRest ? [["...rest"]] : [];
        properties.push([choice.field.name, "choice"]);
        for (const { field, arm } of arms) {
          const { base, offset } = placeOf(field, places);
          const value =
            arm === undefined
              ? call("r.copy", plus(base, offset), String(sizeOf(field.type).least))
              : this.#values.read(arm.type, arm.shape, base, offset);
          properties.push([field.name, value]);
        }
        if (name === undefined) return this.#print.object(indent, "return ", properties, ";");
        const body = this.#print.object(`${indent}  `, "return ", properties, ";");
        return `${indent}if (choice === "${name}") {\n${body}\n${indent}}`;
      })
      .join("\n");
  }

  #writeFixed(field: Field, places: Places): Call {
    const { base, view, offset } = placeOf(field, places);
    if (field.counts !== undefined) {
      return this.#values.writeCount(field.type, view, base, offset, `m.${field.counts}`);
    }
    return this.#values.write(field.type, fixedShape(field), view, base, offset, given(field));
  }

  #writeVariable(field: Field): Call {
    const { type, shape } = field;
    const value = given(field);
    if (shape.kind === "text") return call("w.text", value);
    if (shape.kind === "rest") return call("w.octets", value);
    if (shape.kind === "one") return call(this.#values.nextWriter(type), "w", value);
    if (this.#values.typeOf(type, shape, false) === "Uint8Array") return call("w.octets", value);
    const { least, variable } = sizeOf(type);
    if (!variable) return call("w.list", String(least), value, this.#values.itemWriter(type));
    if (shape.kind !== "array") return call("w.items", value, this.#values.nextWriter(type));
    return call("w.itemsOf", String(shape.length), value, this.#values.nextWriter(type));
  }

  #writeChoice(choice: Choice, places: Places, indent: string): string {
    const branches = casesOf(choice).map(([name, arms]): readonly [string | undefined, string] => {
      const statements = arms.map(({ field, arm }) => {
        const { base, view, offset } = placeOf(field, places);
        const value = `m.${field.name}`;
        const write =
          arm === undefined
            ? this.#values.rawArm(plus(base, offset), sizeOf(field.type).least, value)
            : this.#values.write(arm.type, arm.shape, view, base, offset, value);
        return this.#print.statement(`${indent}  `, write);
      });
      return [name === undefined ? undefined : `m.${choice.field.name} === "${name}"`, statements.join("\n")];
    });
    return this.#print.branches(indent, branches);
  }

  /** The type of a discriminated structure's value: one member for each arm, and one for what has none. */
  choiceType(fields: readonly Field[]): readonly string[] | undefined {
    const choice = choiceOf(fields);
    if (choice === undefined) return undefined;
    const named = casesOf(choice).flatMap(([name]) => (name === undefined ? [] : [`"${name}"`]));
    const discriminator = this.#module.use(choice.type, "type");
    return casesOf(choice).map(([name, arms]) => {
      const head = `readonly ${choice.field.name}: `;
      const members = [
        name === undefined
          ? this.#print.exclude("      ", head, discriminator, named)
          : `      ${head}"${name}";`,
        ...arms.map(({ field, arm }) => {
          const type = arm === undefined ? "Uint8Array" : this.#values.typeOf(arm.type, arm.shape, false);
          return `      readonly ${field.name}: ${type};`;
        }),
      ];
      return `{\n${members.join("\n")}\n    }`;
    });
  }
}

/** The fields of a discriminated structure that no discriminator touches. */
export function unchosen(fields: readonly Field[]): readonly Field[] {
  const choice = choiceOf(fields);
  return fields.filter((field) => field !== choice?.field && choice?.unions.includes(field) !== true);
}

type Places = ReadonlyMap<Field, Place>;

function baseOf(run: number): string {
  return run === 0 ? "o" : `o${run}`;
}

/** Whether a message begins with its header alone: its first field is of variable size, or it has none. */
function needsOpening(fields: readonly Field[]): boolean {
  const [first] = partsOf(fields);
  return first === undefined || first.variable !== undefined;
}

function placesOf(fields: readonly Field[], entry: Entry): Places {
  const places = new Map<Field, Place>();
  let run = entry.kind === "next" && needsOpening(fields) ? 1 : 0;
  for (const part of partsOf(fields)) {
    if (part.variable !== undefined) continue;
    let offset = run === 0 && entry.kind === "next" ? entry.header : 0;
    for (const field of part.run) {
      places.set(field, { base: baseOf(run), view: run === 0 ? "view" : "w.view", offset });
      offset += sizeOfShape(field.type, field.shape).least;
    }
    run++;
  }
  return places;
}

function placeOf(field: Field, places: Places): Place {
  return places.get(field) ?? { base: "o", view: "view", offset: 0 };
}

function sizeOfRun(fields: readonly Field[]): number {
  return fields.reduce((sum, field) => sum + sizeOfShape(field.type, field.shape).least, 0);
}

function fixedShape({ shape }: Field): FixedShape {
  return shape.kind === "array" || shape.kind === "string" ? shape : { kind: "one" };
}

/** What the caller gave for a field, or its default. */
function given(field: Field): string {
  const value = `m.${field.name}`;
  return field.default === undefined ? value : `${value} ?? ${literal(field.default)}`;
}

/** A default as code. */
export function literal(value: DefaultValue): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function choiceOf(fields: readonly Field[]): Choice | undefined {
  const unions = fields.filter(({ discriminator }) => discriminator !== undefined);
  const field = fields.find(({ name }) => name === unions[0]?.discriminator);
  const type = field === undefined ? undefined : resolve(field.type);
  return field === undefined || type?.kind !== "enum" ? undefined : { field, type, unions };
}

interface ChosenArm {
  readonly field: Field;
  readonly arm: UnionType["arms"][number] | undefined;
}

/** By discriminator: the arm of each union field; `undefined` for every value that means none. */
function casesOf(choice: Choice): readonly (readonly [string | undefined, readonly ChosenArm[]])[] {
  const names = new Set(
    choice.unions.flatMap((field) =>
      armsOf(field).flatMap((arm) => (arm.case === undefined ? [] : [arm.case])),
    ),
  );
  return [...names, undefined].map((name) => {
    const arms = choice.unions.map((field): ChosenArm => {
      const arm = name === undefined ? undefined : armsOf(field).find((each) => each.case === name);
      return { field, arm };
    });
    return [name, arms];
  });
}

function armsOf(field: Field): UnionType["arms"] {
  const union = resolve(field.type);
  return union.kind === "union" ? union.arms : [];
}

/** The types that `defineSchema` infers are those that the generator writes. */
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { schemaLiteral } from "../../src/ovsdb/codegen/schema-literal.js";
import { generateRowTypes } from "../../src/ovsdb/codegen/row-types.js";
import {
  defineSchema,
  operations,
  type ExpectedSchema,
  type Integer,
  type IntegerForm,
  type DatabaseRows,
  type RowsOf,
  type SchemaJson,
  type Uuid,
  type Value,
} from "../../src/ovsdb/index.js";
import { diagnosticsOf } from "../support/compiler.js";
import { labJson, schemaOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

type TypesOf<S> = S extends ExpectedSchema<infer Db> ? Db : never;

/** The rows of a schema that has only this type of column. */
const columnOf = <const Type, Form extends IntegerForm = "exact">(type: Type, integers?: Form) =>
  defineSchema({ name: "D", tables: { T: { columns: { c: { type } } } } }, { integers });
type ColumnOf<S> = TypesOf<S> extends { readonly T: { readonly c: infer C } } ? C : never;

describe("the types that a schema written as a constant gives", () => {
  it("are those that the generator writes", () => {
    const schema = defineSchema(labJson);
    expectTypeOf<TypesOf<typeof schema>>().toEqualTypeOf<LabDatabase>();
  });

  it("are by the shape of a column", () => {
    const scalar = columnOf("string");
    const optional = columnOf({ key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0 });
    const set = columnOf({ key: { type: "uuid", refTable: "T" }, min: 0, max: "unlimited" });
    const pair = columnOf({ key: "integer", max: 2 });
    const map = columnOf({ key: "string", value: { type: "uuid", refTable: "T" }, min: 0, max: 1 });
    const choice = columnOf({ key: { type: "string", enum: ["set", ["a", "b"]] }, min: 0 });
    const only = columnOf({ key: { type: "boolean", enum: true } });
    expectTypeOf<ColumnOf<typeof scalar>>().toEqualTypeOf<string>();
    expectTypeOf<ColumnOf<typeof optional>>().toEqualTypeOf<number | null>();
    expectTypeOf<ColumnOf<typeof set>>().toEqualTypeOf<readonly Uuid[]>();
    expectTypeOf<ColumnOf<typeof pair>>().toEqualTypeOf<readonly Integer[]>();
    expectTypeOf<ColumnOf<typeof map>>().toEqualTypeOf<ReadonlyMap<string, Uuid>>();
    expectTypeOf<ColumnOf<typeof choice>>().toEqualTypeOf<"a" | "b" | null>();
    expectTypeOf<ColumnOf<typeof only>>().toEqualTypeOf<true>();
  });

  it("have integers in the form that was chosen", () => {
    const wide = columnOf("integer", "bigint");
    const rounded = columnOf({ key: "integer", min: 0 }, "number");
    const members = columnOf({ key: "integer", min: 0, max: 3 }, "number");
    const narrow = columnOf({ key: { type: "integer", minInteger: 0, maxInteger: 9 } }, "bigint");
    expectTypeOf<ColumnOf<typeof wide>>().toEqualTypeOf<bigint>();
    expectTypeOf<ColumnOf<typeof rounded>>().toEqualTypeOf<number | null>();
    expectTypeOf<ColumnOf<typeof members>>().toEqualTypeOf<readonly Integer[]>();
    expectTypeOf<ColumnOf<typeof narrow>>().toEqualTypeOf<number>();
    const written = () => operations<TypesOf<typeof wide>>().insert("T", { c: 1 });
    expectTypeOf(written).toBeFunction();
  });

  it("are any where the schema is read at run time", () => {
    const type: string = "integer";
    const loose = defineSchema({ name: "D", tables: { T: { columns: { c: { type } } } } });
    const max: number = 3;
    const someSet = columnOf({ key: "string", max });
    expectTypeOf<ColumnOf<typeof loose>>().toEqualTypeOf<Value>();
    expectTypeOf<ColumnOf<typeof someSet>>().toEqualTypeOf<Value>();
    expectTypeOf<RowsOf<SchemaJson>>().toExtend<DatabaseRows>();
  });
});

const ranged = fc.oneof(
  fc.constantFrom("integer", "real", "boolean", "string", "uuid"),
  fc.constantFrom(
    { type: "integer", minInteger: 0 },
    { type: "integer", minInteger: -1, maxInteger: 9 },
    { type: "integer", enum: ["set", [1, -2]] },
    { type: "integer", enum: 5 },
    { type: "real", minReal: 0.5 },
    { type: "real", enum: ["set", [0.5, 2]] },
    { type: "boolean", enum: false },
    { type: "string", maxLength: 3 },
    { type: "string", enum: ["set", ["a", "*/ b", "c\u2028"]] },
    { type: "uuid", refTable: "T" },
    { type: "uuid", refTable: "T", refType: "weak" },
  ),
);
const columnType = fc.oneof(
  fc.constantFrom("integer", "real", "boolean", "string", "uuid"),
  fc.record(
    {
      key: ranged,
      value: ranged,
      min: fc.constantFrom(0, 1),
      max: fc.constantFrom<(number | "unlimited")[]>(1, 2, "unlimited"),
    },
    { requiredKeys: ["key"] },
  ),
);

/** One module: generated types of some schemas, and for each that they are what its literal gives. */
function moduleOf(types: readonly unknown[], form: IntegerForm): string {
  const columns = Object.fromEntries(types.map((type, index) => [`c${index}`, { type }]));
  const schema = schemaOf({ name: "Db", version: "1.0.0", tables: { T: { columns } } });
  const generated = generateRowTypes(schema, {
    databaseType: "Generated",
    schemaConstant: "generatedSchema",
    runtimeModule: "./index.js",
    integers: form,
  });
  return `${generated}
const inferredSchema = defineSchema(${schemaLiteral(schema)}, { integers: ${JSON.stringify(form)} });
type Inferred = typeof inferredSchema extends ExpectedSchema<infer Db> ? Db : never;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const columns: { readonly [C in keyof TRow]: Same<TRow[C], Inferred["T"][C]> extends true ? true : C } = {
  ${types.map((_type, index) => `c${index}: true`).join(",\n  ")}
};
export const all: Same<Generated, Inferred> = true;
`;
}

describe("any schema", () => {
  it("gives the same types both ways, for the compiler", { timeout: 120_000 }, () => {
    const seeds: readonly (readonly [number, IntegerForm])[] = [
      [1, "exact"],
      [2, "bigint"],
      [3, "number"],
    ];
    const folder = join(import.meta.dirname, "../../src/ovsdb");
    const modules = new Map(
      seeds.map(([seed, form]) => [
        join(folder, `generated-${form}.ts`),
        moduleOf(fc.sample(columnType, { numRuns: 60, seed }), form),
      ]),
    );
    expect(diagnosticsOf(modules)).toEqual([]);
  });
});

import * as fc from "fast-check";

/** A column type as a schema writes it. */
export interface TypeJson {
  readonly key: BaseJson;
  readonly value?: BaseJson;
  readonly min?: 0 | 1;
  readonly max?: number | "unlimited";
}

export interface BaseJson {
  readonly type: "integer" | "real" | "boolean" | "string" | "uuid";
  readonly enum?: readonly ["set", readonly string[]];
  readonly minInteger?: number;
  readonly maxInteger?: number;
  readonly maxLength?: number;
  readonly refTable?: string;
  readonly refType?: "strong" | "weak";
}

export interface TableJson {
  readonly columns: Readonly<Record<string, { readonly type: TypeJson; readonly mutable?: false }>>;
  readonly isRoot: boolean;
  readonly maxRows?: number;
  readonly indexes?: readonly (readonly string[])[];
}

export interface SchemaJson {
  readonly name: string;
  readonly version: string;
  readonly tables: Readonly<Record<string, TableJson>>;
}

/** The tables of every random schema. Small, so that rows refer to each other often. */
export const tableNames = ["A", "B", "C"] as const;

const references: fc.Arbitrary<BaseJson> = fc.record({
  type: fc.constant("uuid" as const),
  refTable: fc.constantFrom(...tableNames),
  refType: fc.constantFrom("strong" as const, "weak" as const),
});

const bases: fc.Arbitrary<BaseJson> = fc.oneof(
  { weight: 3, arbitrary: references },
  {
    weight: 4,
    arbitrary: fc.constantFrom<BaseJson>(
      { type: "integer" },
      { type: "integer", minInteger: -3, maxInteger: 3 },
      { type: "real" },
      { type: "boolean" },
      { type: "string" },
      { type: "string", maxLength: 2 },
      { type: "string", enum: ["set", ["", "on", "off"]] },
    ),
  },
);

const types: fc.Arbitrary<TypeJson> = fc.oneof(
  fc.record({ key: bases }),
  fc.record({ key: bases, min: fc.constant(0 as const) }),
  fc.record({
    key: bases,
    min: fc.constantFrom<0 | 1>(0, 0, 1),
    max: fc.constantFrom<number | "unlimited">(2, 3, "unlimited"),
  }),
  fc.record({
    key: bases,
    value: bases,
    min: fc.constant(0 as const),
    max: fc.constantFrom<number | "unlimited">(1, 2, "unlimited", "unlimited"),
  }),
);

const columnNames = ["c0", "c1", "c2", "c3", "c4"];

const tables = (alwaysRoot: boolean): fc.Arbitrary<TableJson> =>
  fc
    .record({
      types: fc.array(types, { minLength: 1, maxLength: columnNames.length }),
      isRoot: alwaysRoot ? fc.constant(true) : fc.boolean(),
      maxRows: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 4, nil: undefined }),
      indexed: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 2, nil: undefined }),
    })
    .map(({ types: chosen, isRoot, maxRows, indexed }) => {
      const columns = chosen.map((type, at) => [columnNames[at] ?? "", { type }] as const);
      const index = columns.slice(0, indexed ?? 0).map(([name]) => name);
      return {
        columns: Object.fromEntries(columns),
        isRoot,
        ...(maxRows === undefined ? {} : { maxRows }),
        ...(index.length === 0 ? {} : { indexes: [index] }),
      };
    });

/** A database of three tables that refer to each other. */
export const schemas: fc.Arbitrary<SchemaJson> = fc
  .tuple(tables(true), tables(false), tables(false))
  .map(([a, b, c]) => ({ name: "Random", version: "1.0.0", tables: { A: a, B: b, C: c } }));

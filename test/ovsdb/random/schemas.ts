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

export type TableName = (typeof tableNames)[number];

const references: fc.Arbitrary<BaseJson> = fc.record({
  type: fc.constant("uuid" as const),
  refTable: fc.constantFrom(...tableNames),
  // A strong one to a row that is not there fails its transaction, and most are.
  refType: fc.constantFrom("strong", "weak", "weak", "weak"),
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

const plainBases = bases.filter(({ refTable }) => refTable === undefined);

const types: fc.Arbitrary<TypeJson> = fc.oneof(
  fc.record({ key: plainBases }),
  fc.record({ key: bases, min: fc.constant(0 as const) }),
  fc.record({
    key: bases,
    min: fc.constantFrom<0 | 1>(0, 0, 0, 1),
    max: fc.constantFrom<number | "unlimited">(2, 3, "unlimited"),
  }),
  // One side of a pair refers at most: ovsdb-server 3.1 dies of weak references on both.
  fc.record({
    key: bases,
    value: plainBases,
    min: fc.constant(0 as const),
    max: fc.constantFrom<number | "unlimited">(1, 2, "unlimited", "unlimited"),
  }),
);

const columnNames = ["c0", "c1", "c2", "c3", "c4"];

const tables = (alwaysRoot: boolean): fc.Arbitrary<TableJson> =>
  fc
    .record({
      types: fc.array(types, { minLength: 1, maxLength: columnNames.length }),
      isRoot: alwaysRoot ? fc.constant(true) : fc.constantFrom(true, true, false),
      maxRows: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 1, nil: undefined }),
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

/**
 * A schema to which another can be converted: some columns are gone and others are there. Where `fits`, no column has
 * another type than one of its name ever had, so that all rows fit.
 */
export function changedSchemas(schema: SchemaJson, fits: boolean): fc.Arbitrary<SchemaJson> {
  const added = fits ? fc.integer({ min: 0, max: 999_999 }).map((n) => `x${n}`) : fc.constant("extra");
  return fc
    .record({ table: fc.constantFrom(...tableNames), type: types, drop: fc.boolean(), name: added })
    .map(({ table, type, drop, name: newName }): SchemaJson => {
      const old = schema.tables[table];
      if (old === undefined) return schema;
      const indexed = new Set(old.indexes?.flat());
      const kept = Object.entries(old.columns).filter(
        ([name]) => !drop || name === "c0" || indexed.has(name),
      );
      const extra = type.key.type === "uuid" ? { ...type, min: 0 as const } : type;
      const columns = { ...Object.fromEntries(kept), [newName]: { type: extra } };
      return { ...schema, tables: { ...schema.tables, [table]: { ...old, columns } } };
    });
}

/**
 * The same with as many members in sets and maps as there may be, or as few. ovsdb-server 3.1 writes what differs between
 * two values to a cluster's log. It cannot read that where it is more than the column may hold, and takes it for the value
 * itself where the old one was the default, which for a set of at least one is no empty one: the next difference then may not
 * fit. Either way it answers nothing any more (ovsdb/file.c, mended in 3.1.3).
 */
export function unbounded(schema: SchemaJson): SchemaJson {
  const tables = Object.entries(schema.tables).map(([name, table]) => {
    const columns = Object.entries(table.columns).map(([column, { type }]) => {
      const isOptional = type.max === 1 && type.value === undefined;
      const isBounded = type.max !== undefined && !isOptional;
      const free = { ...type, min: 0, max: "unlimited" } as const;
      return [column, { type: isBounded ? free : type }] as const;
    });
    return [name, { ...table, columns: Object.fromEntries(columns) }] as const;
  });
  return { ...schema, tables: Object.fromEntries(tables) };
}

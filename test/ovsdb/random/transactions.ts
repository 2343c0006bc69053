import * as fc from "fast-check";

import { tableNames, type BaseJson, type SchemaJson, type TypeJson } from "./schemas.js";

/** An operation as RFC 7047 section 5.2 writes it. */
export type OperationJson = Readonly<Record<string, unknown>> & { readonly op: string };

/** How many rows a table may come to have: few, so that operations meet. */
const rowsPerTable = 3;

/** The ids of the rows of a table, which inserts choose. */
export function uuidsOf(table: string): readonly string[] {
  const digit = tableNames.findIndex((name) => name === table) + 1;
  return Array.from(
    { length: rowsPerTable },
    (_, at) => `${String(digit).repeat(8)}-0000-4000-8000-00000000000${at}`,
  );
}

/** All ids that inserts choose. */
export const chosenUuids: ReadonlySet<string> = new Set(tableNames.flatMap(uuidsOf));

const strings = ["", "a", "b", "é😀", "zz", "\uffee", "__proto__", "constructor"];

/** A value as the type allows it; once in many, one that it does not. */
function mostly<T>(right: fc.Arbitrary<T>, wrong: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: fc.constant(wrong) });
}

function atoms(base: BaseJson): fc.Arbitrary<unknown> {
  switch (base.type) {
    case "integer":
      return base.maxInteger === undefined
        ? fc.constantFrom<unknown>(-3, 0, 1, 2, 7, 9_223_372_036_854_775_807n, 9_007_199_254_740_993n)
        : mostly(fc.integer({ min: -3, max: 3 }), 4);
    case "real":
      return fc.constantFrom<unknown>(0, 1, -1.5, 0.1, 1e17, 2.5e-7);
    case "boolean":
      return fc.boolean();
    case "string":
      if (base.enum !== undefined) return mostly(fc.constantFrom("on", "off", ""), "other");
      return base.maxLength === undefined
        ? fc.constantFrom(...strings)
        : mostly(fc.constantFrom(...strings.slice(0, 5)), "abc");
    case "uuid":
      return fc.constantFrom(...uuidsOf(base.refTable ?? "A")).map((uuid) => ["uuid", uuid]);
  }
}

/** A value of a column, mostly one that the server takes. */
export function data(type: TypeJson): fc.Arbitrary<unknown> {
  const { key, value, min = 1, max = 1 } = type;
  const most = max === "unlimited" ? 4 : max;
  const size = { minLength: min, maxLength: most, comparator: "SameValueZero" } as const;
  const selector = (each: unknown): string => String(each);
  if (value !== undefined) {
    const pairs = fc.tuple(atoms(key), atoms(value));
    return fc
      .uniqueArray(pairs, { ...size, selector: ([k]) => selector(k) })
      .map((members) => ["map", members]);
  }
  if (max === 1 && min === 1) return atoms(key);
  return fc.uniqueArray(atoms(key), { ...size, selector }).map((members) => ["set", members]);
}

type Columns = readonly (readonly [name: string, type: TypeJson])[];

function columnsOf(schema: SchemaJson, table: string): Columns {
  return Object.entries(schema.tables[table]?.columns ?? {}).map(([name, { type }]) => [name, type]);
}

function rows(columns: Columns): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const members = Object.fromEntries(columns.map(([name, type]) => [name, data(type)]));
  return fc.record(members, { requiredKeys: [] });
}

const orders = ["<", "<=", ">", ">="];

function clauses(table: string, columns: Columns): fc.Arbitrary<unknown> {
  const byUuid = fc.constantFrom(...uuidsOf(table)).map((uuid) => ["_uuid", "==", ["uuid", uuid]]);
  const byColumn = fc.constantFrom(...columns).chain(([name, type]) => {
    const isNumber = type.key.type === "integer" || type.key.type === "real";
    const hasOrder = isNumber && type.value === undefined && (type.max ?? 1) === 1;
    const functions = ["==", "!=", "includes", "excludes", ...(hasOrder ? orders : [])];
    return fc.tuple(fc.constant(name), fc.constantFrom(...functions), data(type));
  });
  return fc.oneof(
    { weight: 6, arbitrary: byUuid },
    { weight: 4, arbitrary: byColumn },
    { weight: 1, arbitrary: fc.boolean() },
  );
}

/** The conditions of an operation. */
export function wheres(schema: SchemaJson, table: string): fc.Arbitrary<readonly unknown[]> {
  const clause = clauses(table, columnsOf(schema, table));
  return fc.oneof(fc.constant([]), fc.tuple(clause), fc.tuple(clause), fc.tuple(clause, clause));
}

/** A scalar that is no number has no mutation; now and then one is tried. */
function mutable(columns: Columns): Columns {
  const some = columns.filter(([, { key, value, min, max }]) => {
    const isScalar = value === undefined && min !== 0 && (max ?? 1) === 1;
    return !isScalar || key.type === "integer" || key.type === "real";
  });
  return some.length === 0 ? columns : some;
}

function mutations(columns: Columns): fc.Arbitrary<unknown> {
  return fc.constantFrom(...mutable(columns)).chain(([name, type]) => {
    // Not `*=` with 0: ovsdb-server 3.1 dies of a negative integer times 0.
    const arithmetic = fc.oneof(
      fc.tuple(fc.constant(name), fc.constantFrom("+=", "-=", "/=", "%="), fc.constantFrom(1, 1, -1, 2, 0)),
      fc.tuple(fc.constant(name), fc.constant("*="), fc.constantFrom(1, -1, 2)),
    );
    const members = { ...type, min: 0 as const };
    const inserts = fc.tuple(fc.constant(name), fc.constantFrom("insert", "delete"), data(members));
    const keys = fc.tuple(
      fc.constant(name),
      fc.constant("delete"),
      data({ key: type.key, min: 0, max: "unlimited" }),
    );
    const isNumber = type.value === undefined && (type.key.type === "integer" || type.key.type === "real");
    const isScalar = type.value === undefined && type.min !== 0 && (type.max ?? 1) === 1;
    if (isNumber) return isScalar ? arithmetic : fc.oneof(arithmetic, inserts);
    return type.value === undefined ? inserts : fc.oneof(inserts, keys);
  });
}

function operations(schema: SchemaJson): fc.Arbitrary<OperationJson> {
  return fc.constantFrom(...tableNames).chain((table) => {
    const columns = columnsOf(schema, table);
    const base = { table: fc.constant(table) };
    const where = wheres(schema, table);
    const names = fc.subarray(columns.map(([name]) => name));
    const op = <const Name extends string>(name: Name) => fc.constant(name);
    return fc.oneof<fc.MaybeWeightedArbitrary<OperationJson>[]>(
      {
        weight: 4,
        arbitrary: fc.record({
          op: op("insert"),
          ...base,
          uuid: fc.constantFrom(...uuidsOf(table)),
          row: rows(columns),
        }),
      },
      { weight: 7, arbitrary: fc.record({ op: op("update"), ...base, where, row: rows(columns) }) },
      {
        weight: 7,
        arbitrary: fc.record({
          op: op("mutate"),
          ...base,
          where,
          mutations: fc.array(mutations(columns), { minLength: 1, maxLength: 2 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ op: op("delete"), ...base, where }) },
      { weight: 1, arbitrary: fc.record({ op: op("select"), ...base, where, columns: names }) },
      {
        weight: 1,
        arbitrary: fc.record({
          op: op("wait"),
          ...base,
          where,
          columns: names,
          until: fc.constantFrom("==", "!="),
          rows: fc.array(rows(columns), { maxLength: 1 }),
          timeout: fc.constant(0),
        }),
      },
    );
  });
}

/** Makes the rows that inserts choose ids for, as far as the schema lets it: a run begins with something in it. */
export function seeds(schema: SchemaJson): fc.Arbitrary<readonly (readonly OperationJson[])[]> {
  const inserts = tableNames.flatMap((table) =>
    uuidsOf(table).map((uuid) =>
      fc.record({
        op: fc.constant("insert"),
        table: fc.constant(table),
        uuid: fc.constant(uuid),
        row: rows(columnsOf(schema, table)),
      }),
    ),
  );
  return fc.tuple(...inserts.map((insert) => fc.tuple(insert)));
}

/** The operations of one transaction: some are refused, most do something. */
export function transactions(schema: SchemaJson): fc.Arbitrary<readonly OperationJson[]> {
  const operation = operations(schema);
  // One that is refused takes all others with it.
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(operation) },
    { weight: 2, arbitrary: fc.array(operation, { minLength: 2, maxLength: 4 }) },
  );
}

/** What a monitor asks for: some tables, some columns, perhaps conditions. */
export function monitorRequests(schema: SchemaJson): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const requests = Object.fromEntries(
    tableNames.map((table) => {
      const columns = fc.subarray(columnsOf(schema, table).map(([name]) => name));
      return [table, fc.record({ columns, where: wheres(schema, table) }).map((request) => [request])];
    }),
  );
  return fc.record(requests, { requiredKeys: [] });
}

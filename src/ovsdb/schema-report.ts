import type { BaseType } from "./column-type.js";
import { isReadableAs } from "./expected-schema.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";

/** One point in which a server's schema is not what a program was written for. */
export interface SchemaDifference {
  /** The table, or the column as `Table.column`. */
  readonly item: string;
  /**
   * - `absent`: the server does not have it. Its rows or values read as if nothing was stored; writing it is refused.
   * - `other-layout`: its values are of another type. Asking for it is refused.
   * - `values`: it takes other values, of the same type: a write may be refused, an enum may give what was not expected.
   * - `behaviour`: only an insert may write it, an insert has to, or rows live by other rules.
   */
  readonly kind: "absent" | "other-layout" | "values" | "behaviour";
  /** What the program was written for, in words. */
  readonly expected: string;
  /** What the server has, in words. */
  readonly present: string;
}

/** How a server's schema differs from the one that a program was written for. What only the server has is no matter. */
export class SchemaReport {
  readonly database: string;
  /** The version that the program was written for; empty if its schema has none. */
  readonly expectedVersion: string;
  /** The server's version. */
  readonly presentVersion: string;
  /** In the order of the tables and columns that were expected. */
  readonly differences: readonly SchemaDifference[];

  constructor(fields: {
    readonly database: string;
    readonly expectedVersion: string;
    readonly presentVersion: string;
    readonly differences: readonly SchemaDifference[];
  }) {
    this.database = fields.database;
    this.expectedVersion = fields.expectedVersion;
    this.presentVersion = fields.presentVersion;
    this.differences = fields.differences;
  }

  /** Whether everything can be read as it was expected: nothing is there in another form. */
  get isReadable(): boolean {
    return this.differences.every(({ kind }) => kind !== "other-layout");
  }

  /** The report for people: a heading, and a line for each difference. */
  toString(): string {
    const { database, expectedVersion, presentVersion, differences } = this;
    const versions = `written for ${expectedVersion || "no version"}, the server has ${presentVersion || "no version"}`;
    if (differences.length === 0) return `${database}: ${versions}; everything that is expected is there`;
    const lines = differences.map(({ item, kind, expected, present }) =>
      kind === "absent"
        ? `  ${item}: absent; expected ${expected}`
        : `  ${item}: ${present}; expected ${expected}`,
    );
    return [`${database}: ${versions}`, ...lines].join("\n");
  }
}

/** Compares a server's schema with the one that a program was written for. */
export function compareSchemas(expected: DatabaseSchema, present: DatabaseSchema): SchemaReport {
  const differences: SchemaDifference[] = [];
  for (const table of expected.tables.values()) {
    const found = present.tables.get(table.name);
    if (found === undefined) {
      differences.push({ item: table.name, kind: "absent", expected: "a table", present: "absent" });
    } else {
      compareTables(table, found, differences);
    }
  }
  return new SchemaReport({
    database: expected.name,
    expectedVersion: expected.version,
    presentVersion: present.version,
    differences,
  });
}

const lifetime = ({ isRoot }: TableSchema): string =>
  isRoot ? "rows that live by themselves" : "rows that live as long as a strong reference to them";

function compareTables(expected: TableSchema, present: TableSchema, differences: SchemaDifference[]): void {
  if (expected.isRoot !== present.isRoot) {
    const words = { expected: lifetime(expected), present: lifetime(present) };
    differences.push({ item: expected.name, kind: "behaviour", ...words });
  }
  for (const column of expected.columns.values()) {
    const item = `${expected.name}.${column.name}`;
    const found = present.columns.get(column.name);
    if (found === undefined) {
      differences.push({ item, kind: "absent", expected: String(column), present: "absent" });
    } else {
      differences.push(...compareColumns(item, column, found));
    }
  }
  const known = new Set(expected.neededOnInsert.map(({ name }) => name));
  for (const { name } of present.neededOnInsert) {
    if (known.has(name)) continue;
    const words = { expected: "optional on insert", present: "needed on insert" };
    differences.push({ item: `${expected.name}.${name}`, kind: "behaviour", ...words });
  }
}

function compareColumns(
  item: string,
  expected: ColumnSchema,
  present: ColumnSchema,
): readonly SchemaDifference[] {
  const words = { expected: String(expected), present: String(present) };
  if (!isReadableAs(present, expected)) return [{ item, kind: "other-layout", ...words }];
  const differences: SchemaDifference[] = [];
  if (valuesOf(expected) !== valuesOf(present)) differences.push({ item, kind: "values", ...words });
  if (expected.mutable && !present.mutable) {
    const mutability = { expected: "may be written at any time", present: "only an insert may write it" };
    differences.push({ item, kind: "behaviour", ...mutability });
  }
  return differences;
}

/** What values a column takes, so that two columns that take the same give the same text. */
function valuesOf({ type: { key, value, min, max } }: ColumnSchema): string {
  return JSON.stringify(
    [constraintsOf(key), value === undefined ? null : constraintsOf(value), min, String(max)],
    (_name, member: unknown) => (typeof member === "bigint" ? `${member}n` : member),
  );
}

function constraintsOf(base: BaseType): unknown {
  return base.enum === undefined ? base : { ...base, enum: base.enum.map(String).toSorted() };
}

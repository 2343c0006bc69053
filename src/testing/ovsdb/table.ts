import type { BaseType } from "../../ovsdb/column-type.js";
import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import type { Uuid } from "../../ovsdb/uuid.js";
import type { Atom } from "../../ovsdb/value.js";
import { datumText } from "./datum.js";
import type { StoredRow } from "./row.js";

/** A column whose atoms are references: of what kind, and to which table. */
export interface ReferenceColumn {
  readonly column: ColumnSchema;
  readonly key: Reference | undefined;
  readonly value: Reference | undefined;
}

export interface Reference {
  readonly table: string;
  readonly isStrong: boolean;
}

/** One of the table's uniqueness constraints, and the rows that are there by their values. */
export interface UniqueIndex {
  readonly columns: readonly ColumnSchema[];
  readonly rows: Map<string, Uuid>;
}

/** A row somewhere in the database. */
export interface RowPlace {
  readonly table: string;
  readonly uuid: Uuid;
}

/** The rows of a table, and what is known of them so that a commit need not look at all. */
export class StoredTable {
  readonly schema: TableSchema;
  readonly rows = new Map<Uuid, StoredRow>();
  readonly references: readonly ReferenceColumn[];
  readonly indexes: readonly UniqueIndex[];
  /** How many strong references there are to a row of this table; none is not listed. */
  readonly strongReferences = new Map<Uuid, number>();
  /** Which rows refer weakly to a row of this table. */
  readonly weakReferrers = new Map<Uuid, Map<string, RowPlace>>();

  constructor(schema: TableSchema) {
    this.schema = schema;
    this.references = [...schema.columns.values()].flatMap((column) => {
      const key = referenceOf(column.type.key);
      const value = referenceOf(column.type.value);
      return key === undefined && value === undefined ? [] : [{ column, key, value }];
    });
    this.indexes = schema.indexes.map((names) => ({
      columns: names.map((name) => schema.column(name)).filter((column) => column !== undefined),
      rows: new Map(),
    }));
  }
}

function referenceOf(base: BaseType | undefined): Reference | undefined {
  if (base?.type !== "uuid" || base.refTable === undefined) return undefined;
  return { table: base.refTable, isStrong: base.refType !== "weak" };
}

/** What two rows share that are equal in an index. */
export function indexText({ columns }: UniqueIndex, row: StoredRow): string {
  return columns.map((column) => datumText(column.type, row.get(column))).join("\n");
}

/** The references that a row holds, each as often as it is there. */
export function* referencesOf(
  table: StoredTable,
  row: StoredRow,
): Generator<RowPlace & { readonly isStrong: boolean; readonly column: ColumnSchema }> {
  for (const { column, key, value } of table.references) {
    const { keys, values = [] } = row.get(column);
    for (const [reference, atoms] of [
      [key, keys],
      [value, values],
    ] as const) {
      if (reference === undefined) continue;
      const { table: target, isStrong } = reference;
      for (const uuid of atoms) {
        // That a row refers to itself keeps nothing (`ovsdb_txn_adjust_atom_refs` of ovsdb/transaction.c).
        if (!isUuidAtom(uuid) || (isStrong && uuid === row.uuid)) continue;
        yield { table: target, isStrong, column, uuid };
      }
    }
  }
}

/** Whether an atom of a uuid column is one: they were read as such. */
export function isUuidAtom(atom: Atom): atom is Uuid {
  return typeof atom === "string";
}

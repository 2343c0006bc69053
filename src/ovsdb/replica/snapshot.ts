import type { RowChangeOf, RowsByTable } from "../monitor.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { DatabaseSchema } from "../schema.js";
import type { Uuid } from "../uuid.js";
import type { Atom } from "../value.js";
import type { KeyPart } from "./key-part.js";

/**
 * What one part of an index is made of: a column of one atom or an optional one, or the value that a map column has
 * under one key, such as `["external_ids", "iface-id"]`.
 */
export type IndexColumn = string | readonly [column: string, key: Atom];

/**
 * The client's own indexes, by table and by the name they are looked up under. The columns that the schema itself
 * declares to be unique are indexed without being asked for, under their names joined with commas: `name`.
 */
export type IndexRequest = {
  readonly [table: string]: { readonly [index: string]: readonly IndexColumn[] } | undefined;
};

/** The rows of one table at one moment. Neither it nor a row of it ever changes. Iterating gives every row once. */
export interface TableView<R extends IdentifiedRow = IdentifiedRow> extends Iterable<R> {
  /** The table's name. */
  readonly name: string;
  /** How many rows there are. */
  readonly size: number;
  /** The row of that id. */
  get(uuid: Uuid): R | undefined;
  /** Whether there is a row of that id. */
  has(uuid: Uuid): boolean;
  /**
   * The rows that an index holds under a key, one value for each of the index's parts. Throws where the table has no
   * such index.
   */
  by(index: string, ...key: readonly KeyPart[]): readonly R[];
  /** The only row, or the first one, of {@link TableView.by}. */
  one(index: string, ...key: readonly KeyPart[]): R | undefined;
  /**
   * The rows that a column refers to, in its order, such as `snapshot.table("Port").rows(bridge.ports)`. A reference to a row
   * that is not there is left out: a weak one, or one to a row that conditions leave out.
   */
  rows(references: References): readonly R[];
}

/** What refers to rows: a column of one uuid, of an optional one or of a set of them, or the `values()` of a map. */
export type References = Uuid | null | Iterable<Uuid>;

/** The ids in what refers to rows. @internal */
export function uuidsIn(references: References): readonly Uuid[] {
  if (references === null) return [];
  return typeof references === "string" ? [references] : [...references];
}

/**
 * The monitored rows at one moment, between two transactions. It is free to take, costs nothing to hold besides the
 * rows that have changed since, and never changes.
 */
export interface Snapshot<Rows extends RowsByTable = RowsByTable> {
  /** Rises by one with every {@link Change} of its database; 0 for the first rows that were read. */
  readonly version: number;
  /** The database as the server described it. */
  readonly schema: DatabaseSchema;
  /** The rows of a monitored table. A table that the server lacks is empty. Throws for one that is not monitored. */
  table<T extends Extract<keyof Rows, string>>(name: T): TableView<Rows[T]>;
}

/**
 * What one notification of the server changed, all of it at once: one transaction or, to a slow reader, several
 * together. A `resync` is the difference between what was known before a disconnect, or before the schema was
 * converted, and what is there after it.
 */
export interface Change<Rows extends RowsByTable = RowsByTable> {
  readonly kind: "update" | "resync";
  readonly before: Snapshot<Rows>;
  readonly after: Snapshot<Rows>;
  /** Each row that differs, once. May be empty in a `resync`. */
  readonly rows: readonly RowChangeOf<Rows>[];
}

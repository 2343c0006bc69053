import type { Uuid } from "../../ovsdb/uuid.js";
import type { StoredRow } from "./row.js";
import type { StoredTable } from "./table.js";

/** A row before and after; not there where it is absent. */
export interface RowChange {
  readonly before: StoredRow | undefined;
  after: StoredRow | undefined;
}

/** The rows that a transaction changes. They are changed at once in their tables, and can be put back. */
export class Changes {
  readonly #tables = new Map<StoredTable, Map<Uuid, RowChange>>();

  /** Puts a row in its table, or takes it out. */
  set(table: StoredTable, uuid: Uuid, after: StoredRow | undefined): void {
    const change = this.touch(table, uuid);
    change.after = after;
    if (after === undefined) table.rows.delete(uuid);
    else table.rows.set(uuid, after);
    if (after === undefined && change.before === undefined) this.#tables.get(table)?.delete(uuid);
  }

  /** The change of a row, which may be none so far. */
  touch(table: StoredTable, uuid: Uuid): RowChange {
    let rows = this.#tables.get(table);
    if (rows === undefined) this.#tables.set(table, (rows = new Map<Uuid, RowChange>()));
    let change = rows.get(uuid);
    if (change === undefined) {
      const row = table.rows.get(uuid);
      rows.set(uuid, (change = { before: row, after: row }));
    }
    return change;
  }

  /** The change of a row, if there is one. */
  find(table: StoredTable, uuid: Uuid): RowChange | undefined {
    return this.#tables.get(table)?.get(uuid);
  }

  /** Forgets a change that is none. */
  drop(table: StoredTable, uuid: Uuid): void {
    this.#tables.get(table)?.delete(uuid);
  }

  get isEmpty(): boolean {
    return [...this.#tables.values()].every((rows) => rows.size === 0);
  }

  tables(): Iterable<StoredTable> {
    return this.#tables.keys();
  }

  of(table: StoredTable): ReadonlyMap<Uuid, RowChange> {
    return this.#tables.get(table) ?? new Map();
  }

  *all(): Generator<readonly [StoredTable, Uuid, RowChange]> {
    for (const [table, rows] of this.#tables) for (const [uuid, change] of rows) yield [table, uuid, change];
  }

  /** Puts every row back. */
  undo(): void {
    for (const [table, uuid, { before }] of this.all()) {
      if (before === undefined) table.rows.delete(uuid);
      else table.rows.set(uuid, before);
    }
    this.#tables.clear();
  }
}

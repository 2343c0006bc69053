import type { RowChangeOf, RowsByTable } from "../monitor.js";
import type { Change, Snapshot } from "../replica/snapshot.js";
import type { LocalTransaction } from "./origin.js";

/** One notification of the server, or several where the reader was behind, with every row that it changed. */
export interface DatabaseChange<Rows extends RowsByTable = RowsByTable> {
  /**
   * `update`: what the server told. `resync`: the difference between what was known before a disconnect or a conversion
   * of the schema and what is there after it, or several changes of which one was that.
   */
  readonly kind: "update" | "resync";
  readonly before: Snapshot<Rows>;
  readonly after: Snapshot<Rows>;
  /** Each row that differs between `before` and `after`, once. May be empty in a `resync`. */
  readonly rows: readonly RowChangeOf<Rows>[];
  /**
   * Whose it was: a transaction of this session, as far as its rows tell; somebody else's; or `merged` for several
   * changes in one.
   */
  readonly origin: LocalTransaction | "remote" | "merged";
  /** How many changes it is: 1 unless the reader was behind. */
  readonly count: number;
}

type RowChange<Rows extends RowsByTable> = RowChangeOf<Rows>;

/** Changes as one, row by row. */
class Merged<Rows extends RowsByTable> {
  #kind: "update" | "resync" = "update";
  #count = 0;
  readonly #before: Snapshot<Rows>;
  #after: Snapshot<Rows>;
  readonly #rows = new Map<string, Map<string, RowChange<Rows>>>();

  constructor(first: Snapshot<Rows>) {
    this.#before = first;
    this.#after = first;
  }

  add({ kind, after, rows, count }: DatabaseChange<Rows>): void {
    if (kind === "resync") this.#kind = kind;
    this.#count += count;
    this.#after = after;
    for (const row of rows) this.#addRow(row);
  }

  #addRow(row: RowChange<Rows>): void {
    let table = this.#rows.get(row.table);
    if (table === undefined) this.#rows.set(row.table, (table = new Map<string, RowChange<Rows>>()));
    const earlier = table.get(row.uuid);
    if (earlier === undefined) table.set(row.uuid, row);
    // A row that came and went meanwhile would be kept for ever, for as many as there are.
    else if (earlier.old === undefined && row.new === undefined) table.delete(row.uuid);
    else table.set(row.uuid, { ...row, old: earlier.old });
  }

  taken(): DatabaseChange<Rows> {
    const rows = [...this.#rows.values()].flatMap((table) => [...table.values()]);
    const states = { before: this.#before, after: this.#after };
    return { kind: this.#kind, ...states, rows, origin: "merged", count: this.#count };
  }
}

/**
 * What a reader has still to be told. Up to a number of rows every change stays by itself; beyond it they become one,
 * which holds each row once: no more than the rows that differ between its beginning and its end.
 */
export class PendingChanges<Rows extends RowsByTable> {
  readonly #mostRows: number;
  #each: DatabaseChange<Rows>[] = [];
  #rows = 0;
  #merged: Merged<Rows> | undefined;

  constructor(mostRows: number) {
    this.#mostRows = mostRows;
  }

  add({ kind, before, after, rows }: Change<Rows>, origin: LocalTransaction | "remote"): void {
    const change: DatabaseChange<Rows> = { kind, before, after, rows, origin, count: 1 };
    if (this.#merged !== undefined) {
      this.#merged.add(change);
      return;
    }
    this.#each.push(change);
    // An empty change takes room too.
    this.#rows += Math.max(1, rows.length);
    if (this.#rows > this.#mostRows && this.#each.length > 1) this.#merge();
  }

  #merge(): void {
    const [first] = this.#each;
    if (first === undefined) return;
    const merged = new Merged(first.before);
    for (const change of this.#each) merged.add(change);
    this.#merged = merged;
    this.#each = [];
    this.#rows = 0;
  }

  /** The change to be told next. `undefined`: the reader has been told everything. */
  take(): DatabaseChange<Rows> | undefined {
    if (this.#merged !== undefined) {
      const merged = this.#merged.taken();
      this.#merged = undefined;
      return merged;
    }
    const next = this.#each.shift();
    if (next !== undefined) this.#rows -= Math.max(1, next.rows.length);
    return next;
  }

  clear(): void {
    this.#each = [];
    this.#merged = undefined;
    this.#rows = 0;
  }
}

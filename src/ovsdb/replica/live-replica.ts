import { fault, Fault } from "../fault.js";
import type { RowChange } from "../replica.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { DatabaseSchema } from "../schema.js";
import { toUuid, type Uuid } from "../uuid.js";
import { isSameRow } from "./equality.js";
import type { ReplicaLayout } from "./layout.js";
import { afterUpdate, listOf, type UpdateFormat } from "./row-update.js";
import type { Snapshot } from "./snapshot.js";
import { TableRows, type TableEditor } from "./table-rows.js";

/** All tables at one moment. */
export class DatabaseRowsAt implements Snapshot {
  readonly version: number;
  readonly layout: ReplicaLayout;
  /** In the order of the layout. */
  readonly tables: readonly TableRows[];

  constructor(version: number, layout: ReplicaLayout, tables: readonly TableRows[]) {
    this.version = version;
    this.layout = layout;
    this.tables = tables;
  }

  get schema(): DatabaseSchema {
    return this.layout.schema;
  }

  table(name: string): TableRows {
    const table = this.find(name);
    if (table !== undefined) return table;
    throw new TypeError(`table ${name} is not monitored; monitored are ${this.names.join(", ")}`);
  }

  find(name: string): TableRows | undefined {
    return this.tables[this.layout.places.get(name) ?? -1];
  }

  /** Of all tables. */
  get names(): readonly string[] {
    return this.tables.map((table) => table.name);
  }
}

/** A change before anybody has given its rows their types. */
export interface LooseChange {
  readonly kind: "update" | "resync";
  readonly before: DatabaseRowsAt;
  readonly after: DatabaseRowsAt;
  readonly rows: readonly RowChange[];
}

/**
 * The rows of a database, kept up to date. What it holds is one immutable state, which is replaced as a whole: by a
 * notification that was applied from its beginning to its end, or by a reply that was. A fault leaves it as it was.
 */
export class LiveReplica {
  #current: DatabaseRowsAt | undefined;

  /** The newest rows; `undefined` before the first ones are in. */
  get current(): DatabaseRowsAt | undefined {
    return this.#current;
  }

  /** Begins to take a notification. Nothing is to be seen of it until it is finished. */
  update(): Loading | Fault {
    const before = this.#current;
    if (before === undefined) return fault("the initial rows first", "an update");
    const edit = new Edit(before, before.layout);
    return new Loading(edit, () =>
      edit.changes.length === 0 ? undefined : this.#switch(before, edit, "update"),
    );
  }

  /**
   * Begins to take the reply of a monitor request: a `whole` one, of all rows, or one of the differences to what is
   * there. Nothing is to be seen of it until it is finished.
   */
  load(layout: ReplicaLayout, extent: "whole" | "differences"): Loading {
    const before = this.#current;
    const edit = extent === "differences" && before !== undefined ? new Edit(before, layout) : undefined;
    const finish = (done: Edit | Reload): LooseChange | undefined => this.#finish(done);
    return new Loading(edit ?? new Reload(before, layout), finish);
  }

  #finish(done: Edit | Reload): LooseChange | undefined {
    done.complete();
    if (this.#current !== undefined) return this.#switch(this.#current, done, "resync");
    this.#current = new DatabaseRowsAt(0, done.layout, done.tables());
    return undefined;
  }

  #switch(before: DatabaseRowsAt, edit: Edit | Reload, kind: LooseChange["kind"]): LooseChange {
    const after = new DatabaseRowsAt(before.version + 1, edit.layout, edit.tables());
    this.#current = after;
    return { kind, before, after, rows: edit.changes };
  }
}

/** A reply or a notification that is being taken, part by part. */
export class Loading {
  readonly #edit: Edit | Reload;
  readonly #finish: (edit: Edit | Reload) => LooseChange | undefined;

  constructor(edit: Edit | Reload, finish: (edit: Edit | Reload) => LooseChange | undefined) {
    this.#edit = edit;
    this.#finish = finish;
  }

  /** Takes some rows of one table. */
  add(table: string, rows: unknown, format: UpdateFormat): Fault | undefined {
    return this.#edit.applyTable(table, rows, format);
  }

  /** Takes some rows of one table as a list: id, update, id, update, ... */
  addList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined {
    return this.#edit.applyList(table, list, format);
  }

  /** It is complete: the replica has its rows now. Gives what changed; `undefined` for the first rows, and for nothing. */
  finish(): LooseChange | undefined {
    return this.#finish(this.#edit);
  }
}

/** Changes to a state, collected until all of them are known to be right. */
class Edit {
  readonly layout: ReplicaLayout;
  readonly changes: RowChange[] = [];
  readonly #before: readonly TableRows[];
  /** Of the tables in which something has changed. */
  readonly #editors: (TableEditor | undefined)[] = [];

  constructor(before: DatabaseRowsAt, layout: ReplicaLayout) {
    const { tables } = before;
    this.#before =
      before.layout === layout ? tables : [...layout.places.keys()].map((name) => before.table(name));
    this.layout = layout;
  }

  applyTable(table: string, updates: unknown, format: UpdateFormat): Fault | undefined {
    if (!this.layout.plans.has(table)) return undefined;
    const list = listOf(updates);
    return list instanceof Fault ? list.within(table) : this.applyList(table, list, format);
  }

  applyList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined {
    const plan = this.layout.plans.get(table);
    if (plan === undefined) return undefined;
    const editor = this.#editor(table);
    if (editor === undefined) return undefined;
    for (let at = 0; at < list.length; at += 2) {
      const uuid = idOf(list[at]);
      if (uuid === undefined) return fault("the uuid of a row", list[at]).within(table);
      const old = editor.get(uuid);
      const after = afterUpdate(plan, uuid, old, list[at + 1], format);
      if (after instanceof Fault) return after.within(table);
      if (after === old) continue;
      editor.put(uuid, old, after);
      this.changes.push({ table, uuid, old, new: after });
    }
    return undefined;
  }

  complete(): void {
    // It is complete as it stands.
  }

  tables(): readonly TableRows[] {
    return this.#before.map((table, at) => this.#editors[at]?.freeze() ?? table);
  }

  #editor(table: string): TableEditor | undefined {
    const at = this.layout.places.get(table);
    return at === undefined ? undefined : (this.#editors[at] ??= this.#before[at]?.edit());
  }
}

/** All rows anew, compared as they come with those that were there: rows that are the same stay the very same. */
class Reload {
  readonly layout: ReplicaLayout;
  readonly changes: RowChange[] = [];
  readonly #before: DatabaseRowsAt | undefined;
  readonly #editors = new Map<string, TableEditor>();
  /** How many rows of a table were there before too. */
  readonly #kept = new Map<string, number>();

  constructor(before: DatabaseRowsAt | undefined, layout: ReplicaLayout) {
    this.#before = before;
    this.layout = layout;
    for (const [table, indexes] of layout.indexes) {
      this.#editors.set(table, TableRows.empty(table, indexes).edit());
    }
  }

  applyTable(table: string, updates: unknown, format: UpdateFormat): Fault | undefined {
    if (!this.layout.plans.has(table)) return undefined;
    const list = listOf(updates);
    return list instanceof Fault ? list.within(table) : this.applyList(table, list, format);
  }

  applyList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined {
    const plan = this.layout.plans.get(table);
    const editor = this.#editors.get(table);
    if (plan === undefined || editor === undefined) return undefined;
    const before = this.#before?.find(table);
    const comparable = this.#before !== undefined && this.layout.isSameTable(table, this.#before.layout);
    for (let at = 0; at < list.length; at += 2) {
      const uuid = idOf(list[at]);
      if (uuid === undefined) return fault("the uuid of a row", list[at]).within(table);
      const row = afterUpdate(plan, uuid, undefined, list[at + 1], format);
      if (row instanceof Fault) return row.within(table);
      if (row === undefined) return fault("a row that is there", "delete").within(table);
      const isNew = editor.add(uuid, this.#compare(table, before?.get(uuid), row, comparable));
      if (!isNew) return fault("a row that was not told of before", uuid).within(table);
    }
    return undefined;
  }

  /** The row to keep: the one of before where nothing differs. */
  #compare(
    table: string,
    old: IdentifiedRow | undefined,
    row: IdentifiedRow,
    comparable: boolean,
  ): IdentifiedRow {
    if (this.#before === undefined) return row;
    if (old !== undefined) this.#kept.set(table, (this.#kept.get(table) ?? 0) + 1);
    if (old !== undefined && comparable && isSameRow(old, row)) return old;
    this.changes.push({ table, uuid: row._uuid, old, new: row });
    return row;
  }

  /** Finds what is there no more. */
  complete(): void {
    for (const before of this.#before?.tables ?? []) {
      const table = before.name;
      if (this.#kept.get(table) === before.size) continue;
      const editor = this.#editors.get(table);
      for (const old of before) {
        const isGone = editor?.get(old._uuid) === undefined;
        if (isGone) this.changes.push({ table, uuid: old._uuid, old, new: undefined });
      }
    }
  }

  tables(): readonly TableRows[] {
    return Array.from(this.#editors.values(), (editor) => editor.freeze());
  }
}

function idOf(name: unknown): Uuid | undefined {
  return typeof name === "string" ? toUuid(name) : undefined;
}

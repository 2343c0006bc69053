import { fault, Fault } from "../fault.js";
import type { RowChange } from "../replica.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { DatabaseSchema } from "../schema.js";
import { toUuid, type Uuid } from "../uuid.js";
import { isSameRow } from "./equality.js";
import type { ReplicaLayout } from "./layout.js";
import { afterUpdate, listOf, type UpdateFormat } from "./row-update.js";
import type { Snapshot } from "./snapshot.js";
import { TableEditor, TableRows } from "./table-rows.js";

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
 * The rows of a database, kept up to date. Who looks is given an immutable state. It is replaced as a whole, by a notification
 * that was applied from its beginning to its end, or by a reply that was; a fault leaves it as it was. While nobody looks, and
 * nobody is to be told of changes, notifications are applied to one edit after the other, without a state in between.
 */
export class LiveReplica {
  readonly #isHeard: () => boolean;
  /** An edit, of which no part of a notification is in the making, where nobody has looked since. */
  #rows: DatabaseRowsAt | Edit | undefined;
  #version = 0;
  #updates = 0;

  /** `isHeard`: whether anybody is to be told of changes just now. */
  constructor(isHeard: () => boolean) {
    this.#isHeard = isHeard;
  }

  /** The newest rows; `undefined` before the first ones are in. */
  get current(): DatabaseRowsAt | undefined {
    const rows = this.#rows;
    if (!(rows instanceof Edit)) return rows;
    const frozen = new DatabaseRowsAt(this.#version, rows.layout, rows.tables());
    this.#rows = frozen;
    return frozen;
  }

  /** How many notifications have changed something. */
  get updates(): number {
    return this.#updates;
  }

  /**
   * Begins to take a notification. Nothing is to be seen of it until it is finished: a `whole` one before anybody can look,
   * one of which this is a `part` beside what can be seen meanwhile.
   */
  update(extent: "whole" | "part"): Loading | Fault {
    const before = extent === "part" || this.#isHeard() ? this.current : this.#rows;
    if (before === undefined) return fault("the initial rows first", "an update");
    const edit = before instanceof Edit ? before : new Edit(before, before.layout);
    return new Loading(edit, () => this.#finishUpdate(before, edit));
  }

  #finishUpdate(before: DatabaseRowsAt | Edit, edit: Edit): LooseChange | undefined {
    const rows = edit.takeChanges();
    if (rows.length === 0) return undefined;
    this.#version += 1;
    this.#updates += 1;
    this.#rows = edit;
    if (before instanceof Edit || !this.#isHeard()) return undefined;
    const after = this.current;
    return after && { kind: "update", before, after, rows };
  }

  /**
   * Begins to take the reply of a monitor request: a `whole` one, of all rows, or one of the differences to what is
   * there. Nothing is to be seen of it until it is finished.
   */
  load(layout: ReplicaLayout, extent: "whole" | "differences"): Loading {
    const before = this.current;
    const edit = extent === "differences" && before !== undefined ? new Edit(before, layout) : undefined;
    return new Loading(edit ?? new Reload(before, layout), (done) => this.#finishLoad(done));
  }

  #finishLoad(done: Edit | Reload): LooseChange | undefined {
    const rows = done.takeChanges();
    const before = this.current;
    if (before !== undefined) this.#version += 1;
    const after = new DatabaseRowsAt(this.#version, done.layout, done.tables());
    this.#rows = after;
    return before && { kind: "resync", before, after, rows };
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

  /** Takes some rows of one table. After a fault it has to be left. */
  add(table: string, rows: unknown, format: UpdateFormat): Fault | undefined {
    const list = listOf(rows);
    return list instanceof Fault ? this.#undone(list.within(table)) : this.addList(table, list, format);
  }

  /** Takes some rows of one table as a list: id, update, id, update, ... */
  addList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined {
    const bad = this.#edit.applyList(table, list, format);
    return bad && this.#undone(bad);
  }

  #undone(bad: Fault): Fault {
    this.#edit.undo();
    return bad;
  }

  /** It is complete: the replica has its rows now. Gives what changed; `undefined` for the first rows, and for nothing. */
  finish(): LooseChange | undefined {
    return this.#finish(this.#edit);
  }
}

/** A state that is being changed. */
class Edit {
  readonly layout: ReplicaLayout;
  /** In the order of the layout. What was before in a table that has changed is not kept. */
  readonly #tables: (TableRows | TableEditor)[];
  #changes: RowChange[] = [];

  constructor(before: DatabaseRowsAt, layout: ReplicaLayout) {
    this.#tables =
      before.layout === layout
        ? before.tables.slice()
        : [...layout.places.keys()].map((name) => before.table(name));
    this.layout = layout;
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
      this.#changes.push({ table, uuid, old, new: after });
    }
    return undefined;
  }

  /** What has changed since this was asked last. */
  takeChanges(): readonly RowChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Changes back what has changed since then. */
  undo(): void {
    for (const { table, uuid, old, new: after } of this.takeChanges().toReversed())
      this.#editor(table)?.put(uuid, after, old);
  }

  tables(): readonly TableRows[] {
    return this.#tables.map((table) => (table instanceof TableEditor ? table.freeze() : table));
  }

  #editor(table: string): TableEditor | undefined {
    const at = this.layout.places.get(table);
    if (at === undefined) return undefined;
    const rows = this.#tables[at];
    if (rows === undefined || rows instanceof TableEditor) return rows;
    const editor = rows.edit();
    this.#tables[at] = editor;
    return editor;
  }
}

/** All rows anew, compared as they come with those that were there: rows that are the same stay the very same. */
class Reload {
  readonly layout: ReplicaLayout;
  readonly #changes: RowChange[] = [];
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
    this.#changes.push({ table, uuid: row._uuid, old, new: row });
    return row;
  }

  /** What has changed, when all of it has come. */
  takeChanges(): readonly RowChange[] {
    this.#noteGone();
    return this.#changes;
  }

  undo(): void {
    // Nobody has seen anything of it.
  }

  #noteGone(): void {
    for (const before of this.#before?.tables ?? []) {
      const table = before.name;
      if (this.#kept.get(table) === before.size) continue;
      const editor = this.#editors.get(table);
      for (const old of before) {
        const isGone = editor?.get(old._uuid) === undefined;
        if (isGone) this.#changes.push({ table, uuid: old._uuid, old, new: undefined });
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

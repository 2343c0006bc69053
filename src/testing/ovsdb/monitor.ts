import { isArray, isObject } from "../../ovsdb/json.js";
import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import type { Uuid } from "../../ovsdb/uuid.js";
import type { RowChange } from "./changes.js";
import { meets, readClauses, type Clause } from "./clause.js";
import type { Commit, StoredDatabase } from "./database.js";
import { datumJson, datumsEqual, defaultDatum, difference, relaxed } from "./datum.js";
import { Members } from "./members.js";
import { syntaxError } from "./refusal.js";
import { allColumns, type StoredRow } from "./row.js";

/** The three kinds: `monitor` with `update`, `monitor_cond` with `update2`, `monitor_cond_since` with `update3`. */
export type MonitorVersion = 1 | 2 | 3;

type Happening = "initial" | "insert" | "delete" | "modify";

interface MonitoredColumn {
  readonly column: ColumnSchema;
  readonly select: ReadonlySet<Happening>;
}

interface MonitoredTable {
  readonly table: TableSchema;
  readonly columns: MonitoredColumn[];
  readonly select: Set<Happening>;
  /** A row is seen that meets one of them; `undefined`: every row. */
  where: readonly Clause[] | undefined;
}

/** Rows of tables by uuid, as they are sent. */
export type TableUpdates = Record<string, Record<string, unknown>>;

const happenings: readonly Happening[] = ["initial", "insert", "delete", "modify"];

/** One monitor of a session: what it watches, and what it has not told yet. */
export class Monitor {
  readonly database: StoredDatabase;
  readonly version: MonitorVersion;
  /** As the client gave it; `monitor_cond_change` may give another. */
  id: unknown;
  readonly #tables: ReadonlyMap<string, MonitoredTable>;
  readonly #pending = new Map<string, Map<Uuid, RowChange>>();
  #lastId: Uuid;

  constructor(database: StoredDatabase, version: MonitorVersion, id: unknown, requests: unknown) {
    this.database = database;
    this.version = version;
    this.id = id;
    this.#tables = readRequests(database, version, requests);
    this.#lastId = database.lastId;
  }

  /** All rows that it sees, as the first answer tells them. */
  initial(): TableUpdates {
    const updates: TableUpdates = {};
    for (const [name, monitored] of this.#tables) {
      for (const row of this.database.tables.get(name)?.rows.values() ?? [])
        this.#add(updates, monitored, row.uuid, undefined, row, true);
    }
    return updates;
  }

  /** What some transactions have changed, as one update. */
  delta(commits: readonly Commit[]): TableUpdates {
    for (const commit of commits) this.note(commit);
    return this.#take();
  }

  /** Takes note of a transaction; what is not told yet grows together. */
  note({ id, changes }: Commit): void {
    this.#lastId = id;
    for (const [name, rows] of changes) {
      if (!this.#tables.has(name)) continue;
      let pending = this.#pending.get(name);
      if (pending === undefined) this.#pending.set(name, (pending = new Map<Uuid, RowChange>()));
      for (const [uuid, { before, after }] of rows) {
        const first = pending.get(uuid);
        pending.set(uuid, { before: first === undefined ? before : first.before, after });
      }
    }
  }

  /** The notification of what was noted, if that is anything to tell. */
  takeNotification(): { readonly method: string; readonly params: readonly unknown[] } | undefined {
    if (this.#pending.size === 0) return undefined;
    return this.#notification(this.#take());
  }

  /** Sees other rows from now on. Gives what enters and leaves, if anything does. */
  changeConditions(
    id: unknown,
    json: unknown,
  ): { readonly method: string; readonly params: readonly unknown[] } | undefined {
    if (!isObject(json)) throw syntaxError("<monitor-cond-change-requests> must be a JSON object", json);
    const wheres = Object.entries(json).map(([name, request]) => {
      const monitored = this.#tables.get(name);
      if (monitored === undefined) throw syntaxError(`no table named ${name} in monitor session`);
      if (!isArray(request)) throw syntaxError(`table ${name} no monitor-cond-change JSON array`);
      return { name, monitored, where: readChange(monitored.table, request) };
    });
    this.id = id;
    const updates: TableUpdates = {};
    for (const { name, monitored, where } of wheres) {
      const before = monitored.where;
      for (const row of this.database.tables.get(name)?.rows.values() ?? []) {
        const was = sees(before, row);
        if (was === sees(where, row)) continue;
        const happening = was ? "delete" : "insert";
        this.#addRow(updates, monitored, happening, row.uuid, was ? row : undefined, was ? undefined : row);
      }
      monitored.where = where;
    }
    return this.#notification(updates);
  }

  #take(): TableUpdates {
    const updates: TableUpdates = {};
    for (const [name, rows] of this.#pending) {
      const monitored = this.#tables.get(name);
      if (monitored === undefined) continue;
      for (const [uuid, { before, after }] of rows) this.#add(updates, monitored, uuid, before, after, false);
    }
    this.#pending.clear();
    return updates;
  }

  #notification(
    updates: TableUpdates,
  ): { readonly method: string; readonly params: readonly unknown[] } | undefined {
    if (Object.keys(updates).length === 0) return undefined;
    if (this.version === 3) return { method: "update3", params: [this.id, this.#lastId, updates] };
    return { method: this.version === 1 ? "update" : "update2", params: [this.id, updates] };
  }

  #add(
    updates: TableUpdates,
    monitored: MonitoredTable,
    uuid: Uuid,
    before: StoredRow | undefined,
    after: StoredRow | undefined,
    isInitial: boolean,
  ): void {
    if (before !== undefined && after !== undefined && !isChanged(monitored, before, after)) return;
    const seenBefore = before !== undefined && sees(monitored.where, before) ? before : undefined;
    const seenAfter = after !== undefined && sees(monitored.where, after) ? after : undefined;
    if (seenBefore === undefined && seenAfter === undefined) return;
    const happening =
      seenBefore === undefined
        ? isInitial
          ? "initial"
          : "insert"
        : seenAfter === undefined
          ? "delete"
          : "modify";
    this.#addRow(updates, monitored, happening, uuid, before, after);
  }

  #addRow(
    updates: TableUpdates,
    monitored: MonitoredTable,
    happening: Happening,
    uuid: Uuid,
    before: StoredRow | undefined,
    after: StoredRow | undefined,
  ): void {
    if (!monitored.select.has(happening)) return;
    const columns = monitored.columns.filter(({ select }) => select.has(happening));
    const compose = this.version === 1 ? rowUpdate : rowUpdate2;
    const update = compose(
      happening,
      columns.map(({ column }) => column),
      before,
      after,
    );
    if (update !== undefined) (updates[monitored.table.name] ??= {})[uuid] = update;
  }
}

function sees(where: readonly Clause[] | undefined, row: StoredRow): boolean {
  return where === undefined || where.some((clause) => meets(clause, row));
}

/** Whether a change is one of what is monitored, or of what decides which rows are. */
function isChanged({ columns, where }: MonitoredTable, before: StoredRow, after: StoredRow): boolean {
  const differs = (column: ColumnSchema): boolean => !datumsEqual(before.get(column), after.get(column));
  if (columns.some(({ column }) => differs(column))) return true;
  return where?.some((clause) => typeof clause === "object" && differs(clause.column)) === true;
}

function rowUpdate(
  happening: Happening,
  columns: readonly ColumnSchema[],
  before: StoredRow | undefined,
  after: StoredRow | undefined,
): unknown {
  if (happening === "delete") return { old: before?.toJson(columns) };
  if (happening !== "modify") return { new: after?.toJson(columns) };
  if (before === undefined || after === undefined) return undefined;
  const changed = columns.filter((column) => !datumsEqual(before.get(column), after.get(column)));
  return { old: before.toJson(changed), new: after.toJson(columns) };
}

function rowUpdate2(
  happening: Happening,
  columns: readonly ColumnSchema[],
  before: StoredRow | undefined,
  after: StoredRow | undefined,
): unknown {
  if (happening === "delete" || after === undefined) return { delete: null };
  if (happening === "modify" && before !== undefined) return { modify: differences(columns, before, after) };
  const told = columns.filter((column) => !datumsEqual(after.get(column), defaultDatum(column.type)));
  return { [happening]: after.toJson(told) };
}

function differences(columns: readonly ColumnSchema[], before: StoredRow, after: StoredRow): unknown {
  const json: Record<string, unknown> = {};
  for (const column of columns) {
    const [old, now] = [before.get(column), after.get(column)];
    if (datumsEqual(old, now)) continue;
    const type = relaxed(column.type, { min: 0 });
    json[column.name] = datumJson(type, difference(column.type, old, now));
  }
  return json;
}

function readRequests(
  database: StoredDatabase,
  version: MonitorVersion,
  json: unknown,
): ReadonlyMap<string, MonitoredTable> {
  if (!isObject(json)) throw syntaxError("<monitor-requests> must be a JSON object", json);
  const tables = new Map<string, MonitoredTable>();
  for (const [name, requests] of Object.entries(json)) {
    const table = database.schema.parsed.tables.get(name);
    if (table === undefined) throw syntaxError(`no table named ${name}`);
    const monitored: MonitoredTable = { table, columns: [], select: new Set(), where: undefined };
    for (const [at, request] of (isArray(requests) ? requests : [requests]).entries())
      addRequest(monitored, version, request, at);
    tables.set(name, monitored);
  }
  return tables;
}

function addRequest(monitored: MonitoredTable, version: MonitorVersion, json: unknown, at: number): void {
  const { table, columns } = monitored;
  const members = new Members(json, `table ${table.name}`);
  const names = members.optionalArray("columns");
  const selectJson = members.optionalObject("select");
  const where = version === 1 ? undefined : members.optionalArray("where");
  members.finish();
  const select = readSelect(selectJson);
  // Of two conditions on a table the server goes by the first.
  if (at === 0) monitored.where = readWhere(table, where);
  for (const happening of select) monitored.select.add(happening);
  for (const column of monitoredColumns(table, names)) {
    if (columns.some((other) => other.column === column))
      throw syntaxError(`column ${column.name} mentioned more than once`, names);
    columns.push({ column, select });
  }
}

function readSelect(json: Readonly<Record<string, unknown>> | undefined): ReadonlySet<Happening> {
  if (json === undefined) return new Set(happenings);
  const members = new Members(json, "table select");
  const select = new Set(happenings.filter((happening) => members.optionalBoolean(happening) ?? true));
  members.finish();
  return select;
}

function monitoredColumns(
  table: TableSchema,
  names: readonly unknown[] | undefined,
): readonly ColumnSchema[] {
  if (names === undefined) return allColumns(table).filter(({ name }) => name !== "_uuid");
  return names.map((name) => {
    if (typeof name !== "string") throw syntaxError("columns must be an array of strings", names);
    const column = table.column(name);
    if (column === undefined) throw syntaxError(`${name} is not a valid column name`, names);
    return column;
  });
}

/** A monitor's conditions are alternatives; none at all means every row. */
function readWhere(table: TableSchema, json: readonly unknown[] | undefined): readonly Clause[] | undefined {
  if (json === undefined || json.length === 0) return undefined;
  return readClauses(table, json, undefined);
}

function readChange(table: TableSchema, json: readonly unknown[]): readonly Clause[] | undefined {
  let where: readonly Clause[] | undefined;
  for (const [at, request] of json.entries()) {
    const members = new Members(request, `table ${table.name}`);
    const clauses = members.optionalArray("where");
    members.finish();
    if (at === 0) where = readWhere(table, clauses);
  }
  return where;
}

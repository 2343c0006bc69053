import { isArray } from "../../ovsdb/json.js";
import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import { newUuid, toUuid, type Uuid } from "../../ovsdb/uuid.js";
import { checkAtom, violation, type Names } from "./atom.js";
import type { Changes } from "./changes.js";
import { meets, readClauses, unknownColumn, type Clause } from "./clause.js";
import { datumJson, datumText, defaultDatum, readDatum, type Datum } from "./datum.js";
import type { Members } from "./members.js";
import { readMutation } from "./mutation.js";
import { Refusal, syntaxError } from "./refusal.js";
import { allColumns, StoredRow } from "./row.js";
import type { StoredTable } from "./table.js";

/** Who sends a transaction. */
export interface TransactOptions {
  readonly ownsLock: (lock: string) => boolean;
  /** How many milliseconds it has waited. */
  readonly waitedMs: number;
  /** Whether it is the server itself, which alone writes what is reserved to it. */
  readonly isServer: boolean;
}

/** What the operations of one transaction work on. */
export interface Scope extends TransactOptions {
  readonly tables: ReadonlyMap<string, StoredTable>;
  readonly changes: Changes;
  readonly names: SymbolTable;
}

/** An operation's result, or `"wait"` and for how long at most. */
export type Step = Readonly<Record<string, unknown>> | Blocked;

/** The transaction waits for a change of the database. */
export class Blocked {
  readonly timeoutMs: number | undefined;

  constructor(timeoutMs: number | undefined) {
    this.timeoutMs = timeoutMs;
  }
}

/** The rows that a transaction names with `uuid-name`. */
export class SymbolTable implements Names {
  readonly #symbols = new Map<string, { uuid: Uuid; isMade: boolean }>();

  uuidOf(name: string): Uuid {
    return this.#symbol(name).uuid;
  }

  /** Notes that an insert makes the row of that name. Gives its uuid, or `undefined` where another one has made it. */
  make(name: string, uuid: Uuid | undefined): Uuid | undefined {
    const symbol = this.#symbol(name);
    if (symbol.isMade) return undefined;
    symbol.isMade = true;
    symbol.uuid = uuid ?? symbol.uuid;
    return symbol.uuid;
  }

  #symbol(name: string): { uuid: Uuid; isMade: boolean } {
    let symbol = this.#symbols.get(name);
    if (symbol === undefined) this.#symbols.set(name, (symbol = { uuid: newUuid(), isMade: false }));
    return symbol;
  }
}

type Executor = (scope: Scope, members: Members) => Step;

const done: Step = {};

/** The ten operations of RFC 7047 section 5.2 (ovsdb/execution.c), and whether they leave the database as it is. */
export const executors: Readonly<
  Record<string, { readonly run: Executor; readonly onlyReads: boolean } | undefined>
> = {
  insert: { run: insert, onlyReads: false },
  select: { run: select, onlyReads: true },
  update: { run: update, onlyReads: false },
  mutate: { run: mutate, onlyReads: false },
  delete: { run: deleteRows, onlyReads: false },
  wait: { run: wait, onlyReads: true },
  commit: { run: commit, onlyReads: false },
  abort: { run: abort, onlyReads: true },
  comment: { run: comment, onlyReads: true },
  assert: { run: assert, onlyReads: true },
};

/** The table that an operation names; where there is none the members are complained about. */
function tableOf({ tables }: Scope, members: Members): StoredTable | undefined {
  const name = members.id("table");
  const table = tables.get(name);
  if (table === undefined && name !== "") members.complain(`No table named ${name}.`);
  return table;
}

function readColumns(table: TableSchema, names: readonly unknown[] | undefined): readonly ColumnSchema[] {
  if (names === undefined) return allColumns(table);
  return names.map((name) => {
    if (typeof name !== "string") throw syntaxError("array of column names expected", names);
    const column = table.column(name);
    if (column === undefined) throw syntaxError(`${name} is not a valid column name`, names);
    return column;
  });
}

/** Reads the columns of a `<row>`. */
function readRow(
  table: TableSchema,
  json: Readonly<Record<string, unknown>>,
  names: Names,
): ReadonlyMap<string, Datum> {
  const columns = new Map<string, Datum>();
  for (const [name, value] of Object.entries(json)) {
    const column = table.column(name);
    if (column === undefined) throw unknownColumn(name, table, json);
    columns.set(name, readDatum(column.type, value, names));
  }
  return columns;
}

function checkDefault({ type }: ColumnSchema, datum: Datum): void {
  for (const key of datum.keys) checkAtom(type.key, key);
  for (const value of datum.values ?? []) if (type.value !== undefined) checkAtom(type.value, value);
}

function insert(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const uuidName = members.optionalId("uuid-name");
  const uuidText = members.optionalString("uuid");
  const json = members.object("row");
  members.finish();
  if (table === undefined) return done;
  const chosen = uuidText === undefined ? undefined : toUuid(uuidText);
  if (uuidText !== undefined && chosen === undefined) throw syntaxError("bad uuid", uuidText);
  if (
    chosen !== undefined &&
    (table.rows.has(chosen) || scope.changes.find(table, chosen)?.before !== undefined)
  ) {
    const already = "already present within the table or deleted within the same transaction";
    throw new Refusal("duplicate uuid", `This UUID would duplicate a UUID ${already}.`, uuidText);
  }
  const uuid = uuidName === undefined ? (chosen ?? newUuid()) : scope.names.make(uuidName, chosen);
  if (uuid === undefined) {
    const details = 'This "uuid-name" appeared on an earlier "insert" operation.';
    throw new Refusal("duplicate uuid-name", details, uuidName);
  }
  const given = readRow(table.schema, json, scope.names);
  const columns = new Map<string, Datum>();
  for (const column of table.schema.columns.values()) {
    const datum = given.get(column.name) ?? defaultDatum(column.type);
    if (!given.has(column.name)) checkDefault(column, datum);
    columns.set(column.name, datum);
  }
  scope.changes.set(table, uuid, new StoredRow(uuid, newUuid(), columns));
  return { uuid: ["uuid", uuid] };
}

/** The rows that meet all clauses. */
function matching({ rows }: StoredTable, clauses: readonly Clause[]): readonly StoredRow[] {
  for (const clause of clauses) {
    if (typeof clause === "boolean" || clause.uuid === undefined) continue;
    const row = rows.get(clause.uuid);
    return row !== undefined && clauses.every((each) => meets(each, row)) ? [row] : [];
  }
  if (clauses.length === 0) return [...rows.values()];
  return [...rows.values()].filter((row) => clauses.every((clause) => meets(clause, row)));
}

/** Rows seen in some columns, each once. */
function projected(
  rows: readonly StoredRow[],
  columns: readonly ColumnSchema[],
): ReadonlyMap<string, StoredRow> {
  return new Map(
    rows.map((row) => [columns.map((column) => datumText(column.type, row.get(column))).join("\n"), row]),
  );
}

function select(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const where = members.array("where");
  const names = members.optionalArray("columns");
  const sort = members.optionalArray("sort");
  members.finish();
  if (table === undefined) return done;
  const clauses = readClauses(table.schema, where, scope.names);
  const columns = readColumns(table.schema, names);
  const order = sort === undefined ? [] : readColumns(table.schema, sort);
  const rows = [...projected(matching(table, clauses), columns).values()];
  if (order.length > 0) rows.sort((a, b) => compareRows(a, b, order));
  return { rows: rows.map((row) => row.toJson(columns)) };
}

function compareRows(a: StoredRow, b: StoredRow, columns: readonly ColumnSchema[]): number {
  for (const { type, ...column } of columns.map((each) => ({ type: each.type, column: each }))) {
    const [x, y] = [a, b].map((row) => datumText(type, row.get(column.column)));
    if (x !== undefined && y !== undefined && x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function update(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const where = members.array("where");
  const json = members.object("row");
  members.finish();
  if (table === undefined) return done;
  const given = readRow(table.schema, json, scope.names);
  for (const name of given.keys()) {
    if (table.schema.column(name)?.mutable !== true) {
      const what = `Cannot update immutable column ${name} in table ${table.schema.name}.`;
      throw violation(what, { op: "update", row: json, table: table.schema.name, where });
    }
  }
  const rows = matching(table, readClauses(table.schema, where, scope.names));
  for (const row of rows) {
    const columns = new Map([...row.columns, ...given]);
    scope.changes.set(table, row.uuid, new StoredRow(row.uuid, newUuid(), columns));
  }
  return { count: rows.length };
}

function mutate(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const where = members.array("where");
  const json = members.array("mutations");
  members.finish();
  if (table === undefined) return done;
  const mutations = json.map((each) => readMutation(table.schema, each, scope.names));
  const rows = matching(table, readClauses(table.schema, where, scope.names));
  for (const row of rows) {
    const columns = new Map(row.columns);
    for (const { column, apply } of mutations) {
      const value = columns.get(column.name);
      if (value !== undefined) columns.set(column.name, apply(value));
    }
    scope.changes.set(table, row.uuid, new StoredRow(row.uuid, newUuid(), columns));
  }
  return { count: rows.length };
}

function deleteRows(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const where = members.array("where");
  members.finish();
  if (table === undefined) return done;
  const rows = matching(table, readClauses(table.schema, where, scope.names));
  for (const { uuid } of rows) scope.changes.set(table, uuid, undefined);
  return { count: rows.length };
}

function wait(scope: Scope, members: Members): Step {
  const table = tableOf(scope, members);
  const timeoutMs = members.optionalInteger("timeout");
  const where = members.array("where");
  const names = members.optionalArray("columns");
  const until = members.string("until");
  const json = members.array("rows");
  members.finish();
  if (table === undefined) return done;
  if (timeoutMs !== undefined && timeoutMs < 0) throw syntaxError("timeout must be nonnegative", timeoutMs);
  if (until !== "==" && until !== "!=") throw syntaxError('"until" must be "==" or "!="', until);
  const clauses = readClauses(table.schema, where, scope.names);
  const columns = readColumns(table.schema, names);
  const expected = projected(
    json.map((row) => expectedRow(table.schema, row, scope.names)),
    columns,
  );
  const actual = projected(matching(table, clauses), columns);
  const isEqual = actual.size === expected.size && [...actual.keys()].every((text) => expected.has(text));
  if (isEqual === (until === "==")) return done;
  if (timeoutMs === undefined || scope.waitedMs < timeoutMs) return new Blocked(timeoutMs);
  const why = timeoutMs === 0 ? '"where" clause test failed' : `"wait" timed out after ${scope.waitedMs} ms`;
  throw new Refusal("timed out", why);
}

const someUuid = newUuid();

function expectedRow(table: TableSchema, json: unknown, names: Names): StoredRow {
  if (typeof json !== "object" || json === null || isArray(json))
    throw syntaxError("row must be JSON object", json);
  const given = readRow(table, { ...json }, names);
  const columns = new Map<string, Datum>();
  for (const column of table.columns.values())
    columns.set(column.name, given.get(column.name) ?? defaultDatum(column.type));
  const idOf = (name: string): Uuid => toUuid(String(given.get(name)?.keys[0] ?? "")) ?? someUuid;
  return new StoredRow(idOf("_uuid"), idOf("_version"), columns);
}

function commit(_scope: Scope, members: Members): Step {
  members.boolean("durable");
  members.finish();
  return done;
}

function abort(_scope: Scope, members: Members): Step {
  members.finish();
  throw new Refusal("aborted", "aborted by request");
}

function comment(_scope: Scope, members: Members): Step {
  members.string("comment");
  members.finish();
  return done;
}

function assert({ ownsLock }: Scope, members: Members): Step {
  const lock = members.id("lock");
  members.finish();
  if (!ownsLock(lock)) throw new Refusal("not owner", `Asserted lock ${lock} not held.`);
  return done;
}

/** A row with all its columns as a dump shows it. */
export function rowJson(table: TableSchema, row: StoredRow): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const column of allColumns(table)) json[column.name] = datumJson(column.type, row.get(column));
  return json;
}

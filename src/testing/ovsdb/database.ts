import { isObject } from "../../ovsdb/json.js";
import type { DatabaseSchema } from "../../ovsdb/schema.js";
import { newUuid, zeroUuid, type Uuid } from "../../ovsdb/uuid.js";
import { Changes, type RowChange } from "./changes.js";
import { datumJson, defaultDatum, readDatum, type Datum } from "./datum.js";
import {
  Blocked,
  executors,
  rowJson,
  SymbolTable,
  type Scope,
  type Step,
  type TransactOptions,
} from "./execute.js";
import { settle } from "./integrity.js";
import { Members } from "./members.js";
import { Refusal, type ErrorObject } from "./refusal.js";
import { readSchema, type ServedSchema } from "./schema-text.js";
import { StoredRow } from "./row.js";
import { StoredTable } from "./table.js";

/** What one commit has changed. */
export interface Commit {
  /** All zeros in a database that keeps no history. */
  readonly id: Uuid;
  readonly changes: ReadonlyMap<string, ReadonlyMap<Uuid, RowChange>>;
}

/** The results of a transaction's operations; or that it waits, at most so long. */
export type Outcome = { readonly results: readonly unknown[] } | { readonly blocked: Blocked };

/** What a database tells those who serve it. */
export interface DatabaseListener {
  /** Called for each commit that changed something, before the one who made it hears of it. */
  committed(commit: Commit): void;
  /** The schema is another, and all rows were converted. */
  converted(): void;
}

/** A database: its rows, and the last transactions if it keeps them. */
export class StoredDatabase {
  readonly listeners = new Set<DatabaseListener>();
  /** The id of the cluster, one for all members that share this database. */
  readonly clusterId: Uuid = newUuid();
  readonly #history: Commit[] = [];
  readonly #historyLength: number;
  readonly #isReserved: boolean;
  #schema: ServedSchema;
  #tables: ReadonlyMap<string, StoredTable>;
  #lastId: Uuid = zeroUuid;
  /** The id before the first transaction that is still known. */
  #firstId: Uuid = zeroUuid;

  /**
   * @param historyLength - how many transactions a client may have missed and still get only what is new; 0: none
   * @param isReserved - whether it is the server's own, which nobody else may write
   */
  constructor(schema: ServedSchema, historyLength: number, isReserved = false) {
    this.#schema = schema;
    this.#historyLength = historyLength;
    this.#isReserved = isReserved;
    this.#tables = emptyTables(schema.parsed);
    this.forgetHistory();
  }

  get name(): string {
    return this.#schema.parsed.name;
  }

  get schema(): ServedSchema {
    return this.#schema;
  }

  get tables(): ReadonlyMap<string, StoredTable> {
    return this.#tables;
  }

  /** The id of the last transaction; all zeros where no history is kept. */
  get lastId(): Uuid {
    return this.#lastId;
  }

  /** The transactions after one, if all of them are still known. */
  since(id: Uuid): readonly Commit[] | undefined {
    if (this.#historyLength === 0 || id === zeroUuid) return undefined;
    if (id === this.#lastId) return [];
    if (id === this.#firstId) return [...this.#history];
    const at = this.#history.findIndex((commit) => commit.id === id);
    return at === -1 ? undefined : this.#history.slice(at + 1);
  }

  /** Forgets the transactions so far, as a cluster that was compacted. */
  forgetHistory(): void {
    this.#history.length = 0;
    if (this.#historyLength > 0) this.#lastId = newUuid();
    this.#firstId = this.#lastId;
  }

  /** Carries out the operations of a `transact`, all or none. */
  transact(operations: readonly unknown[], options: TransactOptions): Outcome {
    const changes = new Changes();
    const results: (Readonly<Record<string, unknown>> | ErrorObject | null)[] = [];
    const names = new SymbolTable();
    const scope = { tables: this.#tables, changes, names, ...options };
    const fail = (error: unknown): Outcome => {
      changes.undo();
      if (!(error instanceof Refusal)) throw error;
      results.push(error.toJson());
      while (results.length < operations.length) results.push(null);
      return { results };
    };
    for (const [at, operation] of operations.entries()) {
      try {
        const step = this.#execute(operation, `ovsdb operation ${at + 1} of ${operations.length}`, scope);
        if (step instanceof Blocked) {
          changes.undo();
          return { blocked: step };
        }
        results.push(step);
      } catch (error) {
        return fail(error);
      }
    }
    try {
      settle(this.#tables, changes);
    } catch (error) {
      return fail(error);
    }
    this.#committed(changes);
    return { results };
  }

  /** Gives the database another schema and its rows what they have in both (`convert`). */
  convert(json: unknown): void {
    const schema = readSchema(json);
    if (schema.parsed.name !== this.name) {
      const names = `new schema name (${schema.parsed.name}) does not match database name (${this.name})`;
      throw new Refusal("invalid parameters", names);
    }
    const tables = emptyTables(schema.parsed);
    const changes = new Changes();
    for (const table of tables.values()) {
      for (const row of this.#tables.get(table.schema.name)?.rows.values() ?? [])
        changes.set(table, row.uuid, this.#convertRow(table, row));
    }
    settle(tables, changes);
    this.#schema = schema;
    this.#tables = tables;
    this.forgetHistory();
    for (const listener of this.listeners) listener.converted();
  }

  /** Sets ephemeral columns to their defaults, as a restart does. */
  forgetEphemeral(): void {
    for (const table of this.#tables.values()) {
      const ephemeral = [...table.schema.columns.values()].filter(({ ephemeral }) => ephemeral);
      if (ephemeral.length === 0) continue;
      for (const row of table.rows.values()) {
        const defaults = ephemeral.map(({ name, type }) => [name, defaultDatum(type)] as const);
        const columns = new Map([...row.columns, ...defaults]);
        table.rows.set(row.uuid, new StoredRow(row.uuid, newUuid(), columns));
      }
    }
  }

  /** All rows, as a `select` would show them. */
  dump(): Record<string, Record<string, unknown>[]> {
    return Object.fromEntries(
      Array.from(this.#tables.values(), ({ schema, rows }) => [
        schema.name,
        Array.from(rows.values(), (row) => rowJson(schema, row)),
      ]),
    );
  }

  #execute(json: unknown, what: string, scope: Scope): Step {
    const members = new Members(json, what);
    const name = members.string("op");
    const executor = Object.hasOwn(executors, name) ? executors[name] : undefined;
    if (executor === undefined) {
      if (isObject(json)) members.complain(`No operation "${name}"`);
      members.finish();
      return {};
    }
    const step = executor.run(scope, members);
    if (this.#isReserved && !scope.isServer && !executor.onlyReads) {
      const refused = `${name} operation not allowed on table in reserved database ${this.name}`;
      throw new Refusal("not allowed", refused);
    }
    return step;
  }

  #convertRow({ schema }: StoredTable, row: StoredRow): StoredRow {
    const before = this.#tables.get(schema.name)?.schema;
    const columns = new Map<string, Datum>();
    for (const { name, type } of schema.columns.values()) {
      const old = before?.columns.get(name);
      const datum = row.columns.get(name);
      const converted =
        old === undefined || datum === undefined
          ? defaultDatum(type)
          : readDatum(type, datumJson(old.type, datum), undefined);
      columns.set(name, converted);
    }
    return new StoredRow(row.uuid, newUuid(), columns);
  }

  #committed(changes: Changes): void {
    if (changes.isEmpty) return;
    if (this.#historyLength > 0) this.#lastId = newUuid();
    const byTable = [...changes.tables()]
      .map((table) => [table.schema.name, changes.of(table)] as const)
      .filter(([, rows]) => rows.size > 0);
    const commit = { id: this.#lastId, changes: new Map(byTable) };
    if (this.#historyLength > 0) {
      this.#history.push(commit);
      if (this.#history.length > this.#historyLength)
        this.#firstId = this.#history.shift()?.id ?? this.#firstId;
    }
    for (const listener of this.listeners) listener.committed(commit);
  }
}

function emptyTables(schema: DatabaseSchema): ReadonlyMap<string, StoredTable> {
  return new Map(Array.from(schema.tables.values(), (table) => [table.name, new StoredTable(table)]));
}

import { isDeepStrictEqual } from "node:util";
import { DisconnectedError } from "../../src/core/errors.js";
import { Err, Ok, type Result } from "../../src/core/result.js";
import { JsonRpcConnection } from "../../src/jsonrpc/connection.js";
import { dialAny } from "../../src/net/dial.js";
import { parseRemotes } from "../../src/net/remote.js";
import {
  type Closed,
  type Monitor,
  type Operation,
  type OperationOptions,
  type OperationResult,
  OvsdbClient,
  type RequestError,
  type TransactError,
  type Uuid,
} from "../../src/ovsdb/index.js";
import type { KeyPart } from "../../src/ovsdb/replica/key-part.js";
import {
  uuidsIn,
  type Change,
  type IndexColumn,
  type IndexRequest,
  type References,
  type Snapshot,
  type TableView,
} from "../../src/ovsdb/replica/snapshot.js";
import type { IdentifiedRow, Schemas } from "../../src/ovsdb/row-plan.js";
import type { PortState, SessionPort } from "../../src/ovsdb/session/port.js";
import { schemaOf, labJson } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

/** The rows of Lab, all columns of them. */
export type LabRows = {
  readonly [T in keyof LabDatabase]: LabDatabase[T] & { readonly _uuid: Uuid };
};

const options = { operation: "test", timeoutMs: 10_000 };
const dialling = { operation: "test", signal: new AbortController().signal, server: "ovsdb-server" };
const schema = schemaOf(labJson);

/** A table whose rows are in a map that nobody changes. */
class MapView implements TableView {
  readonly name: string;
  readonly #rows: ReadonlyMap<Uuid, IdentifiedRow>;
  readonly #indexes: IndexRequest[string];

  constructor(name: string, rows: ReadonlyMap<Uuid, IdentifiedRow>, indexes: IndexRequest[string]) {
    this.name = name;
    this.#rows = rows;
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(uuid: Uuid): IdentifiedRow | undefined {
    return this.#rows.get(uuid);
  }

  has(uuid: Uuid): boolean {
    return this.#rows.has(uuid);
  }

  by(index: string, ...key: readonly KeyPart[]): readonly IdentifiedRow[] {
    const parts: readonly IndexColumn[] = this.#indexes?.[index] ?? index.split(",");
    return [...this].filter((row) => parts.every((part, place) => partOf(row, part) === key[place]));
  }

  one(index: string, ...key: readonly KeyPart[]): IdentifiedRow | undefined {
    return this.by(index, ...key)[0];
  }

  rows(references: References): readonly IdentifiedRow[] {
    return uuidsIn(references).flatMap((uuid) => this.get(uuid) ?? []);
  }

  [Symbol.iterator](): Iterator<IdentifiedRow> {
    return this.#rows.values();
  }
}

function partOf(row: IdentifiedRow, part: IndexColumn): unknown {
  if (typeof part === "string") return row[part];
  const map = row[part[0]];
  return map instanceof Map ? (map.get(part[1]) ?? null) : null;
}

type Tables = ReadonlyMap<string, ReadonlyMap<Uuid, IdentifiedRow>>;

/** A snapshot of rows by table. */
export function snapshotOf(version: number, tables: Tables, indexes?: IndexRequest): Snapshot<LabRows>;
export function snapshotOf(version: number, tables: Tables, indexes: IndexRequest = {}): Snapshot {
  return {
    version,
    schema,
    table: (name) => {
      const rows = tables.get(name);
      if (rows === undefined) throw new TypeError(`${name} is not monitored`);
      return new MapView(name, rows, indexes[name]);
    },
  };
}

/** What becomes of the next transaction. */
export type Mishap = "answer lost" | "request lost";

/** A session over one connection at a time to a real server, which copies all rows at every change. */
export class ClientPort implements SessionPort<LabRows>, AsyncDisposable {
  readonly schemas: Schemas = { server: schema, expected: schema };
  generation = 0;
  readonly unusable = undefined;
  closed: Closed | undefined;
  /** Every transaction that was sent. */
  readonly sent: (readonly Operation[])[] = [];
  /** Called before a transaction is sent, such as to get in its way. */
  beforeSending: (() => Promise<void>) | undefined;
  readonly mishaps: Mishap[] = [];
  /** Whether it connects again after a mishap. */
  reconnects = true;
  readonly #remote: string;
  readonly #changes = new Set<(change: Change<LabRows>) => void>();
  readonly #states = new Set<(state: PortState) => void>();
  readonly #notified = new Set<{
    readonly method: string;
    readonly listener: (params: readonly unknown[]) => void;
  }>();
  #connection: JsonRpcConnection | undefined;
  #client: OvsdbClient<LabDatabase> | undefined;
  #snapshot = snapshotOf(0, new Map());
  #tables: Tables = new Map();

  private constructor(remote: string) {
    this.#remote = remote;
  }

  static async open(remote: string): Promise<ClientPort> {
    const port = new ClientPort(remote);
    await port.#connect();
    return port;
  }

  get connection(): object | undefined {
    return this.#connection;
  }

  get isReady(): boolean {
    return this.#client !== undefined;
  }

  snapshot(): Snapshot<LabRows> {
    return this.#snapshot;
  }

  async transact(
    operations: readonly Operation[],
    given: OperationOptions,
    answered?: () => void,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    try {
      return await this.#transact(operations, given);
    } finally {
      answered?.();
    }
  }

  async #transact(
    operations: readonly Operation[],
    given: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    await this.beforeSending?.();
    const client = this.#client;
    if (client === undefined) return Err(this.#lost("not-sent"));
    this.sent.push(operations);
    const mishap = this.mishaps.shift();
    if (mishap === undefined)
      return client.transact<readonly Operation<LabDatabase>[]>(ofLab(operations), given);
    if (mishap === "answer lost") {
      (await client.transact<readonly Operation<LabDatabase>[]>(ofLab(operations), given)).unwrap();
    }
    await this.cut();
    return Err(this.#lost("unknown"));
  }

  /** Sends a transaction without any of this. */
  async sendBeside(
    operations: readonly Operation[],
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    const client = this.#client;
    if (client === undefined) return Err(this.#lost("not-sent"));
    return client.transact<readonly Operation<LabDatabase>[]>(ofLab(operations), options);
  }

  call(
    method: string,
    params: readonly unknown[],
    { operation, signal, timeoutMs = 10_000 }: OperationOptions,
  ): Promise<Result<unknown, RequestError>> {
    if (this.#connection === undefined) return Promise.resolve(Err(this.#lost("not-sent")));
    return this.#connection.call(method, params, { operation, signal, timeoutMs });
  }

  /** Cuts the connection, and connects again. */
  async cut(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#connection = undefined;
    for (const tell of this.#states) tell("lost");
    await client?.close();
    if (this.reconnects) setTimeout(() => void this.#connect(), 5);
  }

  async ready(): Promise<Result<void, RequestError>> {
    for (;;) {
      if (this.closed !== undefined) return Err(this.closed);
      if (this.isReady) return Ok(undefined);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Connects again after a cut, where it does not do so by itself. */
  reconnect(): Promise<void> {
    return this.#connect();
  }

  onChange(listener: (change: Change<LabRows>) => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onState(listener: (state: PortState) => void): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  onNotification(method: string, listener: (params: readonly unknown[]) => void): () => void {
    const each = { method, listener };
    this.#notified.add(each);
    return () => this.#notified.delete(each);
  }

  async close(): Promise<void> {
    this.closed = this.#lost("not-sent");
    const client = this.#client;
    this.#client = undefined;
    this.#connection = undefined;
    for (const tell of this.#states) tell("closed");
    await client?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lost(outcome: "unknown" | "not-sent"): DisconnectedError {
    return new DisconnectedError({ operation: "test", outcome, message: "test: the connection was cut" });
  }

  async #connect(): Promise<void> {
    const remotes = parseRemotes(this.#remote, "test").unwrap();
    const connection = new JsonRpcConnection((await dialAny(remotes, dialling)).unwrap());
    connection.events.on("notification", ({ method, params }) => {
      for (const each of this.#notified) {
        if (each.method === method && Array.isArray(params)) each.listener(params);
      }
    });
    const client = new OvsdbClient<LabDatabase>(connection, this.schemas);
    const monitor = (await client.monitor({ Root: {}, Item: {}, Log: {} }, options)).unwrap();
    monitor.events.on("change", (rows) => this.#move(monitor, "update", rows));
    this.#move(monitor, "resync", undefined);
    if (this.closed !== undefined) return client.close();
    this.#client = client;
    this.#connection = connection;
    this.generation += 1;
    for (const tell of this.#states) tell("ready");
  }

  #move(
    monitor: Monitor<LabRows>,
    kind: "update" | "resync",
    told: Change<LabRows>["rows"] | undefined,
  ): void {
    const names = ["Root", "Item", "Log"] as const;
    const tables: Tables = new Map(
      names.map((name) => [name, new Map<Uuid, IdentifiedRow>(monitor.table(name))]),
    );
    const before = this.#snapshot;
    const rows = told ?? differences(this.#tables, tables);
    this.#tables = tables;
    this.#snapshot = snapshotOf(before.version + 1, tables);
    for (const tell of this.#changes) tell({ kind, before, after: this.#snapshot, rows });
  }
}

/** The rows that are not the same in both. */
function differences(before: Tables, after: Tables): Change<LabRows>["rows"];
function differences(before: Tables, after: Tables): Change["rows"] {
  return [...after].flatMap(([table, rows]) => {
    const earlier = before.get(table) ?? new Map<Uuid, IdentifiedRow>();
    const uuids = new Set([...earlier.keys(), ...rows.keys()]);
    return [...uuids].flatMap((uuid) => {
      const [old, now] = [earlier.get(uuid), rows.get(uuid)];
      return isDeepStrictEqual(old, now) ? [] : [{ table, uuid, old, new: now }];
    });
  });
}

/** Operations on Lab, by their tables' names. */
function ofLab(operations: readonly Operation[]): readonly Operation<LabDatabase>[];
function ofLab(operations: readonly Operation[]): readonly Operation[] {
  return operations;
}

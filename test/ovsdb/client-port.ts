import { DisconnectedError } from "../../src/core/errors.js";
import { Err, Ok, type Result } from "../../src/core/result.js";
import {
  connectOvsdb,
  type Closed,
  type Monitor,
  type Operation,
  type OperationOptions,
  type OperationResult,
  type OvsdbClient,
  type RequestError,
  type TransactError,
  type Uuid,
} from "../../src/ovsdb/index.js";
import type { Change, KeyPart, Snapshot, TableView } from "../../src/ovsdb/replica/snapshot.js";
import type { IdentifiedRow, Schemas } from "../../src/ovsdb/row-plan.js";
import type { PortState, SessionPort } from "../../src/ovsdb/session/port.js";
import { schemaOf, labJson } from "./lab.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";

/** The rows of Lab, all columns of them. */
export type LabRows = {
  readonly [T in keyof LabDatabase]: LabDatabase[T] & { readonly _uuid: Uuid };
};

const options = { operation: "test", timeoutMs: 10_000 };
const schema = schemaOf(labJson);

/** A table whose rows are in a map that nobody changes. */
class MapView implements TableView {
  readonly name: string;
  readonly #rows: ReadonlyMap<Uuid, IdentifiedRow>;

  constructor(name: string, rows: ReadonlyMap<Uuid, IdentifiedRow>) {
    this.name = name;
    this.#rows = rows;
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
    const columns = index.split(",");
    return [...this].filter((row) => columns.every((column, place) => row[column] === key[place]));
  }

  one(index: string, ...key: readonly KeyPart[]): IdentifiedRow | undefined {
    return this.by(index, ...key)[0];
  }

  [Symbol.iterator](): Iterator<IdentifiedRow> {
    return this.#rows.values();
  }
}

type Tables = ReadonlyMap<string, ReadonlyMap<Uuid, IdentifiedRow>>;

/** A snapshot of rows by table. */
export function snapshotOf(version: number, tables: Tables): Snapshot<LabRows>;
export function snapshotOf(version: number, tables: Tables): Snapshot {
  return {
    version,
    schema,
    table: (name) => {
      const rows = tables.get(name);
      if (rows === undefined) throw new TypeError(`${name} is not monitored`);
      return new MapView(name, rows);
    },
  };
}

/** What becomes of the next transaction. */
export type Mishap = "answer lost" | "request lost";

/** A session over one connection at a time to a real server, which copies all rows at every change. */
export class ClientPort implements SessionPort<LabRows>, AsyncDisposable {
  readonly schemas: Schemas = { server: schema, expected: schema };
  generation = 0;
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
  #client: OvsdbClient<LabDatabase> | undefined;
  #snapshot = snapshotOf(0, new Map());

  private constructor(remote: string) {
    this.#remote = remote;
  }

  static async open(remote: string): Promise<ClientPort> {
    const port = new ClientPort(remote);
    await port.#connect();
    return port;
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
    this.#client = undefined;
    await client.close();
    if (this.reconnects) setTimeout(() => void this.#connect(), 5);
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

  call(): Promise<Result<unknown, RequestError>> {
    throw new TypeError("this port sends transactions only");
  }

  async ready(): Promise<Result<void, RequestError>> {
    for (;;) {
      if (this.closed !== undefined) return Err(this.closed);
      if (this.isReady) return Ok(undefined);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  onChange(listener: (change: Change<LabRows>) => void): () => void {
    this.#changes.add(listener);
    return () => this.#changes.delete(listener);
  }

  onState(listener: (state: PortState) => void): () => void {
    this.#states.add(listener);
    return () => this.#states.delete(listener);
  }

  onNotification(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    this.closed = this.#lost("not-sent");
    const client = this.#client;
    this.#client = undefined;
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
    const connected = await connectOvsdb({ remote: this.#remote, database: "Lab", schema: labSchema });
    const client = connected.unwrap();
    const monitor = (await client.monitor({ Root: {}, Item: {}, Log: {} }, options)).unwrap();
    monitor.events.on("change", (rows) => this.#move(monitor, "update", rows));
    this.#move(monitor, "resync", []);
    if (this.closed !== undefined) return client.close();
    this.#client = client;
    this.generation += 1;
    for (const tell of this.#states) tell("ready");
  }

  #move(monitor: Monitor<LabRows>, kind: "update" | "resync", rows: Change<LabRows>["rows"]): void {
    const names = ["Root", "Item", "Log"] as const;
    const tables: Tables = new Map(
      names.map((name) => [name, new Map<Uuid, IdentifiedRow>(monitor.table(name))]),
    );
    const before = this.#snapshot;
    this.#snapshot = snapshotOf(before.version + 1, tables);
    for (const tell of this.#changes) tell({ kind, before, after: this.#snapshot, rows });
  }
}

/** Operations on Lab, by their tables' names. */
function ofLab(operations: readonly Operation[]): readonly Operation<LabDatabase>[];
function ofLab(operations: readonly Operation[]): readonly Operation[] {
  return operations;
}

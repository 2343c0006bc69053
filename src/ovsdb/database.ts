import { EventEmitter } from "eventemitter3";
import { Deadline, longestTimer, type CallOptions } from "../core/call.js";
import { DisconnectedError, InvalidError, type IncompatibleError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { ChangeStream, ChangeStreamOptions } from "./changes/change-stream.js";
import type { WaitPredicate } from "./changes/wait-for.js";
import { DatabaseVerbs, type Query } from "./database-verbs.js";
import { unsendable, type RequestError, type TransactError } from "./errors.js";
import { Fault, shown } from "./fault.js";
import { isArray } from "./json.js";
import type { Lock, LockError, LockOptions } from "./locks.js";
import { encodeRequest } from "./monitor-request.js";
import { overFor, type Closed, type OperationOptions, type RowsByTable, type WaitError } from "./monitor.js";
import type { Condition, Operation } from "./operations.js";
import type { DatabaseRowsAt, LooseChange } from "./replica/live-replica.js";
import type { Change, IndexRequest, Snapshot, TableView } from "./replica/snapshot.js";
import type { Schemas } from "./row-plan.js";
import type { DatabaseSchema } from "./schema.js";
import type { Health } from "./session/health.js";
import type { PortState, SessionPort } from "./session/port.js";
import { parseSessionRemotes } from "./session/remotes.js";
import type { Session } from "./session/session.js";
import type { TransactionCallback, TransactionOptions } from "./transaction/commit.js";
import type { DryRun } from "./transaction/dry-run.js";
import type { Commit } from "./transaction/outcome.js";
import type { OperationResult, ResultsOf } from "./transaction-result.js";
import type { DatabaseRows } from "./value.js";

/** What a database tells. */
export interface DatabaseEvents<Rows extends RowsByTable> {
  /** Rows have changed; `snapshot()` has the new ones. Told synchronously, in order. */
  readonly change: [Change<Rows>];
  /** The session has gone a step: it was connected, has become up to date, has been lost, waits, ... */
  readonly state: [Health];
  /** It is over, for the given reason. Comes once, and nothing comes after it. */
  readonly close: [Closed];
}

/** Why conditions did not come into effect. */
export type ConditionsError = RequestError | IncompatibleError;

/**
 * A database as its server has it: kept up to date over disconnects, changes of the leader and conversions of the
 * schema. Made by {@link openDatabase}. While there is no connection it keeps what was known last; `health` tells.
 */
export class Database<Db extends DatabaseRows, Rows extends RowsByTable> implements AsyncDisposable {
  readonly events: EventEmitter<DatabaseEvents<Rows>>;
  /** What transactions, locks and streams are made of. @internal */
  readonly port: SessionPort<Rows>;
  readonly #session: Session;
  readonly #verbs: DatabaseVerbs<Db, Rows>;

  /** @internal */
  constructor(session: Session, indexes: IndexRequest = {}) {
    this.#session = session;
    const { events, port } = typed<Rows>(session);
    this.events = events;
    this.port = port;
    this.#verbs = new DatabaseVerbs<Db, Rows>(port, indexes);
  }

  /** The newest rows, all of them of one moment. */
  snapshot(): Snapshot<Rows> {
    return this.port.snapshot();
  }

  /** The newest rows of one table. */
  table<T extends Extract<keyof Rows, string>>(name: T): TableView<Rows[T]> {
    return this.port.snapshot().table(name);
  }

  /** The database as the server described it last. */
  get schema(): DatabaseSchema {
    return this.port.schemas.server;
  }

  /** Tables, and columns as `Table.column`, that were asked for and that the server does not have. */
  get absent(): readonly string[] {
    return this.#session.absent;
  }

  /** How the session is. */
  get health(): Health {
    return this.#session.health;
  }

  /** Why it is over; `undefined` while it lasts, through disconnects too. */
  get closed(): Closed | undefined {
    return this.#session.closed;
  }

  /**
   * Does all of the operations, or none, on the present connection, as `OvsdbClient.transact` does. What they changed is
   * in `snapshot()` when the promise settles. `disconnected` with `not-sent` where there is no connection just now.
   */
  transact<const Operations extends readonly Operation<Db>[]>(
    operations: Operations,
    options: OperationOptions,
  ): Promise<Result<ResultsOf<Operations>, TransactError>>;
  transact(
    operations: readonly Operation[],
    options: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    return this.#verbs.transact(operations, options);
  }

  /**
   * Calls the callback, which reads one snapshot and writes through `tx`, and sends what it wrote with exactly what it
   * read to be verified. Where that had changed it calls it again, once the replica has moved. Gives whether it was
   * committed, rejected, or whether that is unknown: a lost answer is looked for, after the reconnect, by the ids of the
   * rows that it inserted. What the callback throws is thrown on. The default deadline is 10 s.
   */
  transaction<T>(
    callback: TransactionCallback<Db, Rows, T>,
    options: TransactionOptions,
  ): Promise<Commit<T>> {
    return this.#verbs.transaction(callback, options);
  }

  /**
   * Has the server carry out a transaction's operations and undo them. What only a commit checks is not tried: references,
   * unique columns, and how many rows a table may have.
   */
  dryRun<T>(
    callback: TransactionCallback<Db, Rows, T>,
    options: OperationOptions,
  ): Promise<Result<DryRun<T>, TransactError>> {
    return this.#verbs.dryRun(callback, options);
  }

  /** The changes from now on, in order, see {@link ChangeStream}. */
  changes(options?: ChangeStreamOptions): ChangeStream<Rows> {
    return this.#verbs.changes(options);
  }

  /** The rows of a table that meet every condition, or of which the function says so, now and (`watch`) from now on. */
  where<T extends Extract<keyof Rows, string>>(
    table: T,
    filter: readonly Condition<Rows[T]>[] | ((row: Rows[T]) => boolean),
  ): Query<Rows[T]> {
    return this.#verbs.where(table, filter);
  }

  /** Waits until the predicate gives something; on time-out the error says what it last saw. The default deadline is 10 s. */
  waitFor<T>(predicate: WaitPredicate<Rows, T>, options: OperationOptions): Promise<Result<T, WaitError>> {
    return this.#verbs.waitFor(predicate, options);
  }

  /** Takes a lock of the server, see {@link Lock}. The default deadline is 10 s. */
  lock(name: string, options: LockOptions): Promise<Result<Lock, LockError>> {
    return this.#verbs.lock(name, options);
  }

  /**
   * Monitors other rows of a table from now on. Settles when the rows are those; through a disconnect, when they are
   * after it. Where it is called again for the table meanwhile, the later conditions hold by then. `rejected` by a
   * server that refuses them, which goes on by those before.
   */
  async setConditions<T extends Extract<keyof Rows, string> & keyof Db>(
    table: T,
    where: "all" | "none" | readonly Condition<Db[T]>[],
    options: CallOptions = {},
  ): Promise<Result<void, ConditionsError>> {
    const operation = "setConditions";
    const encoded = encodeRequest(this.port.schemas, { [table]: { columns: [], where } });
    if (encoded instanceof Fault) return Err(unsendable(this.schema, operation, encoded));
    const bad = this.#checkMonitored(table);
    if (bad !== undefined) return Err(bad);
    const held = this.#session.setConditions(table, where);
    return await within(operation, options, "waiting for conditions to hold", held);
  }

  /**
   * Gives the session other remotes. It keeps its connection if that is among them and the `cid:` is the same; else it
   * connects to one of them at once.
   */
  setRemotes(remote: string): Result<void, InvalidError> {
    return parseSessionRemotes(remote, "setRemotes").map(({ remotes, cid }) =>
      this.#session.setRemotes(remotes, cid),
    );
  }

  /** Leaves the present server for the next remote, at once. Does nothing while a connection is being made. */
  forceReconnect(): void {
    this.#session.forceReconnect();
  }

  /** Forgets how far the cluster's log was seen to go, for a cluster that was built anew from a backup. */
  resetMinIndex(): void {
    this.#session.resetMinIndex();
  }

  /** Ends it, at once, whatever the server does. What waits fails as `disconnected`. Does nothing the second time. */
  close(): Promise<void> {
    this.#session.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkMonitored(table: string): InvalidError | undefined {
    const monitored = [...(this.#session.rows?.tables.keys() ?? [])];
    if (monitored.includes(table)) return undefined;
    const expected = `a table that is monitored: ${monitored.join(", ")}`;
    const message = `setConditions: table ${table} is not monitored; expected ${expected}`;
    return new InvalidError({
      operation: "setConditions",
      path: "table",
      expected,
      got: shown(table),
      message,
    });
  }
}

/** Waits for a promise that settles by itself at the latest when the session ends, as long as the caller wants to. */
async function within<T, E>(
  operation: string,
  options: CallOptions,
  doing: string,
  promise: Promise<Result<T, E>>,
): Promise<Result<T, E | RequestError>> {
  if (options.signal === undefined && options.timeoutMs === undefined) return await promise;
  const started = Deadline.start(operation, options, longestTimer);
  if (started.isErr()) return started;
  using deadline = started.value;
  const { signal } = deadline;
  const gaveUp = new Promise<Result<T, E | RequestError>>((resolve) => {
    const onAbort = (): void => resolve(Err(deadline.failure(doing, "unknown")));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return await Promise.race([promise, gaveUp]);
}

/**
 * A session whose rows have types. That they are of these types is known here and nowhere else: they were asked for by
 * their columns' names, and read by the schema.
 */
function typed<Rows extends RowsByTable>(
  session: Session,
): { readonly events: EventEmitter<DatabaseEvents<Rows>>; readonly port: SessionPort<Rows> };
function typed(session: Session): {
  readonly events: EventEmitter<DatabaseEvents<RowsByTable>>;
  readonly port: SessionPort;
} {
  const events = new EventEmitter<DatabaseEvents<RowsByTable>>();
  session.onChange.add((change) => void events.emit("change", asChange(change)));
  session.onHealth.add((health) => void events.emit("state", health));
  session.onState.add((state) => {
    if (state !== "closed" || session.closed === undefined) return;
    events.emit("close", session.closed);
    events.removeAllListeners();
  });
  return { events, port: new Port(session) };
}

function asChange(change: LooseChange): Change {
  return change;
}

/** See {@link SessionPort}. */
class Port implements SessionPort {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  snapshot(): Snapshot & { table(name: string): TableView } {
    return this.#rows();
  }

  get schemas(): Schemas {
    return this.#session.schemas ?? unopened();
  }

  get generation(): number {
    return this.#session.generation;
  }

  get isReady(): boolean {
    return this.#session.isReady;
  }

  get closed(): Closed | undefined {
    return this.#session.closed;
  }

  async transact(
    operations: readonly Operation[],
    options: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    if (!isArray(operations)) return Err(noOperations(options.operation, operations));
    const { client } = this.#session;
    return client === undefined
      ? Err(this.#notConnected(options.operation))
      : await client.transact(operations, options);
  }

  async call(
    method: string,
    params: readonly unknown[],
    options: OperationOptions,
  ): Promise<Result<unknown, RequestError>> {
    const { connection } = this.#session;
    if (connection === undefined) return Err(this.#notConnected(options.operation));
    return await connection.call(method, params, { ...options, timeoutMs: options.timeoutMs ?? 10_000 });
  }

  async ready(options: OperationOptions): Promise<Result<void, RequestError>> {
    const { operation } = options;
    const { closed } = this.#session;
    if (closed !== undefined) return Err(overFor(operation, closed));
    if (this.isReady) return Ok(undefined);
    const stops: (() => void)[] = [];
    const ready = new Promise<Result<void, RequestError>>((resolve) => {
      const told = (state: PortState): void => {
        if (state === "ready") resolve(Ok(undefined));
        if (state === "closed") resolve(Err(this.#notConnected(operation)));
      };
      stops.push(this.#session.onState.add(told));
    });
    const result = await within(operation, options, "waiting for a connection", ready);
    for (const stop of stops) stop();
    return result;
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.#session.onChange.add(listener);
  }

  onState(listener: (state: PortState) => void): () => void {
    return this.#session.onState.add(listener);
  }

  onNotification(method: string, listener: (params: readonly unknown[]) => void): () => void {
    return this.#session.onNotification.add((told) => {
      if (told.method === method) listener(told.params);
    });
  }

  #rows(): DatabaseRowsAt {
    return this.#session.rows ?? unopened();
  }

  #notConnected(operation: string): Closed {
    const { closed, health } = this.#session;
    if (closed !== undefined) return overFor(operation, closed);
    const message = `${operation}: nothing was sent: there is no connection to the database just now (${health.state}: ${health.reason})`;
    return new DisconnectedError({ operation, outcome: "not-sent", message });
  }
}

/** Only `openDatabase` makes a database, and it gives it away when its rows are in. */
function unopened(): never {
  throw new TypeError("the database has not been opened");
}

function noOperations(operation: string, got: unknown): InvalidError {
  const expected = "an array of operations";
  const message = `${operation}: operations is ${shown(got)}; expected ${expected}`;
  return new InvalidError({ operation, path: "operations", expected, got: shown(got), message });
}

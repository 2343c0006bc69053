import type { EventEmitter } from "eventemitter3";
import type { CallOptions } from "../core/call.js";
import { InvalidError, type IncompatibleError } from "../core/errors.js";
import { Err, type Result } from "../core/result.js";
import type { ChangeStream, ChangeStreamOptions } from "./changes/change-stream.js";
import type { WaitPredicate } from "./changes/wait-for.js";
import { typed, within, type DatabaseEvents } from "./database-port.js";
import { DatabaseVerbs, type Query } from "./database-verbs.js";
import { unsendable, type RequestError, type TransactError } from "./errors.js";
import { Fault, shown } from "./fault.js";
import type { Lock, LockError, LockOptions } from "./locks.js";
import { encodeRequest } from "./monitor-request.js";
import type { Closed, OperationOptions, RowsByTable, WaitError } from "./monitor.js";
import type { Condition, Operation } from "./operations.js";
import type { IndexRequest, Snapshot, TableView } from "./replica/snapshot.js";
import type { DatabaseSchema } from "./schema.js";
import type { Health } from "./session/health.js";
import type { SessionPort } from "./session/port.js";
import { parseSessionRemotes } from "./session/remotes.js";
import type { Session } from "./session/session.js";
import type { TransactionCallback, TransactionOptions } from "./transaction/commit.js";
import type { DryRun } from "./transaction/dry-run.js";
import type { Commit } from "./transaction/outcome.js";
import type { OperationResult, ResultsOf } from "./transaction-result.js";
import type { Uuid } from "./uuid.js";
import type { DatabaseRows } from "./value.js";

/** Why conditions did not come into effect. */
export type ConditionsError = RequestError | IncompatibleError;

const forConditions = { doing: (): string => "waiting for conditions to hold", outcome: "unknown" } as const;

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
   * in `snapshot()` when the promise settles. `disconnected` with `not-sent` where there is no connection just now. To cancel
   * it, give it a signal: the server is told, so that a `wait` is not done later, and what it did is `unknown`.
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
   * rows that it inserted, or by the mark of `options.marker`. What the callback throws is thrown on. The default deadline is 10 s.
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
    return await within(operation, options, forConditions, () => this.#session.setConditions(table, where));
  }

  /**
   * Has the server convert the database to another schema (`ovsdb-client convert`), as JSON. Settles when the rows are there
   * by that schema. In a cluster every column becomes persistent. `rejected` where the server does not take it, or the rows do
   * not fit; but a cluster of ovsdb-server 3.1 whose rows do not fit never answers, and this is a `timeout` then. Where the
   * answer is lost, the schema after the reconnect tells whether it was done. `incompatible`: it was done, and this program
   * cannot use the database as it is now. The default deadline is 60 s.
   */
  convert(schema: unknown, options: OperationOptions): Promise<Result<void, TransactError>> {
    const isClustered = (): boolean => this.health.server?.model === "clustered";
    return this.#verbs.convert(isClustered, schema, options);
  }

  /** A uuid that the present server's process made when it started: another one after a restart, or at another member. */
  async getServerId(options: OperationOptions): Promise<Result<Uuid, RequestError>> {
    return await this.#trusted(this.#verbs.getServerId(options));
  }

  /** The names of the present server's databases, `_Server` among them. */
  async listDbs(options: OperationOptions): Promise<Result<readonly string[], RequestError>> {
    return await this.#trusted(this.#verbs.listDbs(options));
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

  /** A server whose answer is none is left, unless it was left by that already. */
  async #trusted<T>(answer: Promise<Result<T, RequestError>>): Promise<Result<T, RequestError>> {
    const { connection } = this.port;
    const result = await answer;
    const isBroken = result.isErr() && result.error.kind === "protocol";
    if (isBroken && this.port.connection === connection) this.#session.distrust(result.error);
    return result;
  }

  #checkMonitored(table: string): InvalidError | undefined {
    const monitored = this.#session.rows?.names ?? [];
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

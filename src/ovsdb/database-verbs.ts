import { Err, Ok, type Result } from "../core/result.js";
import { ChangeStream, type ChangeStreamOptions } from "./changes/change-stream.js";
import {
  anyRows,
  LiveQuery,
  QueryCore,
  type QueryChange,
  type QuerySubject,
  type RowFilter,
  type WatchOptions,
} from "./changes/live-query.js";
import { TransactionsUnderway } from "./changes/origin.js";
import { waitFor, type WaitPredicate } from "./changes/wait-for.js";
import { convert } from "./convert.js";
import { advised, broken, type RequestError, type TransactError } from "./errors.js";
import { Fault, shown } from "./fault.js";
import { findRows } from "./find-rows.js";
import { isArray } from "./json.js";
import { Locks, type Lock, type LockError, type LockOptions } from "./locks.js";
import type { OperationOptions, RowsByTable, WaitError } from "./monitor.js";
import type { Condition, Operation } from "./operations.js";
import type { IndexRequest } from "./replica/snapshot.js";
import type { IdentifiedRow } from "./row-plan.js";
import { readNames, readServerId } from "./server-answers.js";
import type { SessionPort } from "./session/port.js";
import { commit, type TransactionCallback, type TransactionOptions } from "./transaction/commit.js";
import { dryRun, type DryRun } from "./transaction/dry-run.js";
import { MarkKeys } from "./transaction/marker.js";
import type { Commit } from "./transaction/outcome.js";
import { telling } from "./transaction/told.js";
import type { OperationResult } from "./transaction-result.js";
import type { Uuid } from "./uuid.js";
import type { DatabaseRows } from "./value.js";

/** Some rows of a table, by what they are like. */
export interface Query<R extends IdentifiedRow> {
  /** The rows as they are now. */
  readonly rows: readonly R[];
  /** Keeps them up to date from now on. Dispose of it, or give it a signal. */
  watch(options?: WatchOptions): LiveQuery<R>;
}

/**
 * What a database offers on top of a session: transactions, streams, live queries, waits and locks. A `Database` has one
 * and hands its own methods on to it. @internal
 */
export class DatabaseVerbs<Db extends DatabaseRows, Rows extends RowsByTable> {
  readonly #port: SessionPort<Rows>;
  readonly #indexes: IndexRequest;
  readonly #marks = new MarkKeys();
  readonly #underway = new TransactionsUnderway();
  readonly #locks: Locks<Rows>;

  constructor(port: SessionPort<Rows>, indexes: IndexRequest) {
    this.#port = noting(port, this.#underway);
    this.#indexes = indexes;
    this.#locks = new Locks(port);
  }

  transact(
    operations: readonly Operation[],
    options: OperationOptions,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    return this.#port.transact(operations, options);
  }

  transaction<T>(
    callback: TransactionCallback<Db, Rows, T>,
    options: TransactionOptions,
  ): Promise<Commit<T>> {
    const setting = { indexes: this.#indexes, marks: this.#marks };
    const { name } = this.#port.schemas.server;
    return telling(name, options.operation, () => commit(this.#port, setting, callback, options));
  }

  dryRun<T>(
    callback: TransactionCallback<Db, Rows, T>,
    options: OperationOptions,
  ): Promise<Result<DryRun<T>, TransactError>> {
    return dryRun(this.#port, this.#indexes, callback, options);
  }

  changes(options?: ChangeStreamOptions): ChangeStream<Rows> {
    return new ChangeStream(this.#port, this.#underway, options);
  }

  where<T extends Extract<keyof Rows, string>>(
    table: T,
    filter: readonly Condition<Rows[T]>[] | ((row: Rows[T]) => boolean),
  ): Query<Rows[T]>;
  where(table: string, filter: unknown): Query<IdentifiedRow> {
    if (!isRowFilter(filter))
      throw new TypeError(`where: expected conditions or a function, got ${shown(filter)}`);
    const port = anyRows(this.#port);
    const subject = { table, filter, indexes: this.#indexes };
    return {
      get rows() {
        return rowsNow(port, subject);
      },
      watch: (options) => new LiveQuery(new QueryCore(port, subject, options), asTold),
    };
  }

  waitFor<T>(predicate: WaitPredicate<Rows, T>, options: OperationOptions): Promise<Result<T, WaitError>> {
    return waitFor(this.#port, this.#indexes, predicate, options);
  }

  lock(name: string, options: LockOptions): Promise<Result<Lock, LockError>> {
    return this.#locks.lock(name, options);
  }

  convert(
    isClustered: () => boolean,
    schema: unknown,
    options: OperationOptions,
  ): Promise<Result<void, TransactError>> {
    return convert(this.#port, isClustered, schema, options);
  }

  getServerId(options: OperationOptions): Promise<Result<Uuid, RequestError>> {
    return this.#ask("get_server_id", "id", readServerId, options);
  }

  listDbs(options: OperationOptions): Promise<Result<readonly string[], RequestError>> {
    return this.#ask("list_dbs", "list of databases", readNames, options);
  }

  async #ask<T>(
    method: string,
    what: string,
    read: (wire: unknown) => T | Fault,
    options: OperationOptions,
  ): Promise<Result<T, RequestError>> {
    const answer = await this.#port.call(method, [], options);
    if (answer.isErr()) return Err(advised(answer.error, method));
    const value = read(answer.value);
    return value instanceof Fault ? Err(broken(options.operation, what, value)) : Ok(value);
  }
}

function isRowFilter(filter: unknown): filter is RowFilter {
  return typeof filter === "function" || isArray(filter);
}

function asTold(change: QueryChange): QueryChange {
  return change;
}

function rowsNow(port: SessionPort, { table, filter, indexes }: QuerySubject): readonly IdentifiedRow[] {
  const snapshot = port.snapshot();
  const view = snapshot.table(table);
  if (typeof filter !== "function") return findRows(view, filter, { schema: snapshot.schema, indexes });
  return Array.from(view).filter((row) => filter(row));
}

/** The same session, which notes the transactions that are on their way. */
function noting<Rows extends RowsByTable>(
  port: SessionPort<Rows>,
  underway: TransactionsUnderway,
): SessionPort<Rows> {
  return {
    snapshot: () => port.snapshot(),
    get schemas() {
      return port.schemas;
    },
    get generation() {
      return port.generation;
    },
    get connection() {
      return port.connection;
    },
    get isReady() {
      return port.isReady;
    },
    get unusable() {
      return port.unusable;
    },
    get closed() {
      return port.closed;
    },
    transact: (operations, options) =>
      underway.during(operations, options.operation, (answered) =>
        port.transact(operations, options, answered),
      ),
    call: (method, params, options) => port.call(method, params, options),
    ready: (options) => port.ready(options),
    onChange: (listener) => port.onChange(listener),
    onState: (listener) => port.onState(listener),
    onNotification: (method, listener) => port.onNotification(method, listener),
  };
}

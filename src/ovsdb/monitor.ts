import { EventEmitter } from "eventemitter3";
import { Deadline, type CallOptions } from "../core/call.js";
import {
  DisconnectedError,
  ProtocolError,
  type AbortedError,
  type InvalidError,
  type TimeoutError,
} from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { Replica, ReplicaUpdate, RowChange } from "./replica.js";
import type { IdentifiedRow } from "./row-plan.js";
import { surface } from "./surface.js";
import type { Uuid } from "./uuid.js";

/** Rows by table. */
export type RowsByTable = { readonly [table: string]: IdentifiedRow };

/** One row of a monitored table before and after a change: `undefined` where it was not, or is no more. */
export type RowChangeOf<Rows extends RowsByTable> = {
  readonly [T in Extract<keyof Rows, string>]: {
    readonly table: T;
    readonly uuid: Uuid;
    readonly old: Rows[T] | undefined;
    readonly new: Rows[T] | undefined;
  };
}[Extract<keyof Rows, string>];

/** Why a monitor or a client is over. */
export type Closed = DisconnectedError | ProtocolError;

/** What a monitor tells. */
export interface MonitorEvents<Rows extends RowsByTable> {
  /**
   * Rows have changed: all that one notification told, which is one transaction or, to a slow reader, several together.
   * The tables have the new state already. Told synchronously.
   */
  readonly change: [readonly RowChangeOf<Rows>[]];
  /** The monitor is over, for the given reason. Comes once, and nothing comes after it. */
  readonly close: [Closed];
}

/** Why a wait did not end well. */
export type WaitError = InvalidError | TimeoutError | AbortedError | Closed;

/** How a call on behalf of a verb behaves. */
export interface OperationOptions extends CallOptions {
  /** The verb on whose behalf it is, for messages. */
  readonly operation: string;
}

interface Waiter {
  /** Looks again; forgets itself when it is done. */
  check(): void;
  fail(reason: Closed): void;
}

/** What the client hands updates to. @internal */
export interface UpdateSink {
  begin(): ReplicaUpdate;
  finish(update: ReplicaUpdate): void;
  end(reason: Closed): void;
}

const waitMs = 10_000;

/**
 * The rows of some tables as the server has them, kept up to date. What the same connection has written is in it when
 * `transact` gives its result. Two monitors of one connection may be one transaction apart: use one for what has to
 * fit together. After its end it stays as it was last.
 */
export class Monitor<Rows extends RowsByTable = RowsByTable> implements AsyncDisposable {
  readonly events: EventEmitter<MonitorEvents<Rows>>;
  /** Tables, and columns as `Table.column`, that were asked for and that the server does not have. */
  readonly absent: readonly string[];
  readonly #replica: Replica;
  readonly #emitChange: (changes: readonly RowChange[]) => void;
  readonly #cancel: (reason: Closed) => Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #closed: Closed | undefined;

  /** @internal */
  constructor(replica: Replica, absent: readonly string[], cancel: (reason: Closed) => Promise<void>) {
    const { events, emitChange } = typedEvents<Rows>();
    this.events = events;
    this.#emitChange = emitChange;
    this.absent = absent;
    this.#replica = replica;
    this.#cancel = cancel;
  }

  /** Why the monitor is over; `undefined` while it lasts. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** The rows of a table by id, as they are now. It changes as the server's do; the rows in it never change. */
  table<T extends Extract<keyof Rows, string>>(name: T): ReadonlyMap<Uuid, Rows[T]>;
  table(name: string): ReadonlyMap<Uuid, IdentifiedRow> {
    return this.#replica.tables.get(name) ?? new Map<Uuid, IdentifiedRow>();
  }

  /**
   * Gives what `predicate` gives once that is neither `false`, `null` nor `undefined`. It is asked now and after each
   * change, synchronously. What it throws is thrown on. The default deadline is 10 s.
   */
  async waitUntil<T>(
    predicate: () => T | false | null | undefined,
    options: OperationOptions,
  ): Promise<Result<T, WaitError>> {
    if (this.#closed !== undefined) return Err(overFor(options.operation, this.#closed));
    const started = Deadline.start(options.operation, options, waitMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const now = predicate();
    if (isThere(now)) return Ok(now);
    return await this.#wait(predicate, deadline);
  }

  #wait<T>(predicate: () => T | false | null | undefined, deadline: Deadline): Promise<Result<T, WaitError>> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void =>
        settle(Err(deadline.failure("waiting for the database to change", "not-sent")));
      const forget = (): void => {
        this.#waiters.delete(waiter);
        deadline.signal.removeEventListener("abort", onAbort);
      };
      const settle = (result: Result<T, WaitError>): void => {
        forget();
        resolve(result);
      };
      const waiter: Waiter = {
        check: () => {
          try {
            const value = predicate();
            if (isThere(value)) settle(Ok(value));
          } catch (error) {
            forget();
            reject(error instanceof Error ? error : new Error("the predicate threw", { cause: error }));
          }
        },
        fail: (reason) => settle(Err(overFor(deadline.operation, reason))),
      };
      this.#waiters.add(waiter);
      deadline.signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Ends the monitor. What the server had sent already is passed over. Does nothing the second time. */
  async cancel(): Promise<void> {
    if (this.#closed !== undefined) return;
    const message = "the monitor was cancelled";
    await this.#cancel(new DisconnectedError({ operation: "cancel", outcome: "not-sent", message }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cancel();
  }

  /** Begins to take a notification, or the first rows. @internal */
  begin(): ReplicaUpdate {
    return this.#replica.begin();
  }

  /** It has come as a whole. @internal */
  finish(update: ReplicaUpdate): void {
    if (this.#closed !== undefined) return;
    const changes = update.finish();
    if (changes.length === 0) return;
    surface(() => this.#emitChange(changes));
    for (const waiter of this.#waiters) waiter.check();
  }

  /** @internal */
  end(reason: Closed): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const waiter of this.#waiters) waiter.fail(reason);
    surface(() => this.events.emit("close", reason));
    this.events.removeAllListeners();
  }
}

/**
 * The emitter of a monitor. That the rows are of these types is known here and nowhere else: they were asked for by
 * their columns' names, and read by the schema.
 */
function typedEvents<Rows extends RowsByTable>(): {
  readonly events: EventEmitter<MonitorEvents<Rows>>;
  readonly emitChange: (changes: readonly RowChange[]) => void;
};
function typedEvents(): {
  readonly events: EventEmitter<MonitorEvents<RowsByTable>>;
  readonly emitChange: (changes: readonly RowChange[]) => void;
} {
  const events = new EventEmitter<MonitorEvents<RowsByTable>>();
  return { events, emitChange: (changes) => events.emit("change", changes) };
}

/** The end of a monitor or a client, for a verb that still needs it. */
export function overFor(operation: string, reason: Closed): Closed {
  const fields = { operation, message: `${operation}: ${reason.message}`, cause: reason };
  return reason.kind === "protocol"
    ? new ProtocolError(fields)
    : new DisconnectedError({ ...fields, outcome: "not-sent" });
}

function isThere<T>(value: T | false | null | undefined): value is T {
  return value !== false && value !== null && value !== undefined;
}

import { EventEmitter } from "eventemitter3";
import { Deadline, longestTimer, type CallOptions } from "../core/call.js";
import { DisconnectedError, InvalidError, type Outcome } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { RequestError, TransactError } from "./errors.js";
import { shown } from "./fault.js";
import { isArray } from "./json.js";
import { overFor, type Closed, type OperationOptions, type RowsByTable } from "./monitor.js";
import type { Operation } from "./operations.js";
import type { DatabaseRowsAt, LooseChange } from "./replica/live-replica.js";
import type { Change, Snapshot, TableView } from "./replica/snapshot.js";
import type { Schemas } from "./row-plan.js";
import type { Unusable } from "./session/events.js";
import type { Health } from "./session/health.js";
import type { PortState, SessionPort } from "./session/port.js";
import type { Session } from "./session/session.js";
import type { OperationResult } from "./transaction-result.js";

/** What a database tells. */
export interface DatabaseEvents<Rows extends RowsByTable> {
  /** Rows have changed; `snapshot()` has the new ones. Told synchronously, in order. */
  readonly change: [Change<Rows>];
  /** The session has gone a step: it was connected, has become up to date, has been lost, waits, ... */
  readonly state: [Health];
  /** It is over, for the given reason. Comes once, and nothing comes after it. */
  readonly close: [Closed];
}

/**
 * Begins something and waits for it as long as the caller wants to. It settles by itself at the latest when the session ends.
 * What the caller does not want any more, or not with such options, is not begun.
 */
export async function within<T, E>(
  operation: string,
  options: CallOptions,
  waiting: { readonly doing: () => string; readonly outcome: Outcome },
  begin: () => Promise<Result<T, E>>,
): Promise<Result<T, E | RequestError>> {
  if (options.signal === undefined && options.timeoutMs === undefined) return await begin();
  const started = Deadline.start(operation, options, longestTimer);
  if (started.isErr()) return started;
  using deadline = started.value;
  return await deadline.wait(begin(), waiting.doing, waiting.outcome);
}

/**
 * A session whose rows have types. That they are of these types is known here and nowhere else: they were asked for by
 * their columns' names, and read by the schema.
 */
export function typed<Rows extends RowsByTable>(
  session: Session,
): { readonly events: EventEmitter<DatabaseEvents<Rows>>; readonly port: SessionPort<Rows> };
export function typed(session: Session): {
  readonly events: EventEmitter<DatabaseEvents<RowsByTable>>;
  readonly port: SessionPort;
} {
  const events = new EventEmitter<DatabaseEvents<RowsByTable>>();
  session.onChange.add(
    (change) => void events.emit("change", asChange(change)),
    () => events.listenerCount("change") > 0,
  );
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

  get connection(): object | undefined {
    return this.#session.presentConnection;
  }

  get isReady(): boolean {
    return this.#session.isReady;
  }

  get unusable(): Unusable | undefined {
    return this.#session.unusable;
  }

  get closed(): Closed | undefined {
    return this.#session.closed;
  }

  transact(
    operations: readonly Operation[],
    options: OperationOptions,
    answered?: () => void,
  ): Promise<Result<readonly OperationResult[], TransactError>> {
    const { client } = this.#session;
    if (isArray(operations) && client !== undefined)
      return client.transactNoting(operations, options, answered);
    answered?.();
    const { operation } = options;
    return Promise.resolve(
      Err(isArray(operations) ? this.#notConnected(operation) : noOperations(operation, operations)),
    );
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
    const begin = (): Promise<Result<void, RequestError>> =>
      new Promise((resolve) => {
        const told = (state: PortState): void => {
          if (state === "ready") resolve(Ok(undefined));
          if (state === "closed") resolve(Err(this.#notConnected(operation)));
        };
        stops.push(this.#session.onState.add(told));
      });
    const doing = (): string => `waiting for a connection to the database (${this.#whereItStands()})`;
    const result = await within(operation, options, { doing, outcome: "not-sent" }, begin);
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
    const { closed } = this.#session;
    if (closed !== undefined) return overFor(operation, closed);
    const message = `${operation}: nothing was sent: there is no connection to the database just now (${this.#whereItStands()})`;
    return new DisconnectedError({ operation, outcome: "not-sent", message });
  }

  #whereItStands(): string {
    const { state, reason } = this.#session.health;
    return `${state}: ${reason}`;
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

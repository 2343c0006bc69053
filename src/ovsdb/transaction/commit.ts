import { Deadline } from "../../core/call.js";
import { TransactionRejectedError, type TransactError } from "../errors.js";
import { overFor, type OperationOptions, type RowsByTable } from "../monitor.js";
import { operations } from "../operations.js";
import type { IndexRequest, Snapshot } from "../replica/snapshot.js";
import type { SessionPort } from "../session/port.js";
import { newUuid, type Uuid } from "../uuid.js";
import type { DatabaseRows } from "../value.js";
import { leaveMark, lookForMark, type Mark, type MarkKeys, type TransactionMarker } from "./marker.js";
import { jitter, moved, pause } from "./moved.js";
import { badAttempts, conflict, has, mayBeDone, notThere } from "./not-done.js";
import type { Commit, CommitError, Committed } from "./outcome.js";
import {
  isThenable,
  Recorder,
  typedTransaction,
  type Draft,
  type Inserted,
  type Transaction,
} from "./transaction.js";

/** How a transaction behaves. */
export interface TransactionOptions extends OperationOptions {
  /** How often the callback may be called, at most. Default: 100. The deadline ends it too, by default after 10 s. */
  readonly attempts?: number | undefined;
  /** Where to leave a mark, so that a transaction that inserts nothing is known again too, and is not done twice. */
  readonly marker?: TransactionMarker | undefined;
}

/** What a transaction is made by: reads through `tx`, and writes through it. It is called again after a conflict. */
export type TransactionCallback<Db extends DatabaseRows, Rows extends RowsByTable, T> = (
  tx: Transaction<Db, Rows>,
) => T;

/** What a database's transactions share. */
export interface CommitSetting {
  readonly indexes: IndexRequest;
  readonly marks: MarkKeys;
}

const transactionMs = 10_000;
const mostAttempts = 100;

/**
 * Calls the callback, sends what it wrote with what it read to be verified, and calls it again when that had changed,
 * after the replica has moved, until it is done. What the callback throws is thrown on, and nothing is sent.
 */
export async function commit<Db extends DatabaseRows, Rows extends RowsByTable, T>(
  port: SessionPort<Rows>,
  setting: CommitSetting,
  callback: TransactionCallback<Db, Rows, T>,
  options: TransactionOptions,
): Promise<Commit<T>> {
  const { operation, attempts = mostAttempts, marker } = options;
  if (!(Number.isSafeInteger(attempts) && attempts >= 1)) {
    return { outcome: "rejected", error: badAttempts(operation, attempts), attempts: 0 };
  }
  const started = Deadline.start(operation, options, transactionMs);
  if (started.isErr()) return { outcome: "rejected", error: started.error, attempts: 0 };
  using deadline = started.value;
  const { indexes, marks } = setting;
  const mark = marker && marks.take(marker);
  const run = new Run<Db, Rows, T>({ port, indexes, callback, deadline, most: attempts, mark });
  let ended: Commit<T> | undefined;
  try {
    ended = await run.toTheEnd();
    return ended;
  } finally {
    if (mark !== undefined && ended?.outcome !== "unknown") marks.release(mark);
  }
}

/** What was sent, whose answer was lost. */
interface Lost<T> {
  readonly attempt: number;
  readonly value: T;
  readonly inserted: readonly Inserted[];
  readonly error: TransactError;
}

class Run<Db extends DatabaseRows, Rows extends RowsByTable, T> {
  readonly #port: SessionPort<Rows>;
  readonly #indexes: IndexRequest;
  readonly #callback: TransactionCallback<Db, Rows, T>;
  readonly #deadline: Deadline;
  readonly #most: number;
  readonly #mark: Mark | undefined;
  #attempts = 0;
  #allLost: readonly Lost<T>[] = [];

  constructor(fields: {
    readonly port: SessionPort<Rows>;
    readonly indexes: IndexRequest;
    readonly callback: TransactionCallback<Db, Rows, T>;
    readonly deadline: Deadline;
    readonly most: number;
    readonly mark: Mark | undefined;
  }) {
    this.#port = fields.port;
    this.#indexes = fields.indexes;
    this.#callback = fields.callback;
    this.#deadline = fields.deadline;
    this.#most = fields.most;
    this.#mark = fields.mark;
  }

  /** What was lost last. */
  get #lost(): Lost<T> | undefined {
    return this.#allLost.at(-1);
  }

  async toTheEnd(): Promise<Commit<T>> {
    for (;;) {
      const ready = await this.#port.ready({ operation: this.#deadline.operation, ...this.#deadline.step() });
      if (ready.isErr()) return this.#notDone(ready.error);
      const found = await this.#lookForLost();
      const ended = found === "absent" ? await this.#attemptAfter(this.#lost) : found;
      if (ended !== undefined && ended !== "unseen") return ended;
      await pause(jitter(this.#attempts), this.#deadline.signal);
    }
  }

  /** Looking for what was lost is no attempt: after the last one too it has been looked for. */
  async #attemptAfter(lost: Lost<T> | undefined): Promise<Commit<T> | undefined> {
    if (lost !== undefined && this.#attempts >= this.#most) return this.#notDone(lost.error);
    return await this.#attempt();
  }

  /** Calls the callback and sends what it wrote. `undefined`: try again. */
  async #attempt(): Promise<Commit<T> | undefined> {
    const snapshot = this.#port.snapshot();
    this.#attempts += 1;
    const written = this.#write(snapshot);
    if (written === undefined) return this.#lost && this.#notDone(this.#lost.error);
    const { value, draft } = written;
    if (draft.operations.length === 0) return await this.#nothingToDo(value);
    // What was lost may still be done. Only an insert of the same id, or a mark, is refused then; anything else might do it twice.
    if (this.#lost !== undefined && !this.#repeats(this.#lost, draft)) return this.#notDone(this.#lost.error);
    const laterAttempt = this.#lost === undefined ? undefined : this.#attempts;
    const marking = this.#mark === undefined ? [] : leaveMark(this.#mark, laterAttempt);
    const sent = await this.#port.transact([...draft.operations, ...marking], this.#step());
    if (sent.isOk()) return this.#committed(value, draft, sent.value);
    const { error } = sent;
    if (mayBeDone(error)) {
      return this.#lose({ attempt: this.#attempts, value, inserted: draft.inserted, error });
    }
    if (error.kind === "disconnected") return this.#tryAgain(error);
    if (this.#lost !== undefined && error.kind === "rejected" && error.reason === "duplicate uuid") {
      return this.#recovered(this.#lost);
    }
    if (error instanceof TransactionRejectedError) return this.#refused(error, draft, snapshot);
    return this.#notDone(error);
  }

  /** Calls the callback. `undefined`: it threw, when an earlier attempt may be done, which matters more. */
  #write(snapshot: Snapshot<Rows>): { readonly value: T; readonly draft: Draft } | undefined {
    // An attempt after one whose answer was lost gives its rows the same ids: the server takes only one of the two.
    const before = this.#lost?.inserted ?? [];
    const used = new Map<string, number>();
    const nextUuid = (table: string): Uuid => {
      const place = used.get(table) ?? 0;
      used.set(table, place + 1);
      return before.filter((row) => row.table === table)[place]?.uuid ?? newUuid();
    };
    const recorder = new Recorder({ snapshot, attempt: this.#attempts, indexes: this.#indexes, nextUuid });
    try {
      const value = this.#callback(typedTransaction<Db, Rows>(recorder));
      if (isThenable(value)) {
        throw new TypeError(
          "the callback of a transaction gave a promise: it has to be synchronous, to be called again and to read one snapshot. Nothing was sent",
        );
      }
      return { value, draft: recorder.finish() };
    } catch (error) {
      recorder.finish();
      if (this.#lost === undefined) throw error;
      return undefined;
    }
  }

  async #nothingToDo(value: T): Promise<Commit<T> | undefined> {
    // Perhaps because it is done by now.
    if (this.#lost !== undefined) return await this.#found(this.#lost.error);
    return { outcome: "committed", value, results: [], inserted: [], attempts: this.#attempts };
  }

  #committed(value: T, { inserted }: Draft, results: Committed<T>["results"]): Commit<T> {
    const uuids = inserted.map(({ uuid }) => uuid);
    return { outcome: "committed", value, results, inserted: uuids, attempts: this.#attempts };
  }

  #recovered({ value, inserted }: Lost<T>): Commit<T> {
    const uuids = inserted.map(({ uuid }) => uuid);
    return { outcome: "committed", value, results: undefined, inserted: uuids, attempts: this.#attempts };
  }

  #notDone(error: CommitError): Commit<T> {
    const lost = this.#lost;
    if (lost === undefined) return { outcome: "rejected", error, attempts: this.#attempts };
    const inserted = lost.inserted.map(({ uuid }) => uuid);
    return { outcome: "unknown", error: lost.error, inserted, mark: this.#mark, attempts: this.#attempts };
  }

  #lose(lost: Lost<T>): Commit<T> | undefined {
    this.#allLost = [...this.#allLost, lost];
    const isOver = this.#deadline.signal.aborted || this.#port.closed !== undefined;
    // Without an inserted row or a mark there is nothing to know it by.
    const isTraceless = lost.inserted.length === 0 && this.#mark === undefined;
    return isOver || isTraceless ? this.#notDone(lost.error) : undefined;
  }

  #tryAgain(error: CommitError): Commit<T> | undefined {
    return this.#attempts < this.#most ? undefined : this.#notDone(error);
  }

  /** Looks for what was lost; where it is absent it is not done for that error. `undefined`: try again. */
  async #found(error: CommitError): Promise<Commit<T> | undefined> {
    const found = await this.#lookForLost();
    if (found === "unseen") return undefined;
    return found === "absent" ? this.#notDone(error) : found;
  }

  /**
   * Whether what was lost is there. A row of a random id, or a mark, was made by nobody else. `"unseen"`: it could not be
   * looked for, and what the callback would make of the rows meanwhile does not tell either.
   */
  async #lookForLost(): Promise<Commit<T> | "absent" | "unseen"> {
    const lost = this.#lost;
    if (lost === undefined) return "absent";
    const { select } = operations();
    const selects = lost.inserted.map(({ table, uuid }) => select(table, [["_uuid", "==", uuid]], ["_uuid"]));
    const [first, ...later] = this.#allLost;
    const laterAttempts = later.map(({ attempt }) => attempt);
    const marks = this.#mark === undefined ? [] : lookForMark(this.#mark, laterAttempts);
    const seen = await this.#port.transact([...marks, ...selects], this.#step());
    if (seen.isErr()) {
      // Of a select it does not matter whether it was done.
      const isWorthIt = mayBeDone(seen.error) || seen.error.kind === "disconnected";
      return isWorthIt ? "unseen" : this.#notDone(lost.error);
    }
    const isThere = seen.value.map(({ rows }) => rows !== undefined && rows.length > 0);
    if (!isThere.includes(true)) return "absent";
    // Rows have the same ids in every attempt: without a mark it is taken to be the last one.
    const place = later.findIndex((_each, at) => isThere[at + 1]);
    return this.#recovered(
      (isThere[0] === true && marks.length > 0 ? (later[place] ?? first) : lost) ?? lost,
    );
  }

  /** The server refused it. `undefined`: what was read had changed, and by now the replica has moved. */
  async #refused(
    error: TransactionRejectedError,
    draft: Draft,
    snapshot: Snapshot<Rows>,
  ): Promise<Commit<T> | undefined> {
    const { operation, signal } = this.#deadline;
    if (this.#isAboutMark(error, draft)) return await this.#unmarkable(error);
    const failed = error.at === "commit" ? undefined : draft.verified[error.at.index];
    if (error.reason !== "timed out" || failed === undefined) return this.#notDone(error);
    const isGone = failed.uuid !== undefined && failed.isNeeded && !has(snapshot, failed.table, failed.uuid);
    if (isGone) return this.#notDone(notThere(operation, failed, error));
    if (this.#attempts >= this.#most) {
      return this.#notDone(
        conflict(operation, failed, `it has changed in each of ${this.#most} attempts`, error),
      );
    }
    await moved(this.#port, snapshot, signal);
    const { closed } = this.#port;
    if (closed !== undefined) return this.#notDone(overFor(operation, closed));
    if (!signal.aborted) return undefined;
    const why =
      this.#port.snapshot() === snapshot
        ? "nothing of that has been told since; are its rows or columns left out of what is monitored?"
        : `it has changed in each of ${this.#attempts} attempts, until the call was given up`;
    return this.#notDone(conflict(operation, failed, why, error));
  }

  #isAboutMark(error: TransactionRejectedError, draft: Draft): boolean {
    return this.#mark !== undefined && error.at !== "commit" && error.at.index === draft.operations.length;
  }

  /** The mark is there already, or its row is not. */
  async #unmarkable(error: TransactionRejectedError): Promise<Commit<T> | undefined> {
    if (this.#mark === undefined) return this.#notDone(error);
    const { table, uuid } = this.#mark;
    return await this.#found(notThere(this.#deadline.operation, { table, uuid }, error));
  }

  #repeats(lost: Lost<T>, { inserted }: Draft): boolean {
    return (
      this.#mark !== undefined || inserted.some(({ uuid }) => lost.inserted.some((row) => row.uuid === uuid))
    );
  }

  #step(): OperationOptions {
    return { operation: this.#deadline.operation, ...this.#deadline.step() };
  }
}

import type { RowsByTable } from "../monitor.js";
import type { Snapshot } from "../replica/snapshot.js";
import type { SessionPort } from "../session/port.js";
import type { TransactionsUnderway } from "./origin.js";
import { PendingChanges, type DatabaseChange } from "./pending-changes.js";

/** How a change stream behaves. */
export interface ChangeStreamOptions {
  /** Ends the stream when it fires. */
  readonly signal?: AbortSignal | undefined;
  /**
   * From how many rows that wait to be read on changes are merged into one, row by row. Default: 10000. 1 merges whatever
   * was not read in time.
   */
  readonly mergeBeyondRows?: number | undefined;
}

const mergeBeyondRows = 10_000;

/**
 * The changes of a database, in order, from the moment it was made. Nothing is lost to a slow reader: every row whose
 * state differs is told, with the last state there is. While no more than `mergeBeyondRows` rows wait to be read, each
 * change is told by itself. Beyond that they are merged into one change, which says so by its `count`: it tells each
 * row once, from its state before the first of them to that after the last, so that states in between, and a row that
 * came and went meanwhile, are not told. It then needs no more memory than the rows that differ.
 *
 * It ends, after what waits has been read, when the session is over; and at once when the signal fires or the loop is
 * left. It is for one reader: make another stream for another one.
 */
export class ChangeStream<Rows extends RowsByTable>
  implements AsyncIterableIterator<DatabaseChange<Rows>>, AsyncDisposable
{
  /** The rows as they were before the first change. */
  readonly start: Snapshot<Rows>;
  readonly #pending: PendingChanges<Rows>;
  readonly #stops: (() => void)[] = [];
  #waiting: ((result: IteratorResult<DatabaseChange<Rows>, undefined>) => void)[] = [];
  #isOver = false;

  /** @internal */
  constructor(port: SessionPort<Rows>, underway: TransactionsUnderway, options: ChangeStreamOptions = {}) {
    this.start = port.snapshot();
    this.#pending = new PendingChanges(options.mergeBeyondRows ?? mergeBeyondRows);
    const { signal } = options;
    if (signal?.aborted === true || port.closed !== undefined) {
      this.#isOver = true;
      return;
    }
    this.#stops.push(
      port.onChange((change) => {
        this.#pending.add(change, underway.originOf(change.rows));
        this.#tell();
      }),
      port.onState((state) => {
        if (state === "closed") this.#end();
      }),
    );
    const onAbort = (): void => void this.return();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#stops.push(() => signal?.removeEventListener("abort", onAbort));
  }

  next(): Promise<IteratorResult<DatabaseChange<Rows>, undefined>> {
    const change = this.#pending.take();
    if (change !== undefined) return Promise.resolve({ done: false, value: change });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends the stream. What waits to be read is passed over. */
  return(): Promise<IteratorResult<DatabaseChange<Rows>, undefined>> {
    this.#pending.clear();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #tell(): void {
    const [reader, ...others] = this.#waiting;
    if (reader === undefined) return;
    const change = this.#pending.take();
    if (change === undefined) return;
    this.#waiting = others;
    reader({ done: false, value: change });
  }

  #end(): void {
    this.#isOver = true;
    for (const stop of this.#stops.splice(0)) stop();
    for (const reader of this.#waiting.splice(0)) reader({ done: true, value: undefined });
  }
}

import { Deadline } from "../../core/call.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { shown } from "../fault.js";
import { overFor, type OperationOptions, type RowsByTable, type WaitError } from "../monitor.js";
import type { Change, IndexRequest, Snapshot } from "../replica/snapshot.js";
import type { SessionPort } from "../session/port.js";
import { ReadSet } from "../transaction/reads.js";
import { RecordedTable } from "../transaction/recorded-table.js";
import type { ReadTable } from "../transaction/transaction.js";
import { isMap, type Value } from "../value.js";

/** The rows at one moment, noting what is looked at. */
export interface Reader<Rows extends RowsByTable = RowsByTable> {
  /** The rows of a table. */
  table<T extends Extract<keyof Rows, string>>(name: T): ReadTable<Rows[T]>;
}

/** What is waited for: gives neither `false`, `null` nor `undefined` once it is so. Asked synchronously. */
export type WaitPredicate<Rows extends RowsByTable, T> = (
  reader: Reader<Rows>,
) => T | false | null | undefined;

const waitMs = 10_000;

/**
 * Gives what the predicate gives once that is neither `false`, `null` nor `undefined`. It is asked now, and after each
 * change of a table that it looked at. It waits through disconnects. When the time is up, the error says what the
 * predicate last saw: the rows and columns that it looked at. What the predicate throws is thrown on. The default
 * deadline is 10 s.
 */
export async function waitFor<Rows extends RowsByTable, T>(
  port: SessionPort<Rows>,
  indexes: IndexRequest,
  predicate: WaitPredicate<Rows, T>,
  options: OperationOptions,
): Promise<Result<T, WaitError>> {
  const { operation } = options;
  if (port.closed !== undefined) return Err(overFor(operation, port.closed));
  const started = Deadline.start(operation, options, waitMs);
  if (started.isErr()) return started;
  using deadline = started.value;
  return await new Promise<Result<T, WaitError>>((resolve, reject) => {
    let glance = new Glance(port.snapshot(), indexes);
    const stops: (() => void)[] = [];
    const settle = (act: () => void): void => {
      for (const stop of stops.splice(0)) stop();
      act();
    };
    const look = (): void => {
      try {
        glance = new Glance(port.snapshot(), indexes);
        const value = predicate(typedReader<Rows>(glance));
        if (isThere(value)) settle(() => resolve(Ok(value)));
      } catch (error) {
        settle(() =>
          reject(error instanceof Error ? error : new Error("the predicate threw", { cause: error })),
        );
      }
    };
    const onAbort = (): void => {
      const away = port.isReady ? "" : "; there is no connection to the server now";
      const doing = `waiting for the database to change; last seen: ${glance.described()}${away}`;
      settle(() => resolve(Err(deadline.failure(doing, "not-sent"))));
    };
    const onState = (state: string): void => {
      const { closed } = port;
      if (state === "closed" && closed !== undefined) settle(() => resolve(Err(overFor(operation, closed))));
    };
    stops.push(
      port.onChange((change) => {
        if (glance.concerns(change)) look();
      }),
      port.onState(onState),
      () => deadline.signal.removeEventListener("abort", onAbort),
    );
    deadline.signal.addEventListener("abort", onAbort, { once: true });
    look();
  });
}

function isThere<T>(value: T | false | null | undefined): value is T {
  return value !== false && value !== null && value !== undefined;
}

/** One look at the rows. */
class Glance implements Reader {
  readonly #reads: ReadSet;
  readonly #indexes: IndexRequest;
  readonly #tables = new Set<string>();

  constructor(snapshot: Snapshot, indexes: IndexRequest) {
    this.#reads = new ReadSet(snapshot);
    this.#indexes = indexes;
  }

  table(name: string): ReadTable {
    this.#tables.add(name);
    return new RecordedTable(name, this.#reads, this.#indexes);
  }

  /** Whether the change may alter what was seen. A predicate that looked at nothing may have looked elsewhere. */
  concerns({ kind, rows }: Pick<Change, "kind" | "rows">): boolean {
    return kind === "resync" || this.#tables.size === 0 || rows.some(({ table }) => this.#tables.has(table));
  }

  described(): string {
    const seen = this.#reads.seen();
    if (seen.length === 0) return "nothing";
    const words = seen.slice(0, mostDescribed).map(({ table, what, row, columns }) => {
      if (row === undefined) return `no row ${what} in ${table}`;
      const values = columns.map((column) => `${column} ${printed(row[column] ?? null)}`);
      return `${table} ${what}${values.length === 0 ? "" : ` with ${values.join(", ")}`}`;
    });
    const more = seen.length - words.length;
    return more > 0 ? `${words.join("; ")}; and ${more} more` : words.join("; ");
  }
}

const mostDescribed = 5;

function printed(value: Value): string {
  return isMap(value) ? shown(Object.fromEntries(value)) : shown(value);
}

function typedReader<Rows extends RowsByTable>(glance: Glance): Reader<Rows>;
function typedReader(glance: Glance): Reader {
  return glance;
}

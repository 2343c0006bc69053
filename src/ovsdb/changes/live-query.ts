import { findRows } from "../find-rows.js";
import { matches, type LooseCondition } from "../matches.js";
import type { RowsByTable } from "../monitor.js";
import type { Change, IndexRequest, TableView } from "../replica/snapshot.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { SessionPort } from "../session/port.js";
import { surface } from "../surface.js";
import type { Uuid } from "../uuid.js";

/** Which rows are meant: conditions that they all meet, or a function that says so of a row, from it alone. */
export type RowFilter = readonly LooseCondition[] | ((row: IdentifiedRow) => boolean);

/** What has become of the rows of a query. */
export interface QueryChange<R extends IdentifiedRow = IdentifiedRow> {
  /** The rows as they are now, in no promised order. The same array until something changes. */
  readonly rows: readonly R[];
  /** Rows that are among them now, and were not. */
  readonly added: readonly R[];
  /** Rows that still are, and differ. */
  readonly changed: readonly { readonly old: R; readonly new: R }[];
  /** Rows that were among them, as they were then. */
  readonly removed: readonly R[];
}

/** How a live query behaves. */
export interface WatchOptions {
  /** Ends it when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The rows that meet a query, kept up to date. Read `rows` at any time; `subscribe` to be told, synchronously, that they
 * are others now; or iterate: first all rows as `added`, then what has changed since it was last read, each row once.
 */
export class LiveQuery<R extends IdentifiedRow = IdentifiedRow> implements AsyncDisposable {
  readonly #core: QueryCore;
  readonly #typed: (change: QueryChange) => QueryChange<R>;

  /** @internal */
  constructor(core: QueryCore, typed: (change: QueryChange) => QueryChange<R>) {
    this.#core = core;
    this.#typed = typed;
  }

  /** The rows as they are now, in no promised order. The same array until something changes. */
  get rows(): readonly R[] {
    return this.#typed(this.#core.state()).rows;
  }

  /** Whether it is kept up to date no more: its signal fired, it was disposed of, or the session is over. */
  get isOver(): boolean {
    return this.#core.isOver;
  }

  /** Tells every change of the rows, synchronously. Gives what ends that. */
  subscribe(listener: (change: QueryChange<R>) => void): () => void {
    return this.#core.subscribe((change) => listener(this.#typed(change)));
  }

  /** Tells the rows, and then what has changed since, as often as it is read. Ends when the query is over. */
  async *[Symbol.asyncIterator](): AsyncGenerator<QueryChange<R>, undefined> {
    for await (const change of this.#core.read()) yield this.#typed(change);
    return undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#core.end();
    return Promise.resolve();
  }
}

/** A session whose rows' types do not matter. @internal */
export function anyRows<Rows extends RowsByTable>(port: SessionPort<Rows>): SessionPort;
export function anyRows(port: SessionPort): SessionPort {
  return port;
}

/** Which rows a query is of. @internal */
export interface QuerySubject {
  readonly table: string;
  readonly filter: RowFilter;
  readonly indexes: IndexRequest;
}

/** A live query, whatever its rows are. @internal */
export class QueryCore {
  readonly #table: string;
  readonly #meets: (row: IdentifiedRow) => boolean;
  readonly #current = new Map<Uuid, IdentifiedRow>();
  readonly #listeners = new Set<(change: QueryChange) => void>();
  readonly #stops: (() => void)[] = [];
  readonly #onEnd = new Set<() => void>();
  #rows: readonly IdentifiedRow[] | undefined;
  isOver = false;

  constructor(port: SessionPort, { table, filter, indexes }: QuerySubject, { signal }: WatchOptions = {}) {
    this.#table = table;
    this.#meets = typeof filter === "function" ? filter : (row) => matches(row, filter);
    const snapshot = port.snapshot();
    const found = rowsOf(snapshot.table(table), filter, (view, where) =>
      findRows(view, where, { schema: snapshot.schema, indexes }),
    );
    for (const row of found) this.#current.set(row._uuid, row);
    if (signal?.aborted === true || port.closed !== undefined) {
      this.isOver = true;
      return;
    }
    const onAbort = (): void => this.end();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#stops.push(
      port.onChange((change) => this.#onChange(change)),
      port.onState((state) => {
        if (state === "closed") this.end();
      }),
      () => signal?.removeEventListener("abort", onAbort),
    );
  }

  state(): QueryChange {
    this.#rows ??= [...this.#current.values()];
    return { rows: this.#rows, added: [], changed: [], removed: [] };
  }

  subscribe(listener: (change: QueryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *read(): AsyncGenerator<QueryChange, undefined> {
    // Per row, how it was when it was last told: what is told next is the difference to that.
    let told = new Map<Uuid, IdentifiedRow | undefined>();
    let wake: (() => void) | undefined;
    const note = (uuid: Uuid, old: IdentifiedRow | undefined): void => {
      if (!told.has(uuid)) told.set(uuid, old);
      // What came and went meanwhile was never told.
      else if (told.get(uuid) === undefined && !this.#current.has(uuid)) told.delete(uuid);
    };
    const stop = this.subscribe(({ added, changed, removed }) => {
      for (const row of added) note(row._uuid, undefined);
      for (const { old } of changed) note(old._uuid, old);
      for (const old of removed) note(old._uuid, old);
      wake?.();
    });
    const onEnd = (): void => wake?.();
    this.#onEnd.add(onEnd);
    try {
      yield { ...this.state(), added: this.state().rows };
      for (;;) {
        if (told.size > 0) {
          const before = told;
          told = new Map();
          yield this.#differenceTo(before);
        } else if (this.isOver) {
          return undefined;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      stop();
      this.#onEnd.delete(onEnd);
    }
  }

  end(): void {
    this.isOver = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#listeners.clear();
    for (const each of this.#onEnd) each();
    this.#onEnd.clear();
  }

  #differenceTo(before: ReadonlyMap<Uuid, IdentifiedRow | undefined>): QueryChange {
    const added: IdentifiedRow[] = [];
    const changed: { old: IdentifiedRow; new: IdentifiedRow }[] = [];
    const removed: IdentifiedRow[] = [];
    for (const [uuid, old] of before) {
      const now = this.#current.get(uuid);
      if (old === undefined) {
        if (now !== undefined) added.push(now);
      } else if (now === undefined) removed.push(old);
      else changed.push({ old, new: now });
    }
    return { ...this.state(), added, changed, removed };
  }

  #onChange({ rows }: Change): void {
    const before = new Map<Uuid, IdentifiedRow | undefined>();
    for (const { table, uuid, new: after } of rows) {
      if (table !== this.#table) continue;
      const old = this.#current.get(uuid);
      const now = after !== undefined && this.#admits(after) ? after : undefined;
      if (old === now) continue;
      before.set(uuid, old);
      if (now === undefined) this.#current.delete(uuid);
      else this.#current.set(uuid, now);
    }
    if (before.size === 0) return;
    this.#rows = undefined;
    const change = this.#differenceTo(before);
    for (const listener of this.#listeners) surface(() => listener(change));
  }

  /** A row of which the function throws is not among them; the others of the change are not lost by that. */
  #admits(row: IdentifiedRow): boolean {
    let meets = false;
    surface(() => {
      meets = this.#meets(row);
    });
    return meets;
  }
}

function rowsOf(
  view: TableView,
  filter: RowFilter,
  find: (view: TableView, where: readonly LooseCondition[]) => readonly IdentifiedRow[],
): readonly IdentifiedRow[] {
  if (typeof filter !== "function") return find(view, filter);
  const found: IdentifiedRow[] = [];
  for (const row of view) if (filter(row)) found.push(row);
  return found;
}

/** Which rows of a table are monitored, as the user gives it: see `TableRequest.where`. */
export type Where = "all" | "none" | readonly unknown[];

interface TableConditions {
  /** What the server is known to go by. */
  held: Where;
  /** What it has been asked for, without an answer yet. */
  requested: Where | undefined;
  /** What it is to be asked for next. */
  next: Where | undefined;
}

/**
 * The conditions of a session's tables: what holds, what is under way, what is to come (`ovsdb_cs_db_set_condition`,
 * `ovsdb_cs_db_sync_condition` and `ovsdb_cs_db_ack_condition` of lib/ovsdb-cs.c). Every change has a number; all
 * changes up to `heldNumber` are in the rows.
 */
export class Conditions {
  readonly #tables = new Map<string, TableConditions>();
  #number = 0;
  #requestedNumber = 0;
  #heldNumber = 0;

  constructor(initial: ReadonlyMap<string, Where>) {
    for (const [table, held] of initial) {
      this.#tables.set(table, { held, requested: undefined, next: undefined });
    }
  }

  /** The number of the last change that is in effect. */
  get heldNumber(): number {
    return this.#heldNumber;
  }

  /** Whether something is to be asked for and nothing is under way. */
  get isDue(): boolean {
    const all = [...this.#tables.values()];
    return (
      all.some(({ next }) => next !== undefined) && all.every(({ requested }) => requested === undefined)
    );
  }

  /** Wants other rows of a table. Gives the number of the change. */
  set(table: string, where: Where): number {
    const found = this.#tables.get(table);
    if (found === undefined) this.#tables.set(table, { held: "all", requested: undefined, next: where });
    else found.next = where;
    this.#number += 1;
    return this.#number;
  }

  /** Takes what is to be asked for, which is under way then. */
  request(): ReadonlyMap<string, Where> {
    const asked = new Map<string, Where>();
    for (const [table, each] of this.#tables) {
      if (each.next === undefined) continue;
      asked.set(table, each.next);
      each.requested = each.next;
      each.next = undefined;
    }
    this.#requestedNumber = this.#number;
    return asked;
  }

  /** The server goes by what it was asked for. */
  held(): void {
    for (const each of this.#tables.values()) {
      each.held = each.requested ?? each.held;
      each.requested = undefined;
    }
    this.#heldNumber = this.#requestedNumber;
  }

  /** The server has refused what it was asked for: it goes on by what held before. */
  refused(): void {
    for (const each of this.#tables.values()) each.requested = undefined;
    this.#heldNumber = this.#requestedNumber;
  }

  /**
   * The connection is gone. What was under way may be in effect at the server or not, so it is to be asked for again;
   * gives whether there was such, after which the rows fit no known conditions.
   */
  disconnected(): boolean {
    let wasUnderWay = false;
    for (const each of this.#tables.values()) {
      if (each.requested === undefined) continue;
      wasUnderWay = true;
      each.next ??= each.requested;
      each.requested = undefined;
    }
    return wasUnderWay;
  }

  /**
   * The conditions for a new monitor. One that is to go on from a transaction has to have those that the rows were
   * read by; the newer ones come after it. One that begins anew has the newest, which are under way then.
   */
  forMonitor(extent: "anew" | "from-last"): ReadonlyMap<string, Where> {
    if (extent === "anew") this.request();
    else this.#requestedNumber = this.#heldNumber;
    return new Map([...this.#tables].map(([table, { held, requested }]) => [table, requested ?? held]));
  }
}

import { zeroUuid } from "../uuid.js";
import type { Conditions, Where } from "./conditions.js";
import type { MonitorMethod } from "./events.js";

/** What the server is asked for by a monitor request. */
export interface MonitorFrom {
  readonly method: MonitorMethod;
  readonly lastId: string;
  readonly conditions: ReadonlyMap<string, Where>;
}

const nextMethod: Readonly<Record<MonitorMethod, MonitorMethod | undefined>> = {
  monitor_cond_since: "monitor_cond",
  monitor_cond: "monitor",
  monitor: undefined,
};

/**
 * Up to which transaction the rows are known, and by which method: a new monitor goes on from there, where the rows are
 * still by known conditions.
 */
export class Position {
  readonly #conditions: Conditions;
  #method: MonitorMethod = "monitor_cond_since";
  #lastId: string = zeroUuid;

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  get method(): MonitorMethod {
    return this.#method;
  }

  /** The rows are up to that transaction; `undefined` from a method that does not say. */
  reached(lastId: string | undefined): void {
    this.#lastId = lastId ?? zeroUuid;
  }

  /** Nothing can go on from the rows that there are. */
  forget(): void {
    this.#lastId = zeroUuid;
  }

  /** The connection, or what was monitored over it, is gone. */
  interrupted(): void {
    if (this.#conditions.disconnected()) this.forget();
  }

  /** For a server that has not refused any method yet. */
  begin(): MonitorFrom {
    this.#method = "monitor_cond_since";
    return this.#from();
  }

  /** For a server that has refused the method; `undefined` where there is no other. */
  fallBack(): MonitorFrom | undefined {
    const next = nextMethod[this.#method];
    if (next === undefined) return undefined;
    this.#method = next;
    this.forget();
    this.#conditions.disconnected();
    return this.#from();
  }

  #from(): MonitorFrom {
    const [method, lastId] = [this.#method, this.#lastId];
    const extent = method === "monitor_cond_since" && lastId !== zeroUuid ? "from-last" : "anew";
    return { method, lastId, conditions: this.#conditions.forMonitor(extent) };
  }
}

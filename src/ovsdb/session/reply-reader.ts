import { fault, type Fault } from "../fault.js";
import { isArray, isObject } from "../json.js";
import type { Loading } from "../replica/live-replica.js";
import { toUuid } from "../uuid.js";
import type { MonitorMethod } from "./events.js";

/** How many brackets of the whole reply are open around the rows of a table. */
export function rowsDepth(method: MonitorMethod): number {
  return method === "monitor_cond_since" ? 4 : 3;
}

/** Reads the reply of a monitor request, which may come in parts: see `ResultParts`. */
export class ReplyReader {
  readonly #method: MonitorMethod;
  readonly #begin: (found: boolean) => Loading;
  #loading: Loading | undefined;
  #lastId: string | undefined;
  #table = "";

  /** `begin` is told whether the reply goes on from the transaction that was named, or has all rows. */
  constructor(method: MonitorMethod, begin: (found: boolean) => Loading) {
    this.#method = method;
    this.#begin = begin;
  }

  /** The transaction up to which the reply tells; `undefined` from a method that does not say. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  take(part: unknown): Fault | undefined {
    if (this.#method !== "monitor_cond_since") {
      this.#loading ??= this.#begin(false);
      return this.#takeTables(part);
    }
    if (!isArray(part)) return this.#loading === undefined ? fault("[found, id, tables]", part) : undefined;
    if (this.#loading !== undefined) return this.#takeTables(part[0]);
    const [found, lastId, tables] = part;
    const id = typeof lastId === "string" ? toUuid(lastId) : undefined;
    if (typeof found !== "boolean" || id === undefined) return fault("[found, id, tables]", part);
    this.#lastId = id;
    this.#loading = this.#begin(found);
    return this.#takeTables(tables);
  }

  /** What has been read; a fault where nothing was. */
  end(): Loading | Fault {
    return this.#loading ?? fault("rows", undefined);
  }

  #takeTables(tables: unknown): Fault | undefined {
    // Between the last row and the end of the message there is no object any more.
    if (!isObject(tables))
      return tables === 0 || tables === undefined ? undefined : fault("an object of tables", tables);
    const format = this.#method === "monitor" ? "update" : "update2";
    for (const name of Object.keys(tables)) {
      const rows = tables[name];
      if (name === "" && rows === 0) continue;
      if (name !== "") this.#table = name;
      const bad = this.#loading?.add(this.#table, rows, format);
      if (bad !== undefined) return bad;
    }
    return undefined;
  }
}

import type { ResultParts } from "../../jsonrpc/connection.js";
import type { MemberNames } from "../../jsonrpc/member-run.js";
import { fault, type Fault } from "../fault.js";
import { isArray, isObject } from "../json.js";
import type { Loading } from "../replica/live-replica.js";
import type { UpdateFormat } from "../replica/row-update.js";
import { toUuid } from "../uuid.js";
import type { MonitorMethod } from "./events.js";

/** How many brackets of the whole reply are open around the rows of a table. */
function rowsDepth(method: MonitorMethod): number {
  return method === "monitor_cond_since" ? 4 : 3;
}

/** What the ids of rows are like: no table, column or key of a row update has such a name. */
export const rowNames: MemberNames = {
  length: 36,
  matches: (bytes, at) =>
    bytes[at + 8] === 0x2d &&
    bytes[at + 13] === 0x2d &&
    bytes[at + 18] === 0x2d &&
    bytes[at + 23] === 0x2d &&
    isHexadecimal(bytes[at]),
};

function isHexadecimal(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66));
}

/** Who wants a reply read. */
export interface ReplyTaker {
  /** Whether the reply still counts. */
  readonly isCurrent: () => boolean;
  /** It cannot be right. */
  readonly inconsistent: (bad: Fault) => void;
  /** All of it has been read. */
  readonly end: (loading: Loading) => void;
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

  get #format(): UpdateFormat {
    return this.#method === "monitor" ? "update" : "update2";
  }

  /** The transaction up to which the reply tells; `undefined` from a method that does not say. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  /** What a call needs to have its reply read by this. */
  partsFor({ isCurrent, inconsistent, end }: ReplyTaker): ResultParts {
    const tell = (bad: Fault | undefined): void => {
      if (bad !== undefined) inconsistent(bad);
    };
    return {
      depth: rowsDepth(this.#method),
      members: {
        names: rowNames,
        take: (list) => {
          if (isCurrent()) tell(this.#loading?.addList(this.#table, list, this.#format));
        },
      },
      take: (part) => {
        if (isCurrent()) tell(this.#take(part));
      },
      end: () => {
        if (isCurrent() && this.#loading !== undefined) end(this.#loading);
      },
    };
  }

  #take(part: unknown): Fault | undefined {
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

  #takeTables(tables: unknown): Fault | undefined {
    // Between the last row and the end of the message there is no object any more.
    if (!isObject(tables))
      return tables === 0 || tables === undefined ? undefined : fault("an object of tables", tables);
    for (const name of Object.keys(tables)) {
      const rows = tables[name];
      if (name === "" && rows === 0) continue;
      if (name !== "") this.#table = name;
      const bad = this.#loading?.add(this.#table, rows, this.#format);
      if (bad !== undefined) return bad;
    }
    return undefined;
  }
}

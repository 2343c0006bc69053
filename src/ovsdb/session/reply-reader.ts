import type { ResultParts } from "../../jsonrpc/connection.js";
import type { MemberNames } from "../../jsonrpc/member-run.js";
import { fault, type Fault } from "../fault.js";
import { isArray } from "../json.js";
import { toUuid } from "../uuid.js";
import type { MonitorMethod } from "./events.js";
import { TablesReader, type RowsTaker } from "./tables-reader.js";

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
export interface ReplyTaker<Into extends RowsTaker> {
  /** Whether the reply still counts. */
  readonly isCurrent: () => boolean;
  /** It cannot be right. */
  readonly inconsistent: (bad: Fault) => void;
  /** All of it has been read. */
  readonly end: (into: Into) => void;
}

/** Reads the reply of a monitor request, which may come in parts: see `ResultParts`. */
export class ReplyReader<Into extends RowsTaker> {
  readonly #method: MonitorMethod;
  readonly #begin: (found: boolean) => Into;
  readonly #tables: TablesReader;
  #into: Into | undefined;
  #lastId: string | undefined;
  #parts = 0;

  /** `begin` is told whether the reply goes on from the transaction that was named, or has all rows. */
  constructor(method: MonitorMethod, begin: (found: boolean) => Into) {
    this.#method = method;
    this.#begin = begin;
    this.#tables = new TablesReader(method === "monitor" ? "update" : "update2");
  }

  /** The transaction up to which the reply tells; `undefined` from a method that does not say. */
  get lastId(): string | undefined {
    return this.#lastId;
  }

  /** How many parts of the reply have come so far. */
  get parts(): number {
    return this.#parts;
  }

  /** What a call needs to have its reply read by this. */
  partsFor({ isCurrent, inconsistent, end }: ReplyTaker<Into>): ResultParts {
    const tell = (bad: Fault | undefined): void => {
      if (bad !== undefined) inconsistent(bad);
    };
    return {
      depth: rowsDepth(this.#method),
      members: {
        names: rowNames,
        take: (list) => {
          this.#parts += 1;
          if (isCurrent() && this.#into !== undefined) tell(this.#tables.readList(list, this.#into));
        },
      },
      take: (part) => {
        this.#parts += 1;
        if (isCurrent()) tell(this.#take(part));
      },
      end: () => {
        if (isCurrent() && this.#into !== undefined) end(this.#into);
      },
    };
  }

  #take(part: unknown): Fault | undefined {
    if (this.#method !== "monitor_cond_since")
      return this.#tables.read(part, (this.#into ??= this.#begin(false)));
    if (this.#into !== undefined) return isArray(part) ? this.#tables.read(part[0], this.#into) : undefined;
    const [found, lastId, tables] = isArray(part) ? part : [];
    const id = typeof lastId === "string" ? toUuid(lastId) : undefined;
    if (typeof found !== "boolean" || id === undefined) return fault("[found, id, tables]", part);
    this.#lastId = id;
    this.#into = this.#begin(found);
    return this.#tables.read(tables, this.#into);
  }
}

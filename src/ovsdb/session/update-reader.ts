import type { NotificationParts } from "../../jsonrpc/connection.js";
import { Fault, fault } from "../fault.js";
import { isArray, isObject } from "../json.js";
import { toUuid } from "../uuid.js";
import { TablesReader, type RowsTaker } from "./tables-reader.js";

/** Who wants the updates of its monitors read. */
export interface UpdateTaker<Into extends RowsTaker> {
  /** Where the rows of the monitor of that id go; `undefined`: it is none any more. For `extent` see `NotificationParts`. */
  readonly begin: (id: string, extent: "whole" | "part") => Into | undefined | Fault;
  /** It cannot be right. */
  readonly inconsistent: (method: string, bad: Fault) => void;
  /** All of it has been read. Only `update3` names the transaction up to which it tells. */
  readonly end: (id: string, into: Into, lastId: string | undefined) => void;
}

/** An update of which the beginning has been read. */
interface Begun<Into> {
  readonly method: string;
  readonly id: string;
  readonly into: Into;
  readonly lastId: string | undefined;
  readonly tables: TablesReader;
}

/** Reads `update`, `update2` and `update3` notifications, in as many parts as they come in. */
export function updateParts<Into extends RowsTaker>(taker: UpdateTaker<Into>): NotificationParts {
  let begun: Begun<Into> | undefined;
  const take = (tables: unknown): void => {
    if (begun === undefined) return;
    const bad = begun.tables.read(tables, begun.into);
    if (bad !== undefined) fail(begun.method, bad);
  };
  const fail = (method: string, bad: Fault): void => {
    begun = undefined;
    taker.inconsistent(method, bad);
  };
  return {
    methods: "update",
    // The message, its params, the tables, the rows of one.
    depth: 4,
    isListed: true,
    begin: (method, params, extent) => {
      begun = undefined;
      if ((method !== "update" && method !== "update2" && method !== "update3") || !isArray(params)) return;
      const [id, second, third] = params;
      const into = typeof id === "string" ? taker.begin(id, extent) : undefined;
      if (typeof id !== "string" || into === undefined) return;
      if (into instanceof Fault) return fail(method, into);
      // The next connection asks to go on from there: any other text would be refused then, or could not be sent at all.
      const lastId = method === "update3" && typeof second === "string" ? toUuid(second) : undefined;
      if (method === "update3" && lastId === undefined)
        return fail(method, fault("the id of a transaction", second));
      const tables = new TablesReader(method === "update" ? "update" : "update2");
      const updates = method === "update3" ? third : second;
      if (!isObject(updates)) return fail(method, fault("an object of tables", updates));
      begun = { method, id, into, lastId, tables };
      take(updates);
    },
    take: (params) => {
      if (isArray(params)) take(params[0]);
    },
    end: () => {
      const done = begun;
      begun = undefined;
      if (done !== undefined) taker.end(done.id, done.into, done.lastId);
    },
  };
}

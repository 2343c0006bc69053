import { fault, type Fault } from "../fault.js";
import { isObject } from "../json.js";
import type { UpdateFormat } from "../replica/row-update.js";

/** What takes rows, table by table. */
export interface RowsTaker {
  /** Takes some rows of one table, as an object. */
  add(table: string, rows: unknown, format: UpdateFormat): Fault | undefined;
  /** Takes some rows of one table as a list: id, update, id, update, ... */
  addList(table: string, list: readonly unknown[], format: UpdateFormat): Fault | undefined;
}

/** Reads `<table-updates>` that come in parts: see `ResultParts`. */
export class TablesReader {
  readonly #format: UpdateFormat;
  #table = "";

  constructor(format: UpdateFormat) {
    this.#format = format;
  }

  read(tables: unknown, into: RowsTaker): Fault | undefined {
    // Between the last row and the end of the message there is no object any more.
    if (!isObject(tables))
      return tables === 0 || tables === undefined ? undefined : fault("an object of tables", tables);
    for (const name of Object.keys(tables)) {
      const rows = tables[name];
      if (name === "" && rows === 0) continue;
      if (name !== "") this.#table = name;
      const bad = into.add(this.#table, rows, this.#format);
      if (bad !== undefined) return bad;
    }
    return undefined;
  }

  /** Reads rows of the table in which the last part ended: id, update, id, update, ... */
  readList(list: readonly unknown[], into: RowsTaker): Fault | undefined {
    return into.addList(this.#table, list, this.#format);
  }
}

import type { ColumnSchema, TableSchema } from "../../ovsdb/schema.js";
import type { Uuid } from "../../ovsdb/uuid.js";
import { datumJson, type Datum } from "./datum.js";

/** A row as it is between two changes; every change makes another. */
export class StoredRow {
  readonly uuid: Uuid;
  readonly version: Uuid;
  readonly columns: ReadonlyMap<string, Datum>;

  constructor(uuid: Uuid, version: Uuid, columns: ReadonlyMap<string, Datum>) {
    this.uuid = uuid;
    this.version = version;
    this.columns = columns;
  }

  /** What a column holds, `_uuid` and `_version` included. */
  get(column: ColumnSchema): Datum {
    if (column.name === "_uuid") return { keys: [this.uuid], values: undefined };
    if (column.name === "_version") return { keys: [this.version], values: undefined };
    const datum = this.columns.get(column.name);
    if (datum === undefined) throw new TypeError(`no column ${column.name}`);
    return datum;
  }

  /** These columns as they are sent. */
  toJson(columns: Iterable<ColumnSchema>): Record<string, unknown> {
    const json: Record<string, unknown> = {};
    for (const column of columns) json[column.name] = datumJson(column.type, this.get(column));
    return json;
  }
}

/** All columns of a table, those first that every table has. */
export function allColumns(table: TableSchema): readonly ColumnSchema[] {
  const implicit = ["_uuid", "_version"].map((name) => table.column(name));
  return [...implicit.filter((column) => column !== undefined), ...table.columns.values()];
}

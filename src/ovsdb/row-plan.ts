import { isReadableAs } from "./expected-schema.js";
import { AbsentFault, fault, Fault, LayoutFault } from "./fault.js";
import { isObject, member } from "./json.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";
import type { Uuid } from "./uuid.js";
import type { Row, Value } from "./value.js";

/** A database as the server has it and, where the program said so, as the program expects it. */
export interface Schemas {
  readonly server: DatabaseSchema;
  readonly expected: DatabaseSchema | undefined;
}

/** A row with its id. */
export type IdentifiedRow = Row & { readonly _uuid: Uuid };

/** How the rows of one table are asked for and read, in one list of columns. `_uuid` is always there besides. */
export class RowPlan {
  readonly table: string;
  /** The columns to ask the server for, without `_uuid`. */
  readonly columns: readonly ColumnSchema[];
  /** Columns that the server lacks: they read as their default, or are left out where nobody knows what that is. */
  readonly absent: readonly string[];
  readonly #columnsByName: ReadonlyMap<string, ColumnSchema>;
  readonly #filled: readonly (readonly [string, Value])[];

  private constructor(
    table: string,
    columns: readonly ColumnSchema[],
    absent: readonly string[],
    filled: readonly (readonly [string, Value])[],
  ) {
    this.table = table;
    this.columns = columns;
    this.absent = absent;
    this.#columnsByName = new Map(columns.map((column) => [column.name, column]));
    this.#filled = filled;
  }

  /**
   * Plans for the columns of that name, or for all that are known on both sides. Fails where the server has one in
   * another form than the program was written for, or where neither knows one.
   */
  static make(
    schemas: Schemas,
    table: TableSchema,
    names: readonly string[] | undefined,
  ): RowPlan | AbsentFault | LayoutFault {
    const expected = schemas.expected?.tables.get(table.name);
    const columns: ColumnSchema[] = [];
    const absent: string[] = [];
    const filled: (readonly [string, Value])[] = [];
    const asked = new Set(names ?? (expected ?? table).columns.keys());
    asked.delete("_uuid");
    for (const name of asked) {
      const present = table.column(name);
      const wanted = expected?.columns.get(name);
      if (present === undefined) {
        // Neither the server nor the program knows it: a slip of the pen rather than an older server.
        if (expected !== undefined && wanted === undefined)
          return new AbsentFault("column", `${table.name}.${name}`);
        absent.push(name);
        if (wanted !== undefined) filled.push([name, wanted.codec.default]);
      } else if (wanted !== undefined && !isReadableAs(present, wanted)) {
        return new LayoutFault(String(wanted), String(present), `${table.name}.${name}`);
      } else {
        columns.push(present);
      }
    }
    return new RowPlan(table.name, columns, absent, filled);
  }

  /** Reads a whole row. A column that is not in it is at its default in an update2, and a fault elsewhere. */
  decode(id: Uuid, wire: unknown, missing: "is-default" | "is-fault"): IdentifiedRow | Fault {
    if (!isObject(wire)) return fault("a row", wire);
    const row: Record<string, Value> & { _uuid: Uuid } = { _uuid: id };
    for (const column of this.columns) {
      const datum = member(wire, column.name);
      if (datum === undefined && missing === "is-default") {
        row[column.name] = column.codec.default;
        continue;
      }
      const value = column.codec.decode(datum);
      if (value instanceof Fault) return value.within(column.name);
      row[column.name] = value;
    }
    for (const [name, value] of this.#filled) row[name] = value;
    return row;
  }

  /** Reads the columns that are in `wire`, by name; passes over those that were not asked for. */
  *entries(wire: Readonly<Record<string, unknown>>): Generator<readonly [ColumnSchema, unknown]> {
    for (const name of Object.keys(wire)) {
      const column = this.#columnsByName.get(name);
      if (column !== undefined) yield [column, wire[name]];
    }
  }
}

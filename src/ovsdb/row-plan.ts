import { isReadableAs } from "./expected-schema.js";
import { AbsentFault, fault, Fault, LayoutFault } from "./fault.js";
import { isObject } from "./json.js";
import type { ColumnSchema, DatabaseSchema, TableSchema } from "./schema.js";
import { zeroUuid, type Uuid } from "./uuid.js";
import type { Row, Value } from "./value.js";

/** A database as the server has it and, where the program said so, as the program expects it. */
export interface Schemas {
  readonly server: DatabaseSchema;
  readonly expected: DatabaseSchema | undefined;
}

/** A row with its id. */
export type IdentifiedRow = Row & { readonly _uuid: Uuid };

type MutableRow = Record<string, Value> & { _uuid: Uuid };

/** How the rows of one table are asked for and read, in one list of columns. `_uuid` is always there besides. */
export class RowPlan {
  readonly table: string;
  /** The columns to ask the server for, without `_uuid`. */
  readonly columns: readonly ColumnSchema[];
  /** Columns that the server lacks: they read as their default, or are left out where nobody knows what that is. */
  readonly absent: readonly string[];
  /** The names to ask a `select` for. */
  readonly wireColumns: readonly string[];
  readonly #columnsByName: ReadonlyMap<string, ColumnSchema>;
  /** Columns that the server lacks, of which the program knows the default. */
  readonly #filled: readonly ColumnSchema[];
  /** A row with every column at its default; made for the first row, which many a table never has. */
  #blank: MutableRow | undefined;
  /** JSON of rows without some of the columns, by these columns' names. */
  readonly #lesser = new Map<string, string>();

  private constructor(
    table: string,
    columns: readonly ColumnSchema[],
    absent: readonly string[],
    filled: readonly ColumnSchema[],
  ) {
    this.table = table;
    this.columns = columns;
    this.absent = absent;
    this.wireColumns = ["_uuid", ...columns.map(({ name }) => name)];
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
    const filled: ColumnSchema[] = [];
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
        if (wanted !== undefined) filled.push(wanted);
      } else if (wanted !== undefined && !isReadableAs(present, wanted)) {
        return new LayoutFault(String(wanted), String(present), `${table.name}.${name}`);
      } else {
        columns.push(present);
      }
    }
    return new RowPlan(table.name, columns, absent, filled);
  }

  /** The names of a row's columns, those that the server lacks and that read as their default among them. */
  get rowColumns(): readonly string[] {
    return ["_uuid", ...this.columns.map(({ name }) => name), ...this.#filled.map(({ name }) => name)];
  }

  /** A row with every column at its default, to be filled in. */
  newRow(id: Uuid): MutableRow {
    // A copy of one row has its layout, which V8 keeps small and quick; one that is built up by name gets a hash table.
    const row = { ...(this.#blank ??= blankRow([...this.columns, ...this.#filled])) };
    row._uuid = id;
    return row;
  }

  /**
   * A row that lacks some of its columns, which are to be put in another way, and has null in the others. To what is copied by
   * a spread V8 would add each of them with a layout of that copy's own, of more than a kilobyte.
   */
  newRowWithout(id: Uuid, columns: readonly string[]): MutableRow {
    const names = columns.join();
    let text = this.#lesser.get(names);
    if (text === undefined) {
      text = blankText(this.rowColumns.filter((name) => !columns.includes(name)));
      this.#lesser.set(names, text);
    }
    return parseRow(text, id);
  }

  /** The column of that name, if it was asked for. */
  column(name: string): ColumnSchema | undefined {
    return this.#columnsByName.get(name);
  }

  /** Reads a whole row. A column that is not in it is at its default in an update2, and a fault elsewhere. */
  decode(id: Uuid, wire: unknown, missing: "is-default" | "is-fault"): IdentifiedRow | Fault {
    if (!isObject(wire)) return fault("a row", wire);
    const row = this.newRow(id);
    let left = this.columns.length;
    for (const name of Object.keys(wire)) {
      const column = this.#columnsByName.get(name);
      if (column === undefined) continue;
      const value = column.codec.decode(wire[name]);
      if (value instanceof Fault) return value.within(name);
      row[name] = value;
      left -= 1;
    }
    if (left === 0 || missing === "is-default") return row;
    const absent = this.columns.find(({ name }) => !Object.hasOwn(wire, name));
    return absent === undefined ? row : fault(String(absent), undefined).within(absent.name);
  }
}

function blankRow(columns: readonly ColumnSchema[]): MutableRow {
  const row = parseRow(blankText(["_uuid", ...columns.map(({ name }) => name)]), zeroUuid);
  for (const { name, codec } of columns) row[name] = codec.default;
  return row;
}

function blankText(names: readonly string[]): string {
  return `{${names.map((name) => `${JSON.stringify(name)}:null`).join(",")}}`;
}

/** What JSON.parse makes has room for all of its columns in the object itself. */
function parseRow(text: string, id: Uuid): MutableRow {
  const row: unknown = JSON.parse(text);
  if (!isBlank(row)) throw new TypeError("a row is no object");
  row._uuid = id;
  return row;
}

function isBlank(row: unknown): row is MutableRow {
  return isObject(row);
}

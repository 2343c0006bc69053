import type { ColumnSchema, TableSchema } from "../schema.js";
import type { LooseCondition } from "../matches.js";
import type { WaitOperation } from "../operations.js";
import type { Snapshot } from "../replica/snapshot.js";
import type { IdentifiedRow } from "../row-plan.js";
import type { Uuid } from "../uuid.js";
import type { Value } from "../value.js";

/** What was seen of one row: that it was there, or not, and what stood in some of its columns. */
interface RowRead {
  /** The row as the snapshot has it; `undefined`: it was looked for and not there. */
  readonly row: IdentifiedRow | undefined;
  /** The same row, recording which columns are looked at. */
  readonly recorded: IdentifiedRow | undefined;
  readonly columns: Set<string>;
}

/** Rows that were looked for by conditions, and those that were found. */
interface QueryRead {
  readonly table: string;
  readonly where: readonly LooseCondition[];
  readonly found: readonly Uuid[];
}

/** What a `wait` of a transaction stands for, to tell when it fails. */
export interface Verified {
  readonly wait: WaitOperation;
  readonly table: string;
  /** The row; `undefined` for rows that were looked for by conditions. */
  readonly uuid: Uuid | undefined;
  /** Whether it was not read, but is what the transaction writes to. */
  readonly isNeeded: boolean;
}

/** One thing that was seen. */
export interface Seen {
  readonly table: string;
  /** The row's id, or the conditions that no row met. */
  readonly what: string;
  readonly row: IdentifiedRow | undefined;
  readonly columns: readonly string[];
}

/**
 * What a transaction has read of its snapshot. Written as `wait` operations it makes the server refuse the transaction
 * if any of that is otherwise by then (`ovsdb_idl_txn_verify` of lib/ovsdb-idl.c), and if anything else is, not.
 */
export class ReadSet {
  readonly snapshot: Snapshot;
  readonly #tables: ReadonlyMap<string, TableSchema>;
  readonly #rows = new Map<string, Map<Uuid, RowRead>>();
  readonly #queries = new Map<string, QueryRead>();
  readonly #needed = new Map<string, { readonly table: string; readonly uuid: Uuid }>();

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.#tables = snapshot.schema.tables;
  }

  /** Records that a row was looked for by its id, and gives it, if it is there, as one that records its columns. */
  row(table: string, uuid: Uuid): IdentifiedRow | undefined {
    let rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, (rows = new Map<Uuid, RowRead>()));
    let read = rows.get(uuid);
    if (read === undefined) {
      const row = this.snapshot.table(table).get(uuid);
      const columns = new Set<string>();
      read = { row, recorded: row === undefined ? undefined : recording(row, columns), columns };
      rows.set(uuid, read);
    }
    return read.recorded;
  }

  /** Records columns of a row as read. */
  columns(table: string, uuid: Uuid, names: readonly string[]): void {
    this.row(table, uuid);
    const read = this.#rows.get(table)?.get(uuid);
    for (const name of names) if (name !== "_uuid") read?.columns.add(name);
  }

  /** Records that rows were looked for by conditions, and which there were. */
  query(table: string, where: readonly LooseCondition[], found: readonly Uuid[]): void {
    const key = `${table} ${JSON.stringify(where, withMaps)}`;
    if (!this.#queries.has(key)) this.#queries.set(key, { table, where, found });
  }

  /** Records that the transaction makes no sense without that row, whether this snapshot has it or not. */
  mustHave(table: string, uuid: Uuid): void {
    this.#needed.set(`${table} ${uuid}`, { table, uuid });
  }

  /** What was seen, for people: rows that were there with the columns that were looked at, and keys that had none. */
  seen(): readonly Seen[] {
    const seen: Seen[] = [];
    for (const [table, rows] of this.#rows) {
      for (const [uuid, { row, columns }] of rows)
        seen.push({ table, what: uuid, row, columns: [...columns] });
    }
    for (const { table, where, found } of this.#queries.values()) {
      if (found.length > 0) continue;
      seen.push({ table, what: conditionText(where), row: undefined, columns: [] });
    }
    return seen;
  }

  /** The waits that verify everything that was read, at once (`timeoutMs` 0). */
  verify(): readonly Verified[] {
    const verified: Verified[] = [];
    const covered = new Set<RowRead>();
    for (const query of this.#queries.values()) {
      if (this.#tables.has(query.table)) verified.push(this.#verifyQuery(query, covered));
    }
    for (const [table, rows] of this.#rows) {
      const schema = this.#tables.get(table);
      if (schema === undefined) continue;
      for (const [uuid, read] of rows) if (!covered.has(read)) verified.push(verifyRow(schema, uuid, read));
    }
    for (const { table, uuid } of this.#needed.values()) {
      // Where the row was read, that it is there is verified already.
      if (this.#rows.get(table)?.get(uuid)?.row !== undefined) continue;
      verified.push({
        table,
        uuid,
        isNeeded: true,
        wait: waitFor(table, [["_uuid", "==", uuid]], ["_uuid"], [{ _uuid: uuid }]),
      });
    }
    return verified;
  }

  /** One wait for a query and, where the same columns were read of all of its rows, for these too. */
  #verifyQuery({ table, where, found }: QueryRead, covered: Set<RowRead>): Verified {
    const rows = this.#rows.get(table);
    const reads = found.flatMap((uuid) => rows?.get(uuid) ?? []);
    const [first] = reads;
    const columns = first !== undefined && isSameForAll(reads, found.length) ? [...first.columns] : [];
    const schema = this.#tables.get(table);
    const plain = columns.filter((name) => schema?.column(name) !== undefined);
    const mayMerge = plain.every((name) => schema?.column(name)?.type.key.type !== "real");
    const merged = mayMerge ? plain : [];
    for (const read of reads)
      if (read.columns.size === 0 || (mayMerge && columns.length > 0)) covered.add(read);
    const values = found.map((uuid) => ({ _uuid: uuid, ...pick(rows?.get(uuid)?.row, merged) }));
    return {
      table,
      uuid: undefined,
      isNeeded: false,
      wait: waitFor(table, where, ["_uuid", ...merged], values),
    };
  }
}

function isSameForAll(reads: readonly RowRead[], count: number): boolean {
  const [first] = reads;
  return (
    first !== undefined &&
    reads.length === count &&
    reads.every(
      ({ columns }) =>
        columns.size === first.columns.size && [...columns].every((name) => first.columns.has(name)),
    )
  );
}

function verifyRow(schema: TableSchema, uuid: Uuid, { row, columns }: RowRead): Verified {
  const table = schema.name;
  const here: LooseCondition = ["_uuid", "==", uuid];
  if (row === undefined) return { table, uuid, isNeeded: false, wait: waitFor(table, [here], ["_uuid"], []) };
  const where: LooseCondition[] = [here];
  const exact: string[] = [];
  for (const name of columns) {
    const column = schema.column(name);
    const value = row[name];
    // A column that this server does not have read as its default: there is nothing to verify.
    if (column === undefined || value === undefined) continue;
    if (isRounded(column, value)) where.push(...near(name, value));
    else exact.push(name);
  }
  const compared = exact.length === 0 ? ["_uuid"] : exact;
  return { table, uuid, isNeeded: false, wait: waitFor(table, where, compared, [pick(row, compared)]) };
}

/** The server prints a real with 15 digits (`%.*g` of lib/json.c), so what was read need not be what is there. */
function isRounded({ type, shape }: ColumnSchema, value: Value): value is number {
  return type.key.type === "real" && shape !== "map" && typeof value === "number" && value !== 0;
}

/** Half a unit in the fifteenth digit is at most 5e-15 of the value. */
const rounding = 5e-15;

function near(column: string, value: number): readonly LooseCondition[] {
  const margin = Math.abs(value) * rounding;
  return [
    [column, ">=", value - margin],
    [column, "<=", value + margin],
  ];
}

function waitFor(
  table: string,
  where: readonly LooseCondition[],
  columns: readonly string[],
  rows: readonly { readonly [column: string]: Value }[],
): WaitOperation {
  return { op: "wait", table, where, columns, until: "==", rows, timeoutMs: 0 };
}

function pick(
  row: IdentifiedRow | undefined,
  columns: readonly string[],
): { readonly [column: string]: Value } {
  const picked: Record<string, Value> = {};
  for (const name of columns) {
    const value = row?.[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}

/** The row, noting which of its columns are looked at; who lists them all has looked at them all. */
function recording(row: IdentifiedRow, columns: Set<string>): IdentifiedRow {
  const note = (name: string | symbol): void => {
    if (typeof name === "string" && name !== "_uuid" && Object.hasOwn(row, name)) columns.add(name);
  };
  return new Proxy(row, {
    get: (target, name) => {
      note(name);
      return typeof name === "string" && Object.hasOwn(target, name) ? target[name] : undefined;
    },
    getOwnPropertyDescriptor: (target, name) => {
      note(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

function conditionText(where: readonly LooseCondition[]): string {
  if (where.length === 0) return "at all";
  const clauses = where.map((each) =>
    typeof each === "boolean" ? String(each) : `${each[0]} ${each[1]} ${JSON.stringify(each[2], withMaps)}`,
  );
  return `where ${clauses.join(" and ")}`;
}

function withMaps(_name: string, value: unknown): unknown {
  if (value instanceof Map) return { map: [...value] };
  return typeof value === "bigint" ? `${value}n` : value;
}

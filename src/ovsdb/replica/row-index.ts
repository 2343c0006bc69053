import { fault, Fault } from "../fault.js";
import type { IdentifiedRow, RowPlan } from "../row-plan.js";
import type { DatabaseSchema } from "../schema.js";
import type { Uuid } from "../uuid.js";
import { isMap, isSet, type Atom } from "../value.js";
import { PersistentMap, type MapEditor } from "./persistent-map.js";
import type { KeyPart } from "./key-part.js";
import type { IndexColumn } from "./snapshot.js";

/** The rows under one key: mostly one. */
export type IndexEntry = Uuid | PersistentMap<Uuid, Uuid>;

/** What an index holds at one moment. */
export type IndexRows = PersistentMap<KeyPart, IndexEntry>;

const emptyEntry = PersistentMap.empty<Uuid, Uuid>();

interface Part {
  readonly column: string;
  /** Of a map column: under which key. */
  readonly key: Atom | undefined;
}

/** How the rows of a table are found by some of their columns. */
export class RowIndex {
  readonly name: string;
  /** Whether anybody has looked it up: until then no table makes it. */
  isUsed = false;
  readonly #parts: readonly Part[];

  constructor(name: string, parts: readonly Part[]) {
    this.name = name;
    this.#parts = parts;
  }

  get width(): number {
    return this.#parts.length;
  }

  /** The key of a row. */
  keyOf(row: IdentifiedRow): KeyPart {
    const only = this.#parts[0];
    if (this.#parts.length === 1 && only !== undefined) return unified(partOf(row, only));
    return joined(this.#parts.map((part) => partOf(row, part)));
  }

  /** The same, of the values that somebody looks for. */
  keyFrom(values: readonly KeyPart[]): KeyPart {
    return values.length === 1 ? unified(values[0] ?? null) : joined(values);
  }
}

/** Moves a row from one key to another; `undefined` stands for nowhere. */
export function move(
  rows: MapEditor<KeyPart, IndexEntry>,
  uuid: Uuid,
  from: KeyPart | undefined,
  to: KeyPart | undefined,
): void {
  if (from !== undefined) remove(rows, from, uuid);
  if (to !== undefined) add(rows, to, uuid);
}

function partOf(row: IdentifiedRow, { column, key }: Part): KeyPart {
  const value = row[column];
  if (value === undefined || value === null || isSet(value)) return null;
  if (!isMap(value)) return value;
  return key === undefined ? null : (value.get(key) ?? null);
}

/** An integer is a number or a bigint by what its column may hold, and by who looks for it: as a key it is one of them. */
function unified(key: KeyPart): KeyPart {
  if (typeof key !== "bigint") return key;
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : key;
}

/** Several values as one text, which is another one for every other row of values. */
function joined(parts: readonly KeyPart[]): string {
  return parts.map((part) => (typeof part === "string" ? `"${part.length}:${part}` : String(part))).join(",");
}

/** Adds a row under its key. */
export function add(rows: MapEditor<KeyPart, IndexEntry>, key: KeyPart, uuid: Uuid): void {
  const present = rows.add(key, uuid);
  if (present === undefined) return;
  const entry = typeof present === "string" ? emptyEntry.edit() : present.edit();
  if (typeof present === "string") entry.set(present, present);
  entry.set(uuid, uuid);
  rows.set(key, entry.freeze());
}

function remove(rows: MapEditor<KeyPart, IndexEntry>, key: KeyPart, uuid: Uuid): void {
  const present = rows.delete(key);
  if (typeof present !== "object") return;
  const entry = present.edit();
  entry.delete(uuid);
  const left = entry.freeze();
  const only = left.size === 1 ? left.values()[0] : undefined;
  rows.set(key, only ?? left);
}

/**
 * The indexes of a table: those that the schema declares and whose columns are monitored, and the client's own. A fault
 * where one of the client's cannot be.
 */
export function indexesOf(
  plan: RowPlan,
  schema: DatabaseSchema,
  own: Readonly<Record<string, readonly IndexColumn[]>> = {},
): ReadonlyMap<string, RowIndex> | Fault {
  const indexes = new Map<string, RowIndex>();
  for (const columns of schema.tables.get(plan.table)?.indexes ?? []) {
    const isSimple = columns.every((name) => isIndexable(plan, name));
    if (!isSimple) continue;
    const name = columns.join(",");
    indexes.set(
      name,
      new RowIndex(
        name,
        columns.map((column) => ({ column, key: undefined })),
      ),
    );
  }
  for (const [name, columns] of Object.entries(own)) {
    const parts: Part[] = [];
    for (const each of columns) {
      const [column, key] = typeof each === "string" ? [each, undefined] : each;
      const bad = faultIn(plan, column, key);
      if (bad !== undefined) return bad.within(name).within(plan.table).within("indexes");
      parts.push({ column, key });
    }
    if (parts.length === 0)
      return fault("at least one column", columns).within(`indexes.${plan.table}.${name}`);
    indexes.set(name, new RowIndex(name, parts));
  }
  return indexes;
}

function isIndexable(plan: RowPlan, name: string): boolean {
  const shape = plan.column(name)?.shape;
  return shape === "scalar" || shape === "optional";
}

function faultIn(plan: RowPlan, name: string, key: Atom | undefined): Fault | undefined {
  const column = plan.column(name);
  if (column === undefined) {
    // One that an older server lacks reads as its default in every row.
    return plan.absent.includes(name) ? undefined : new Fault("a column that is monitored", "not", name);
  }
  if (column.shape === "set") return fault("a column that is no set", name);
  if (column.shape === "map" && key === undefined) return fault("[column, key] for a map", name);
  if (column.shape !== "map" && key !== undefined) return fault("a map where a key is given", name);
  return undefined;
}

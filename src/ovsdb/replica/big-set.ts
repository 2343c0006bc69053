import type { IdentifiedRow, RowPlan } from "../row-plan.js";
import type { Uuid } from "../uuid.js";
import { isSet, type Atom, type Value } from "../value.js";
import { PersistentMap } from "./persistent-map.js";

/** From so many members on a set is not copied for one that comes or goes: a bridge may have 10 000 ports. */
const manyMembers = 128;

/** A set as a tree of its members. */
export type BigSet = PersistentMap<Atom, Atom>;

/** A set that is a tree, and an array too once somebody has asked for one. */
interface Kept {
  readonly column: string;
  readonly set: BigSet;
  members: readonly Atom[] | undefined;
}

/** Where a row has the sets that it keeps as trees. Nobody who lists what is in a row meets it. */
const kept = Symbol("kept as trees");

interface Keeper {
  readonly _uuid: Uuid;
  readonly [kept]?: Kept[];
}

type MutableRow = ReturnType<RowPlan["newRow"]>;

/**
 * The property of a column of that name, which makes the array. It is the same one in all rows: to V8, rows with getters
 * of their own would each be of another kind.
 */
const properties = new Map<string, PropertyDescriptor>();

/** The column's set as a tree, where the row keeps it as one. */
export function bigSetOf(row: IdentifiedRow, column: string): BigSet | undefined {
  const sets = keptBy(row);
  return sets === undefined ? undefined : keptIn(sets, column)?.set;
}

function keptBy(row: Keeper): Kept[] | undefined {
  return row[kept];
}

function keptIn(sets: readonly Kept[], column: string): Kept | undefined {
  for (const each of sets) if (each.column === column) return each;
  return undefined;
}

/** Makes a tree of a set that is large enough for one. */
export function toBigSet(value: Value | undefined): BigSet | undefined {
  if (value === undefined || value === null || !isSet(value) || value.length < manyMembers) return undefined;
  const set = PersistentMap.empty<Atom, Atom>().edit();
  for (const atom of value) set.set(atom, atom);
  return set.freeze();
}

/** Gives the column of a row that is being made a set as a tree, or as an array where it has become small. */
export function putBigSet(row: MutableRow, column: string, set: BigSet): void {
  const sets = keptBy(row);
  const at = sets?.findIndex((each) => each.column === column) ?? -1;
  if (at >= 0) sets?.splice(at, 1);
  if (set.size < manyMembers / 2) {
    const value = set.values();
    Object.defineProperty(row, column, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  const own: Kept = { column, set, members: undefined };
  if (sets === undefined) Object.defineProperty(row, kept, { value: [own] });
  else sets.push(own);
  if (at < 0) Object.defineProperty(row, column, propertyOf(column));
}

function propertyOf(column: string): PropertyDescriptor {
  let property = properties.get(column);
  if (property === undefined) {
    const get = function (this: Keeper): readonly Atom[] {
      const found = keptIn(keptBy(this) ?? [], column);
      if (found === undefined) return [];
      return (found.members ??= found.set.values());
    };
    property = { get, enumerable: true, configurable: true };
    properties.set(column, property);
  }
  return property;
}

/** A copy of a row, to be changed, that shares its large sets. */
export function copyRow(plan: RowPlan, row: IdentifiedRow): MutableRow {
  const sets = keptBy(row);
  if (sets === undefined || sets.length === 0) return { ...row };
  // Without their columns, which come last: to make a getter of a property that is there turns a row into a hash table.
  const copy = plan.newRowWithout(
    row._uuid,
    sets.map(({ column }) => column),
  );
  for (const name of Object.keys(copy)) copy[name] = row[name] ?? null;
  Object.defineProperty(copy, kept, { value: sets.slice() });
  for (const { column } of sets) Object.defineProperty(copy, column, propertyOf(column));
  return copy;
}

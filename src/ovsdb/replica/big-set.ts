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
  readonly set: BigSet;
  members: readonly Atom[] | undefined;
}

/** Where a row has the sets that it keeps as trees, by column. Nobody who lists what is in a row meets it. */
const kept = Symbol("kept as trees");

interface Keeper {
  readonly _uuid: Uuid;
  readonly [kept]?: Map<string, Kept>;
}

/**
 * The property of a column of that name, which makes the array. It is the same one in all rows: to V8, rows with getters
 * of their own would each be of another kind.
 */
const properties = new Map<string, PropertyDescriptor>();

/** The column's set as a tree, where the row keeps it as one. */
export function bigSetOf(row: IdentifiedRow, column: string): BigSet | undefined {
  return keptBy(row)?.get(column)?.set;
}

function keptBy(row: Keeper): Map<string, Kept> | undefined {
  return row[kept];
}

/** Makes a tree of a set that is large enough for one. */
export function toBigSet(value: Value | undefined): BigSet | undefined {
  if (value === undefined || value === null || !isSet(value) || value.length < manyMembers) return undefined;
  const set = PersistentMap.empty<Atom, Atom>().edit();
  for (const atom of value) set.set(atom, atom);
  return set.freeze();
}

/** Gives the column of a row that is being made a set as a tree, or as an array where it has become small. */
export function putBigSet(row: ReturnType<RowPlan["newRow"]>, column: string, set: BigSet): void {
  const sets = keptBy(row);
  if (set.size < manyMembers / 2) {
    const value = set.values();
    sets?.delete(column);
    Object.defineProperty(row, column, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  if (sets === undefined) Object.defineProperty(row, kept, { value: new Map([[column, keep(set)]]) });
  else sets.set(column, keep(set));
  Object.defineProperty(row, column, propertyOf(column));
}

function keep(set: BigSet): Kept {
  return { set, members: undefined };
}

function propertyOf(column: string): PropertyDescriptor {
  let property = properties.get(column);
  if (property === undefined) {
    const get = function (this: Keeper): readonly Atom[] {
      const found = keptBy(this)?.get(column);
      if (found === undefined) return [];
      return (found.members ??= found.set.values());
    };
    property = { get, enumerable: true, configurable: true };
    properties.set(column, property);
  }
  return property;
}

/** A copy of a row, to be changed, that shares its large sets. */
export function copyRow(plan: RowPlan, row: IdentifiedRow): ReturnType<RowPlan["newRow"]> {
  const sets = keptBy(row);
  if (sets === undefined) return { ...row };
  const copy = plan.newRow(row._uuid);
  for (const column of plan.columns) {
    const found = sets.get(column.name);
    if (found === undefined) copy[column.name] = row[column.name] ?? null;
    else putBigSet(copy, column.name, found.set);
  }
  return copy;
}

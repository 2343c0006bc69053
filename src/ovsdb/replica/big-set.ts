import type { IdentifiedRow, RowPlan } from "../row-plan.js";
import { isSet, type Atom, type Value } from "../value.js";
import { PersistentMap } from "./persistent-map.js";

/** From so many members on a set is not copied for one that comes or goes: a bridge may have 10 000 ports. */
const manyMembers = 128;

/** A set as a tree of its members. */
export type BigSet = PersistentMap<Atom, Atom>;

/** The sets of a row that are kept as trees. The row's own property makes the array when somebody asks for it. */
const bigSets = new WeakMap<object, Map<string, BigSet>>();

/** The column's set as a tree, where the row keeps it as one. */
export function bigSetOf(row: IdentifiedRow, column: string): BigSet | undefined {
  return bigSets.get(row)?.get(column);
}

/** Makes a tree of a set that is large enough for one. */
export function toBigSet(value: Value | undefined): BigSet | undefined {
  if (value === undefined || value === null || !isSet(value) || value.length < manyMembers) return undefined;
  const set = PersistentMap.empty<Atom, Atom>().edit();
  for (const atom of value) set.set(atom, atom);
  return set.freeze();
}

/** Gives the column of a row that is being made a set as a tree, or as an array where it has become small. */
export function putBigSet(row: Record<string, Value>, column: string, set: BigSet): void {
  if (set.size < manyMembers / 2) {
    const value = set.values();
    bigSets.get(row)?.delete(column);
    Object.defineProperty(row, column, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  let members: readonly Atom[] | undefined;
  const get = (): readonly Atom[] => (members ??= set.values());
  Object.defineProperty(row, column, { get, enumerable: true, configurable: true });
  const sets = bigSets.get(row);
  if (sets === undefined) bigSets.set(row, new Map([[column, set]]));
  else sets.set(column, set);
}

/** A copy of a row, to be changed, that shares its large sets. */
export function copyRow(plan: RowPlan, row: IdentifiedRow): ReturnType<RowPlan["newRow"]> {
  const sets = bigSets.get(row);
  if (sets === undefined) return { ...row };
  const copy = plan.newRow(row._uuid);
  for (const column of plan.columns) {
    const set = sets.get(column.name);
    if (set === undefined) copy[column.name] = row[column.name] ?? null;
    else putBigSet(copy, column.name, set);
  }
  return copy;
}

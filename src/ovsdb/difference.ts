import { fault, type Fault } from "./fault.js";
import { isMap, isSet, type Atom, type Value } from "./value.js";

/**
 * Applies what a `modify` of update2 or update3 says of a set or map of max above 1 to the value before it. A set's
 * difference is symmetric: what is there goes, what is not comes. In a map's, a pair that is there with the same value
 * goes, any other pair is set (`ovsdb_datum_apply_diff` of lib/ovsdb-data.c). Applying one twice undoes it.
 */
export function applyDifference(before: Value, difference: Value): Value | Fault {
  if (isMap(before) && isMap(difference)) return applyToMap(before, difference);
  if (isSet(before) && isSet(difference)) return applyToSet(before, difference);
  return fault("a difference of the column's type", difference);
}

/** Whether a value has as many members as its column allows; a difference may hold more than that. */
export function hasCardinality(value: Value, min: number, max: number): boolean {
  const size = isMap(value) ? value.size : isSet(value) ? value.length : 1;
  return size >= min && size <= max;
}

function applyToSet(before: readonly Atom[], difference: readonly Atom[]): readonly Atom[] {
  const [only] = difference;
  if (difference.length === 1 && only !== undefined) {
    return before.includes(only) ? before.filter((atom) => atom !== only) : [...before, only];
  }
  const after = new Set(before);
  for (const atom of difference) if (!after.delete(atom)) after.add(atom);
  return [...after];
}

function applyToMap(
  before: ReadonlyMap<Atom, Atom>,
  difference: ReadonlyMap<Atom, Atom>,
): ReadonlyMap<Atom, Atom> {
  const after = new Map(before);
  for (const [key, value] of difference) {
    if (after.get(key) === value) after.delete(key);
    else after.set(key, value);
  }
  return after;
}

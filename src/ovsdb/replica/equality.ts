import type { IdentifiedRow } from "../row-plan.js";
import { isMap, isSet, type Atom, type Value } from "../value.js";

/** Whether two rows of the same columns hold the same. */
export function isSameRow(a: IdentifiedRow, b: IdentifiedRow): boolean {
  for (const name of Object.keys(a)) {
    const [one, other] = [a[name], b[name]];
    if (one === other) continue;
    if (one === undefined || other === undefined || !isSameValue(one, other)) return false;
  }
  return true;
}

/** Whether two values of one column are the same; the order of a set's members does not matter. */
export function isSameValue(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  if (isSet(a)) return isSet(b) && isSameSet(a, b);
  if (isMap(a)) return isMap(b) && isSameMap(a, b);
  return a === b;
}

function isSameSet(a: readonly Atom[], b: readonly Atom[]): boolean {
  if (a.length !== b.length) return false;
  // The server sends them sorted; only what was changed by differences is in another order.
  if (a.every((atom, at) => atom === b[at])) return true;
  const members = new Set(a);
  return b.every((atom) => members.has(atom));
}

function isSameMap(a: ReadonlyMap<Atom, Atom>, b: ReadonlyMap<Atom, Atom>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

import { NamedUuid, isMap, isSet, type Atom, type Value } from "./value.js";

/** A condition as {@link Condition} has it, whatever the columns. */
export type LooseCondition = boolean | readonly [column: string, operator: string, argument: unknown];

/**
 * Whether a row meets every condition, as the server would find (`ovsdb_condition_evaluate` of ovsdb/condition.c). A
 * column that the row does not have meets none.
 */
export function matches(
  row: { readonly [column: string]: Value },
  where: readonly LooseCondition[],
): boolean {
  return where.every((condition) => {
    if (typeof condition === "boolean") return condition;
    const [column, operator, argument] = condition;
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    return value !== undefined && meets(value, operator, argument);
  });
}

function meets(value: Value, operator: string, argument: unknown): boolean {
  switch (operator) {
    case "==":
      return isSameValue(value, argument);
    case "!=":
      return !isSameValue(value, argument);
    case "includes":
      return holdsAll(value, argument);
    case "excludes":
      return holdsNone(value, argument);
    default:
      return isOrdered(value, operator, argument);
  }
}

/** Whether two values of one column are the same. The order of a set or map is no part of it. */
export function isSameValue(a: Value, b: unknown): boolean {
  if (isMap(a)) return b instanceof Map && b.size === a.size && holdsAll(a, b);
  if (isSet(a)) return Array.isArray(b) && b.length === a.length && holdsAll(a, b);
  return a === null ? b === null : isSameAtom(a, b);
}

function isNumeric(atom: unknown): atom is number | bigint {
  return typeof atom === "number" || typeof atom === "bigint";
}

/** An integer may be a number on one side and a bigint on the other. */
function isSameAtom(a: Atom, b: unknown): boolean {
  if (a === b) return true;
  return isNumeric(a) && isNumeric(b) && typeof a !== typeof b && a <= b && a >= b;
}

function holdsAll(value: Value, argument: unknown): boolean {
  if (isMap(value)) return pairsOf(argument).every(([key, each]) => holdsPair(value, key, each));
  return membersOf(argument).every((member) => holdsAtom(value, member));
}

function holdsNone(value: Value, argument: unknown): boolean {
  if (isMap(value)) return !pairsOf(argument).some(([key, each]) => holdsPair(value, key, each));
  return !membersOf(argument).some((member) => holdsAtom(value, member));
}

function membersOf(argument: unknown): readonly unknown[] {
  if (argument === null || argument === undefined || argument instanceof NamedUuid) return [];
  return Array.isArray(argument) ? argument : [argument];
}

function pairsOf(argument: unknown): readonly (readonly [unknown, unknown])[] {
  return argument instanceof Map ? [...argument] : [];
}

function holdsAtom(value: Exclude<Value, ReadonlyMap<Atom, Atom>>, member: unknown): boolean {
  if (isSet(value)) return value.some((atom) => isSameAtom(atom, member));
  return value !== null && isSameAtom(value, member);
}

function holdsPair(map: ReadonlyMap<Atom, Atom>, key: unknown, value: unknown): boolean {
  for (const [ownKey, ownValue] of map) if (isSameAtom(ownKey, key)) return isSameAtom(ownValue, value);
  return false;
}

function isOrdered(value: Value, operator: string, argument: unknown): boolean {
  if (!isNumeric(value) || !isNumeric(argument)) return false;
  if (operator === "<") return value < argument;
  if (operator === "<=") return value <= argument;
  if (operator === ">") return value > argument;
  return operator === ">=" && value >= argument;
}

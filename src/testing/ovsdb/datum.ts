import type { BaseType, ColumnType } from "../../ovsdb/column-type.js";
import { isArray } from "../../ovsdb/json.js";
import type { Atom } from "../../ovsdb/value.js";
import { atomJson, compareAtoms, defaultAtom, readAtom, type Names } from "./atom.js";
import { Refusal, syntaxError } from "./refusal.js";

/** What a column holds: its atoms in order, and in a map their values beside them. */
export interface Datum {
  readonly keys: readonly Atom[];
  readonly values: readonly Atom[] | undefined;
}

type Pair = readonly [key: Atom, value: Atom | undefined];

/** The types that one place needs, such as an argument that may be empty: the same but for these. */
export function relaxed(type: ColumnType, changed: Partial<ColumnType>): ColumnType {
  return { ...type, ...changed };
}

/** A base type without its enum and bounds. */
export function unconstrained(base: BaseType): BaseType {
  switch (base.type) {
    case "integer":
      return { type: "integer", enum: undefined, minInteger: undefined, maxInteger: undefined };
    case "real":
      return { type: "real", enum: undefined, minReal: undefined, maxReal: undefined };
    case "boolean":
      return { type: "boolean", enum: undefined };
    case "string":
      return { type: "string", enum: undefined, minLength: undefined, maxLength: undefined };
    case "uuid":
      return { ...base, enum: undefined };
  }
}

export function defaultDatum(type: ColumnType): Datum {
  const keys = type.min === 0 ? [] : [defaultAtom(type.key)];
  if (type.value === undefined) return { keys, values: undefined };
  return { keys, values: type.min === 0 ? [] : [defaultAtom(type.value)] };
}

/** Reads a value of a type (`ovsdb_datum_from_json` of lib/ovsdb-data.c). */
export function readDatum(type: ColumnType, json: unknown, names: Names | undefined): Datum {
  const { key, value, min, max } = type;
  const isMap = value !== undefined;
  const word = isMap ? "map" : "set";
  const isTagged = isArray(json) && json[0] === word;
  if (!isMap && !isTagged) return { keys: [readAtom(key, json, names)], values: undefined };
  const members = isArray(json) && json.length === 2 && json[0] === word ? json[1] : undefined;
  if (!isArray(members)) throw syntaxError(`expected ["${word}", <array>]`, json);
  if (members.length < min || members.length > max) {
    const most = max === Infinity ? 4_294_967_295 : max;
    throw syntaxError(`${word} must have ${min} to ${most} members but ${members.length} are present`, json);
  }
  const pairs = members.map((member): Pair => {
    if (value === undefined) return [readAtom(key, member, names), undefined];
    if (!isArray(member) || member.length !== 2) throw syntaxError("expected 2-element array", member);
    return [readAtom(key, member[0], names), readAtom(value, member[1], names)];
  });
  const datum = inOrder(pairs, isMap);
  if (datum === undefined)
    throw new Refusal("ovsdb error", isMap ? "map contains duplicate key" : "set contains duplicate");
  return datum;
}

/** The atoms as a datum; `undefined` where a key is there twice. */
function inOrder(pairs: readonly Pair[], isMap: boolean): Datum | undefined {
  const sorted = pairs.toSorted(([a], [b]) => compareAtoms(a, b));
  const keys = sorted.map(([key]) => key);
  if (keys.some((key, at) => at > 0 && compareAtoms(key, keys[at - 1] ?? key) === 0)) return undefined;
  return { keys, values: isMap ? sorted.map(([, value]) => value ?? 0) : undefined };
}

/** Atoms that need not be in order as a set; `undefined` where one is there twice. */
export function setOf(keys: readonly Atom[]): Datum | undefined {
  return inOrder(
    keys.map((key) => [key, undefined]),
    false,
  );
}

/** A value as it is sent: one atom that is no pair stands bare. */
export function datumJson(type: ColumnType, { keys, values }: Datum): unknown {
  const { key, value } = type;
  if (value !== undefined && values !== undefined)
    return ["map", keys.map((each, at) => [atomJson(key, each), atomJson(value, values[at] ?? 0)])];
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return atomJson(key, only);
  return ["set", keys.map((each) => atomJson(key, each))];
}

export function datumsEqual(a: Datum, b: Datum): boolean {
  if (a === b) return true;
  return sameAtoms(a.keys, b.keys) && sameAtoms(a.values ?? [], b.values ?? []);
}

function sameAtoms(a: readonly Atom[], b: readonly Atom[]): boolean {
  return a.length === b.length && a.every((atom, at) => atom === b[at]);
}

/** What two equal values share and no others. */
export function datumText(type: ColumnType, datum: Datum): string {
  return `${type.key.type} ${atomsText(datum.keys)} ${atomsText(datum.values ?? [])}`;
}

function atomsText(atoms: readonly Atom[]): string {
  return JSON.stringify(atoms.map((atom) => (typeof atom === "bigint" ? `${atom}` : atom)));
}

/** The members as a lookup. */
export function membersOf({ keys, values }: Datum): ReadonlyMap<Atom, Atom | undefined> {
  return new Map(keys.map((key, at) => [key, values?.[at]]));
}

/** Whether all of `part` is in `whole`; of a map the pairs. */
export function includesAll(part: Datum, whole: Datum): boolean {
  const members = membersOf(whole);
  return part.keys.every((key, at) => members.has(key) && members.get(key) === part.values?.[at]);
}

/** Whether nothing of `part` is in `whole`. */
export function excludesAll(part: Datum, whole: Datum): boolean {
  const members = membersOf(whole);
  return !part.keys.some((key, at) => members.has(key) && members.get(key) === part.values?.[at]);
}

/** With the members of `more` whose keys are new (`ovsdb_datum_union`). */
export function union(datum: Datum, more: Datum): Datum {
  const members = new Map(membersOf(datum));
  for (const [key, value] of membersOf(more)) if (!members.has(key)) members.set(key, value);
  return inOrder([...members], datum.values !== undefined) ?? datum;
}

/** Without the members of `less`: keys, or where `less` has values the pairs that are equal (`ovsdb_datum_subtract`). */
export function subtract(datum: Datum, less: Datum): Datum {
  const gone = membersOf(less);
  const isGone = (key: Atom, value: Atom | undefined): boolean =>
    gone.has(key) && (less.values === undefined || gone.get(key) === value);
  return keepMembers(datum, (key, value) => !isGone(key, value));
}

/** The members for which `keep` holds. The same object where it holds for all. */
export function keepMembers(datum: Datum, keep: (key: Atom, value: Atom | undefined) => boolean): Datum {
  const { keys, values } = datum;
  const kept = keys.map((key, at) => keep(key, values?.[at]));
  if (!kept.includes(false)) return datum;
  return {
    keys: keys.filter((_, at) => kept[at] === true),
    values: values?.filter((_, at) => kept[at] === true),
  };
}

/**
 * What a `modify` of update2 says (`ovsdb_datum_diff`): of a type of max 1 the new value; of a set what is in one
 * only; of a map the pairs that come or change, and with their old value those that go.
 */
export function difference(type: ColumnType, before: Datum, after: Datum): Datum {
  if (type.max <= 1) return after;
  const old = membersOf(before);
  const now = membersOf(after);
  const pairs: Pair[] = [];
  for (const [key, value] of now) if (!old.has(key) || old.get(key) !== value) pairs.push([key, value]);
  for (const [key, value] of old) if (!now.has(key)) pairs.push([key, value]);
  return inOrder(pairs, after.values !== undefined) ?? after;
}

/** A type in the words of the server's messages (`ovsdb_type_to_english`). */
export function typeInWords({ key, value, min, max }: ColumnType): string {
  if (value === undefined && min === 1 && max === 1) return key.type;
  const what = value === undefined ? `${key.type}s` : `(${key.type}, ${value.type}) pairs`;
  const kind = value === undefined ? "set" : "map";
  if (max === Infinity) return min === 0 ? `${kind} of ${what}` : `nonempty ${kind} of ${what}`;
  return min === 0 ? `${kind} of up to ${max} ${what}` : `${kind} of ${min} to ${max} ${what}`;
}

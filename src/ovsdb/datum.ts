import { atomCodec, type AtomCodec, type EncodeContext, type WireAtom } from "./atom.js";
import { shapeOf, type ColumnType, type Shape } from "./column-type.js";
import { Fault, fault } from "./fault.js";
import { isArray } from "./json.js";
import { MapReader } from "./map-reader.js";
import type { IntegerForm } from "./schema-rows.js";
import type { Atom, Value } from "./value.js";

/** A column's value as it stands in JSON: RFC 7047 section 5.1. */
export type WireDatum =
  | WireAtom
  | readonly ["set", readonly WireAtom[]]
  | readonly ["map", readonly (readonly [WireAtom, WireAtom])[]];

/** Reads and writes the values of one column type. */
export interface DatumCodec {
  readonly decode: (wire: unknown) => Value | Fault;
  readonly encode: (value: unknown, context: EncodeContext) => WireDatum | Fault;
  /** What a column holds when nothing was stored (RFC 7047 section 5.2.1). */
  readonly default: Value;
}

/** The codec of a column type, in the shape of its values or, where it is written as a set, as one. Make it once. */
export function datumCodec(
  type: ColumnType,
  shape: Shape = shapeOf(type),
  integers: IntegerForm = "exact",
): DatumCodec {
  // Members and keys are told apart by what they are read as: they are never rounded.
  const tellsApart = integers === "number" && (shape === "set" || shape === "map");
  const key = atomCodec(type.key, tellsApart ? "exact" : integers);
  if (type.value !== undefined) return mapCodec(key, atomCodec(type.value, integers), type.min, type.max);
  if (shape === "scalar") return scalarCodec(key);
  return shape === "optional" ? optionalCodec(key) : setCodec(key, type.min, type.max);
}

/** The members of a set in either of its forms; the server prints a set of one as the bare atom. */
function members(wire: unknown): readonly unknown[] | Fault {
  if (!isArray(wire) || wire[0] !== "set") return [wire];
  return wire.length === 2 && isArray(wire[1]) ? wire[1] : fault('["set", [...]]', wire);
}

function scalarCodec(atom: AtomCodec): DatumCodec {
  return {
    default: atom.default,
    decode: (wire) => {
      if (!isArray(wire) || wire[0] !== "set") return atom.decode(wire);
      const list = members(wire);
      if (list instanceof Fault) return list;
      return list.length === 1 ? atom.decode(list[0]) : fault("one value", wire);
    },
    encode: (value, context) =>
      value === null ? fault("a value: the column is not optional", value) : atom.encode(value, context),
  };
}

const emptySet = ["set", []] as const;

function optionalCodec(atom: AtomCodec): DatumCodec {
  return {
    default: null,
    decode: (wire) => {
      if (!isArray(wire) || wire[0] !== "set") return atom.decode(wire);
      const list = members(wire);
      if (list instanceof Fault) return list;
      if (list.length === 0) return null;
      return list.length === 1 ? atom.decode(list[0]) : fault("at most one value", wire);
    },
    encode: (value, context) => {
      if (value === null) return emptySet;
      const wire = atom.encode(value, context);
      return wire instanceof Fault ? fault(`${wire.expected}, or null for none`, value) : wire;
    },
  };
}

function count(what: string, min: number, max: number): string {
  if (max !== Infinity) return `${min} to ${max} ${what}s`;
  return min === 0 ? `any number of ${what}s` : `at least 1 ${what}`;
}

/** What two equal atoms share: a uuid goes by its text, everything else by itself. */
function identity(atom: WireAtom): unknown {
  return typeof atom === "object" ? atom[1] : atom;
}

function setCodec(atom: AtomCodec, min: number, max: number): DatumCodec {
  const none: readonly Atom[] = min === 0 ? [] : [atom.default];
  return {
    default: none,
    decode: (wire) => decodeSet(atom, min, max, none, wire),
    encode: (value, context) => encodeSet(atom, min, max, value, context),
  };
}

function decodeSet(
  atom: AtomCodec,
  min: number,
  max: number,
  none: readonly Atom[],
  wire: unknown,
): Value | Fault {
  const list = members(wire);
  if (list instanceof Fault) return list;
  if (list.length < min || list.length > max) return fault(`a set with ${count("member", min, max)}`, wire);
  if (list.length === 0) return none;
  if (list.length === 1) {
    const only = atom.decode(list[0]);
    return only instanceof Fault ? only : [only];
  }
  let bad: Fault | undefined;
  // An array that grows by pushing keeps room for as many again, in each of thousands of rows.
  const values = list.map((each): Atom => {
    const value = atom.decode(each);
    if (!(value instanceof Fault)) return value;
    bad ??= value;
    return atom.default;
  });
  return bad ?? (hasTwice(values) ? fault("each member once", wire) : values);
}

const fewMembers = 8;

function hasTwice(values: readonly Atom[]): boolean {
  if (values.length > fewMembers) return !isRising(values) && new Set(values).size !== values.length;
  for (let at = 1; at < values.length; at += 1) {
    for (let before = 0; before < at; before += 1) if (values[before] === values[at]) return true;
  }
  return false;
}

/** Whether they are in order, as the server sends them: then none of them is there twice. */
function isRising(values: readonly Atom[]): boolean {
  let last = values[0];
  if (last === undefined) return true;
  for (let at = 1; at < values.length; at += 1) {
    const next = values[at];
    if (next === undefined || !(last < next)) return false;
    last = next;
  }
  return true;
}

function encodeSet(
  atom: AtomCodec,
  min: number,
  max: number,
  value: unknown,
  context: EncodeContext,
): WireDatum | Fault {
  if (!isArray(value)) return fault("an array", value);
  if (value.length < min || value.length > max) {
    return new Fault(`an array with ${count("member", min, max)}`, `${value.length}`);
  }
  const wires: WireAtom[] = [];
  for (const each of value) {
    const wire = atom.encode(each, context);
    if (wire instanceof Fault) return wire;
    wires.push(wire);
  }
  if (wires.length > 1 && new Set(wires.map(identity)).size !== wires.length) {
    return fault("each member once", value);
  }
  return ["set", wires];
}

function mapCodec(key: AtomCodec, value: AtomCodec, min: number, max: number): DatumCodec {
  const none: ReadonlyMap<Atom, Atom> = new Map(min === 0 ? [] : [[key.default, value.default]]);
  const reader = new MapReader(key, value);
  return {
    default: none,
    decode: (wire) => {
      if (!isArray(wire) || wire.length !== 2 || wire[0] !== "map" || !isArray(wire[1])) {
        return fault('["map", [[key, value], ...]]', wire);
      }
      const pairs = wire[1];
      if (pairs.length < min || pairs.length > max)
        return fault(`a map with ${count("pair", min, max)}`, wire);
      return pairs.length === 0 ? none : reader.read(pairs);
    },
    encode: (given, context) => encodeMap(key, value, min, max, given, context),
  };
}

function encodeMap(
  key: AtomCodec,
  value: AtomCodec,
  min: number,
  max: number,
  given: unknown,
  context: EncodeContext,
): WireDatum | Fault {
  if (!(given instanceof Map)) return fault("a Map", given);
  if (given.size < min || given.size > max) {
    return new Fault(`a Map with ${count("pair", min, max)}`, `${given.size}`);
  }
  const pairs: [WireAtom, WireAtom][] = [];
  for (const [k, v] of given as ReadonlyMap<unknown, unknown>) {
    const wireKey = key.encode(k, context);
    if (wireKey instanceof Fault) return fault(`a key that is ${wireKey.expected}`, k);
    const wireValue = value.encode(v, context);
    if (wireValue instanceof Fault) return fault(`a value that is ${wireValue.expected}`, v);
    pairs.push([wireKey, wireValue]);
  }
  // A Map has each key once, but 1 and 1n, or a uuid in small and in large letters, are one key to the server.
  const [first] = pairs;
  const mayCollide = pairs.length > 1 && first !== undefined && typeof first[0] !== "string";
  if (mayCollide && new Set(pairs.map(([k]) => identity(k))).size !== pairs.length) {
    return fault("each key once", given);
  }
  return ["map", pairs];
}

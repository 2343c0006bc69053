import * as fc from "fast-check";
import { shapeOf, type BaseType, type ColumnType } from "../../src/ovsdb/column-type.js";
import { toInteger } from "../../src/ovsdb/atom.js";
import type { Uuid } from "../../src/ovsdb/uuid.js";
import { isMap, isSet, type Atom, type Value } from "../../src/ovsdb/value.js";
import { uuidOf } from "./lab.js";

const int64 = fc
  .oneof(fc.integer(), fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
  .map((value) => {
    const integer = toInteger(value);
    if (integer === undefined) throw new Error(`${value} is no integer`);
    return integer;
  });

const uuids: fc.Arbitrary<Uuid> = fc.uuid().map(uuidOf);

/** Reals that a server can read, also when it has rounded them to 15 digits. */
export const reals: fc.Arbitrary<number> = fc
  .double({ noNaN: true, min: -1.797_693_134_862_31e308, max: 1.797_693_134_862_31e308 })
  .map((real) => (Math.abs(real) < 2.225_073_858_507_21e-308 ? 0 : real));

/** Strings that a server takes: no NUL, no lone surrogate; often a name that objects have of their own. */
const strings = fc.oneof(
  fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("__proto__", "constructor", "set", "map", "uuid", "named-uuid", ""),
);

/** A base type without constraints, and its atoms. */
const bases: readonly { readonly base: BaseType; readonly atoms: fc.Arbitrary<Atom> }[] = [
  { base: { type: "integer", enum: undefined, minInteger: undefined, maxInteger: undefined }, atoms: int64 },
  {
    base: { type: "integer", enum: undefined, minInteger: -5, maxInteger: 5 },
    atoms: fc.integer({ min: -5, max: 5 }),
  },
  {
    base: { type: "real", enum: undefined, minReal: undefined, maxReal: undefined },
    atoms: reals,
  },
  { base: { type: "boolean", enum: undefined }, atoms: fc.boolean() },
  { base: { type: "string", enum: undefined, minLength: undefined, maxLength: undefined }, atoms: strings },
  {
    base: { type: "string", enum: ["on", "off", "auto"], minLength: undefined, maxLength: undefined },
    atoms: fc.constantFrom("on", "off", "auto"),
  },
  { base: { type: "uuid", enum: undefined, refTable: "T", refType: "weak" }, atoms: uuids },
];

/** A column type. */
export const columnTypes: fc.Arbitrary<ColumnType> = fc.record({
  key: fc.constantFrom(...bases.map(({ base }) => base)),
  value: fc.option(fc.constantFrom(...bases.map(({ base }) => base)), { nil: undefined, freq: 2 }),
  min: fc.constantFrom<0 | 1>(0, 1),
  max: fc.constantFrom(1, 2, 4, Infinity),
});

function atomsOf(base: BaseType): fc.Arbitrary<Atom> {
  return bases.find((each) => each.base === base)?.atoms ?? fc.constant(0);
}

/** A value of a column type. */
export function valuesOf(type: ColumnType): fc.Arbitrary<Value> {
  const keys = atomsOf(type.key);
  const size = { minLength: type.min, maxLength: Math.min(type.max, 6) };
  if (type.value !== undefined) {
    const pairs = fc.uniqueArray(fc.tuple(keys, atomsOf(type.value)), { ...size, selector: ([key]) => key });
    return pairs.map((each) => new Map(each));
  }
  const shape = shapeOf(type);
  if (shape === "scalar") return keys;
  return shape === "optional" ? fc.option(keys) : fc.uniqueArray(keys, size);
}

/** A column type with two of its values. */
export const typedValues: fc.Arbitrary<{
  readonly type: ColumnType;
  readonly values: readonly [Value, Value];
}> = columnTypes.chain((type) =>
  fc.record({ type: fc.constant(type), values: fc.tuple(valuesOf(type), valuesOf(type)) }),
);

/** A value in one form, so that two of the same content are equal: sets and maps have no order. */
export function sorted(value: Value): unknown {
  if (isMap(value)) return [...value].map(([k, v]) => `${textOf(k)} = ${textOf(v)}`).toSorted();
  return isSet(value) ? value.map(textOf).toSorted() : value;
}

const textOf = (atom: Atom): string => `${typeof atom} ${String(atom)}`;

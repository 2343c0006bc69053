import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDifference } from "../../src/ovsdb/difference.js";
import { Fault } from "../../src/ovsdb/fault.js";
import { isMap, isSet, type Atom, type Value } from "../../src/ovsdb/value.js";
import { sorted, typedValues } from "./arbitraries.js";

const map = (...pairs: [Atom, Atom][]): Value => new Map(pairs);

const composites = typedValues.filter(({ type }) => type.max > 1);

/** What a server sends between two values: `ovsdb_datum_diff` of lib/ovsdb-data.c. */
function differenceBetween(before: Value, after: Value): Value {
  if (isMap(before) && isMap(after)) {
    const gone = [...before].filter(([key]) => !after.has(key));
    const come = [...after].filter(([key, value]) => before.get(key) !== value);
    return new Map([...gone, ...come]);
  }
  if (!isSet(before) || !isSet(after)) return after;
  return [
    ...before.filter((atom) => !after.includes(atom)),
    ...after.filter((atom) => !before.includes(atom)),
  ];
}

describe("applying the difference that a modify carries", () => {
  it.each<[string, Value, Value, Value]>([
    ["a set loses and gains members", [1, 2], [1, 3], [2, 3]],
    ["a set loses its only member", [2], [2], []],
    ["a set gains its first member", [], [2], [2]],
    ["a set loses several", [1, 2, 3], [1, 3], [2]],
    ["a set stays as it is", [1, 2], [], [1, 2]],
    [
      "a map changes, loses and gains a key",
      map(["a", 1], ["b", 2], ["c", 3]),
      map(["a", 9], ["b", 2], ["d", 4]),
      map(["a", 9], ["c", 3], ["d", 4]),
    ],
    [
      "a map loses a key whose value is the same",
      map(["a", 1], ["b", 2]),
      map(["a", 1], ["c", 3]),
      map(["b", 2], ["c", 3]),
    ],
    ["a map is emptied", map(["a", 9], ["c", 3]), map(["a", 9], ["c", 3]), map()],
    ["a map gains its first key", map(), map(["z", 1]), map(["z", 1])],
  ])("%s", (_what, before, difference, after) => {
    expect(sorted(value(applyDifference(before, difference)))).toEqual(sorted(after));
  });

  it("leaves the value before as it was", () => {
    const set = [1, 2];
    const pairs = new Map([["a", 1]]);
    applyDifference(set, [1]);
    applyDifference(pairs, map(["a", 1]));
    expect(set).toEqual([1, 2]);
    expect([...pairs]).toEqual([["a", 1]]);
  });

  it("leads from any value to any other", () => {
    fc.assert(
      fc.property(composites, ({ values: [before, after] }) => {
        const result = value(applyDifference(before, differenceBetween(before, after)));
        expect(sorted(result)).toEqual(sorted(after));
      }),
      { numRuns: 500 },
    );
  });

  it("leads back again when a set's is applied twice: an update must never be", () => {
    fc.assert(
      fc.property(
        composites.filter(({ type }) => type.value === undefined),
        ({ values: [before, after] }) => {
          const difference = differenceBetween(before, after);
          const twice = value(applyDifference(value(applyDifference(before, difference)), difference));
          expect(sorted(twice)).toEqual(sorted(before));
        },
      ),
    );
  });

  it("refuses a difference of another shape", () => {
    expect(applyDifference([1], map(["a", 1]))).toBeInstanceOf(Fault);
    expect(applyDifference(1, [1])).toBeInstanceOf(Fault);
  });
});

function value(result: Value | Fault): Value {
  if (result instanceof Fault) throw new Error(`expected ${result.expected}, got ${result.got}`);
  return result;
}

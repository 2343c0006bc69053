import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PersistentMap } from "../../../src/ovsdb/replica/persistent-map.js";

type Step =
  | { readonly do: "set" | "add"; readonly key: string | number; readonly value: number }
  | { readonly do: "delete"; readonly key: string | number }
  | { readonly do: "freeze" };

/** Few different keys, so that steps meet each other; the numbers all have one hash. */
const key = fc.oneof(
  fc.nat({ max: 60 }).map((n) => n * 2 ** 32),
  fc.nat({ max: 400 }).map((n) => `key-${n}`),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("set", "add"), key, value: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete"), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("freeze") }) },
);

function expectSame(
  map: PersistentMap<string | number, number>,
  model: ReadonlyMap<string | number, number>,
) {
  expect(map.size).toBe(model.size);
  expect(Array.from(model.keys(), (known) => map.get(known))).toEqual([...model.values()]);
  expect(map.values().toSorted((a, b) => a - b)).toEqual([...model.values()].toSorted((a, b) => a - b));
}

type Model = Map<string | number, number>;
type Editor = ReturnType<PersistentMap<string | number, number>["edit"]>;

/** What the step gives, done to the map and to its model. */
function take(
  each: Exclude<Step, { do: "freeze" }>,
  editor: Editor,
  model: Model,
): readonly [unknown, unknown] {
  if (each.do === "delete") {
    const before = model.get(each.key);
    model.delete(each.key);
    return [editor.delete(each.key), before];
  }
  if (each.do === "add") {
    const before = model.get(each.key);
    if (before === undefined) model.set(each.key, each.value);
    return [editor.add(each.key, each.value), before];
  }
  model.set(each.key, each.value);
  return [editor.set(each.key, each.value), undefined];
}

describe("a persistent map", () => {
  it("is what a Map is after the same steps, and every frozen one stays as it was", () => {
    const check = (steps: readonly Step[], before: number): void => {
      const model: Model = new Map(Array.from({ length: before }, (_, n) => [`key-${n}`, n]));
      const answers: (readonly [unknown, unknown])[] = [];
      const frozen: [PersistentMap<string | number, number>, Model][] = [];
      let editor = PersistentMap.empty<string | number, number>().edit();
      for (const [known, value] of model) editor.set(known, value);
      for (const each of [...steps, { do: "freeze" } as const]) {
        if (each.do === "freeze") {
          const map = editor.freeze();
          frozen.push([map, new Map(model)]);
          editor = map.edit();
        } else {
          answers.push(take(each, editor, model));
        }
      }
      for (const [given, expected] of answers) expect(given).toBe(expected);
      for (const [map, expected] of frozen) expectSame(map, expected);
    };
    const all = fc.array(step, { maxLength: 600, size: "max" });
    // So many that a frozen one is changed without being made anew, or none.
    const before = fc.constantFrom(0, 700);
    fc.assert(fc.property(all, before, check), { numRuns: 60 });
  });

  it("holds 100 keys of one hash", () => {
    const editor = PersistentMap.empty<number, number>().edit();
    for (let n = 0; n < 100; n += 1) editor.set(n * 2 ** 32, n);
    const map = editor.freeze();
    expect([map.size, map.get(99 * 2 ** 32), map.get(100 * 2 ** 32)]).toEqual([100, 99, undefined]);
  });

  it("leaves the map alone that an editor was begun on and dropped", () => {
    const first = PersistentMap.empty<string, number>().edit();
    for (let n = 0; n < 1000; n += 1) first.set(`k${n}`, n);
    const map = first.freeze();
    const dropped = map.edit();
    for (let n = 0; n < 1000; n += 2) dropped.delete(`k${n}`);
    dropped.set("k1", -1);
    expect([map.size, map.get("k0"), map.get("k1")]).toEqual([1000, 0, 1]);
  });
});

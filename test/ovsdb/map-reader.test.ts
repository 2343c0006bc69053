import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atomCodec } from "../../src/ovsdb/atom.js";
import { Fault } from "../../src/ovsdb/fault.js";
import { MapReader } from "../../src/ovsdb/map-reader.js";

const text = atomCodec({ type: "string", enum: undefined, minLength: undefined, maxLength: undefined });
const real = atomCodec({ type: "real", enum: undefined, minReal: undefined, maxReal: undefined });

const key = fc.constantFrom("a", "b", "c", "owner", "a key of many letters");
const value = fc.constantFrom<unknown>(0, -0, 1, 2.5, "no number");
const pair = fc.oneof(
  { weight: 20, arbitrary: fc.tuple(key, value) },
  fc.constantFrom<unknown>(["a"], "a", [1, 1], ["a", 1, 1]),
);
const maps = fc.array(fc.array(pair, { minLength: 1, maxLength: 4 }), { maxLength: 12 });

type Found = ReturnType<MapReader["read"]>;
const inOrder = (found: Found): unknown => (found instanceof Fault ? found : [...found]);

describe("the maps of a column", () => {
  it("are read one after the other as each is by itself", () => {
    fc.assert(
      fc.property(maps, (all) => {
        const reader = new MapReader(text, real);
        for (const pairs of all) {
          expect(inOrder(reader.read(pairs))).toEqual(inOrder(new MapReader(text, real).read(pairs)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("are one map where the next row has the same", () => {
    const reader = new MapReader(text, real);
    const first = reader.read([
      ["a", 1],
      ["b", 2],
    ]);
    const second = reader.read([
      ["a", 1],
      ["b", 2],
    ]);
    const third = reader.read([
      ["a", 1],
      ["b", 3],
    ]);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(first).toEqual(
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
  });

  it("take no bare string for a uuid, though the last map had that uuid there", () => {
    const id = "ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5";
    const reader = new MapReader(
      atomCodec({ type: "uuid", enum: undefined, refTable: undefined, refType: undefined }),
      real,
    );
    expect(inOrder(reader.read([[["uuid", id], 1]]))).toEqual([[id, 1]]);
    expect(reader.read([[id, 1]])).toBeInstanceOf(Fault);
  });
});

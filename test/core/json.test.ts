import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toJson } from "../../src/core/json.js";

describe("a value as JSON", () => {
  test("keeps every digit of a bigint, wherever it stands", () => {
    const value = { bytes: 18_446_744_073_709_551_615n, list: [-9_007_199_254_740_993n, 0n], none: null };
    expect(toJson(value, 0)).toBe('{"bytes":18446744073709551615,"list":[-9007199254740993,0],"none":null}');
  });

  test("is indented by two where that is asked for", () => {
    expect(toJson({ a: [1n] }, 2)).toBe('{\n  "a": [\n    1\n  ]\n}');
  });

  test("leaves text that looks like a number, or like a mark, as it is", () => {
    const text = ["12", '"12"', "bigint-0-12", '"bigint-'];
    expect(JSON.parse(toJson({ text, number: 1n }, 0))).toEqual({ text, number: 1 });
  });

  test("is what JSON.stringify gives where there is no bigint", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJson(value, 0)).toBe(JSON.stringify(value));
      }),
    );
  });

  test("is the same with small bigints as with the numbers that they are", () => {
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.string(),
        fc.array(tie("node")),
        fc.dictionary(fc.string(), tie("node")),
      ),
    }));
    fc.assert(
      fc.property(tree.node, (value) => {
        expect(JSON.parse(toJson(bigintsIn(value), 0))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("refuses what goes round in a circle, as JSON.stringify does", () => {
    const circle: Record<string, unknown> = { count: 1n };
    circle["self"] = circle;
    expect(() => toJson(circle, 0)).toThrow(TypeError);
  });
});

/** The same value with bigints for numbers. */
function bigintsIn(value: unknown): unknown {
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map(bigintsIn);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, bigintsIn(member)]));
}

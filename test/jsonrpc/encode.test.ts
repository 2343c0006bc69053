import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { encodeExactly, encodeValues } from "../../src/jsonrpc/encode.js";
import { FrameScanner } from "../../src/jsonrpc/frame-scanner.js";

const cyclic: unknown[] = [];
cyclic.push([cyclic]);
const nested = (levels: number): unknown[] => (levels === 1 ? [] : [nested(levels - 1)]);

describe("encodeValues", () => {
  it.each([
    [[1, -0.5, "a", true, null, [], {}], '[1,-0.5,"a",true,null,[],{}]'],
    [[9223372036854775807n, { k: [-1n] }], '[9223372036854775807,{"k":[-1]}]'],
    [["é網😀\u2028"], '["é網😀\u2028"]'],
    [["\u0001", String.raw`\u0000`], String.raw`["\u0001","\\u0000"]`],
    [[Object.assign(Object.create(null), { a: 1 })], '[{"a":1}]'],
    [[{ ["__proto__"]: 1n }], '[{"__proto__":1}]'],
  ])("writes %o", (values, text) => {
    expect(encodeValues(values)).toEqual({ text });
  });

  it.each([
    ["undefined", [{ row: { name: undefined } }], "[0].row.name", "undefined"],
    ["undefined in an array", [1, [undefined]], "[1][0]", "undefined"],
    ["a hole in an array", [Object.assign([], { 1: 1 })], "[0][0]", "undefined"],
    ["NaN", [Number.NaN], "[0]", "NaN"],
    ["Infinity", [{ a: -Infinity }], "[0].a", "-Infinity"],
    ["a number that has lost precision", [1, 5e-324], "[1]", "5e-324"],
    ["the largest of them", [-2.225_073_858_507_201e-308], "[0]", "-2.225073858507201e-308"],
    ["a function", [{ a: () => 1 }], "[0].a", "function"],
    ["a symbol", [Symbol("s")], "[0]", "symbol"],
    ["an integer above 64 bits", [2n ** 63n], "[0]", "9223372036854775808n"],
    ["an integer below 64 bits", [-(2n ** 63n) - 1n], "[0]", "-9223372036854775809n"],
    ["a NUL in a string", ["ok", "a\0b"], "[1]", String.raw`"a\u0000b"`],
    ["a lone surrogate", [{ a: "\ud800" }], "[0].a", String.raw`"\ud800"`],
    ["a lone trailing surrogate", ["x\udc00y"], "[0]", String.raw`"x\udc00y"`],
    ["a lone surrogate in a name", [{ "\ud83d": 1 }], "[0].\ud83d", String.raw`"\ud83d"`],
    ["a NUL in a name next to a bigint", [{ a: 1n, "\0": 1 }], "[0].\0", String.raw`"\u0000"`],
    ["a Map", [new Map([["a", 1]])], "[0]", "[object Map]"],
    ["a Date", [{ at: new Date(0) }], "[0].at", "[object Date]"],
  ])("refuses %s, and says where", (_name, values, path, got) => {
    expect(encodeValues(values)).toMatchObject({ fault: { path, got } });
  });

  it("refuses what nests too deep, or within itself", () => {
    expect(encodeValues(nested(999))).toHaveProperty("text");
    expect(encodeValues(nested(1000))).toHaveProperty("fault");
    expect(encodeValues(nested(5000))).toHaveProperty("fault");
    expect(encodeValues(cyclic)).toMatchObject({ fault: { got: "more levels, or an object inside itself" } });
  });

  it("writes what FrameScanner reads back, with bigints and without", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((number) => number === 0 || Math.abs(number) >= 2.225_073_858_507_201_4e-308)
        .map((number) => number + 0),
      fc.boolean(),
      fc.constant(null),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
    );
    const name = fc.string().filter((text) => !text.includes("\0"));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value")),
        fc.dictionary(name, tie("value"), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const encoded = encodeValues(values);
        if ("fault" in encoded) throw new Error(`refused: ${JSON.stringify(encoded.fault)}`);
        const read: unknown[] = [];
        new FrameScanner().push(
          Buffer.from(`{"values":${encoded.text}}`),
          (message) => read.push(message) > 0,
        );
        expect(read).toEqual([{ values: values.map(normal) }]);
      }),
    );
  });
});

/** -0 is 0 on the wire, as it is for ovsdb-server; a whole double beyond 2^53 is the integer that it prints as. */
function normal(value: unknown): unknown {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return 0;
    return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
      ? BigInt(String(value))
      : value;
  }
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, normal(member)]));
}

describe("encodeExactly", () => {
  it("writes whatever a peer may have sent", () => {
    const value = { id: [9007199254740993n, "\ud800", { __proto__: null, a: undefined }], 7: true };
    expect(encodeExactly(value)).toBe(String.raw`{"7":true,"id":[9007199254740993,"\ud800",{"a":null}]}`);
  });
});

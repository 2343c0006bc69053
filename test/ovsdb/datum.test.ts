import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EncodeContext } from "../../src/ovsdb/atom.js";
import type { BaseType } from "../../src/ovsdb/column-type.js";
import { datumCodec } from "../../src/ovsdb/datum.js";
import { Fault } from "../../src/ovsdb/fault.js";
import type { IntegerForm } from "../../src/ovsdb/schema-rows.js";
import { named } from "../../src/ovsdb/value.js";
import { columnTypes, sorted, typedValues } from "./arbitraries.js";
import { schemaOf } from "./lab.js";

const id = "ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5";
const nothing: EncodeContext = { names: new Set(), kept: undefined };

const codecOf = (type: unknown, integers?: IntegerForm) => {
  const schema = schemaOf({ name: "Db", tables: { T: { columns: { c: { type } } } } }, integers);
  const column = schema.tables.get("T")?.column("c");
  if (column === undefined) throw new Error("no column");
  return column.codec;
};

const optional = { key: "integer", min: 0 };
const set = { key: "integer", min: 0, max: 3 };
const map = { key: "string", value: "integer", min: 0, max: "unlimited" };

describe("reading a value by its type", () => {
  it.each([
    ["an integer", "integer", 7, 7],
    ["an integer beyond 2^53, exact", "integer", 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ["the largest integer", "integer", 9_223_372_036_854_775_807n, 9_223_372_036_854_775_807n],
    ["a real", "real", 0.1, 0.1],
    ["a whole real, printed as an integer", "real", 1, 1],
    ["a whole real beyond 2^53", "real", 9_007_199_254_740_993n, 9_007_199_254_740_992],
    ["the largest real, which is printed rounded up", "real", -Infinity, -Number.MAX_VALUE],
    ["a boolean", "boolean", true, true],
    ["a string", "string", "😀 é", "😀 é"],
    ["a uuid", "uuid", ["uuid", id], id],
    ["a uuid in capitals", "uuid", ["uuid", id.toUpperCase()], id],
    ["a scalar as a set of one", "integer", ["set", [7]], 7],
    ["an optional value", optional, 7, 7],
    ["an empty optional value", optional, ["set", []], null],
    ["an optional value as a set of one", optional, ["set", [7]], 7],
    ["a set", set, ["set", [1, 2]], [1, 2]],
    ["a set of one, which comes bare", set, 7, [7]],
    ["a set of one uuid, which comes bare", { key: "uuid", min: 0, max: 2 }, ["uuid", id], [id]],
    ["an empty set", set, ["set", []], []],
    ["a map", map, ["map", [["a", 1]]], new Map([["a", 1]])],
    ["an empty map", map, ["map", []], new Map()],
    ["a map with __proto__ for a key", map, ["map", [["__proto__", 1]]], new Map([["__proto__", 1]])],
  ])("%s", (_what, type, wire, value) => {
    expect(codecOf(type).decode(wire)).toEqual(value);
  });

  it.each<[string, unknown, IntegerForm, unknown, unknown]>([
    ["an integer, always a bigint", "integer", "bigint", 7, 7n],
    ["a set of integers, always bigints", set, "bigint", ["set", [1, 2]], [1n, 2n]],
    ["an integer, rounded", "integer", "number", 2n ** 53n + 1n, 2 ** 53],
    ["a map's integers, rounded", map, "number", ["map", [["a", 2n ** 60n]]], new Map([["a", 2 ** 60]])],
    [
      "a set's integers, exact: two of them never become one",
      set,
      "number",
      ["set", [2n ** 53n, 2n ** 53n + 1n]],
      [2n ** 53n, 2n ** 53n + 1n],
    ],
    [
      "an integer whose range fits a number",
      { key: { type: "integer", minInteger: 0, maxInteger: 9 } },
      "bigint",
      7,
      7,
    ],
  ])("%s", (_what, type, integers, wire, value) => {
    expect(codecOf(type, integers).decode(wire)).toEqual(value);
  });

  it("the default of an integer in the form that was chosen", () => {
    expect(codecOf("integer", "bigint").default).toBe(0n);
    expect(codecOf("integer", "number").default).toBe(0);
  });

  it.each([
    ["a string for an integer", "integer", "7"],
    ["a fraction for an integer", "integer", 7.5],
    ["an integer that lost its last digits", "integer", 2 ** 53],
    ["an integer of 65 bits", "integer", 2n ** 63n],
    [
      "a large integer where the schema promises a small one",
      { key: { type: "integer", minInteger: 0, maxInteger: 9 } },
      2n ** 60n,
    ],
    ["a number for a boolean", "boolean", 1],
    ["a number for a string", "string", 7],
    ["null", "string", null],
    ["nothing", "string", undefined],
    ["a bare uuid", "uuid", id],
    ["a named uuid", "uuid", ["named-uuid", "x"]],
    ["a uuid that is too short", "uuid", ["uuid", id.slice(1)]],
    ["a uuid with more behind it", "uuid", ["uuid", `${id}0`]],
    ["a uuid of three parts", "uuid", ["uuid", id, id]],
    ["two values for a scalar", "integer", ["set", [1, 2]]],
    ["no value for a scalar", "integer", ["set", []]],
    ["two values for an optional one", optional, ["set", [1, 2]]],
    ["too many members", set, ["set", [1, 2, 3, 4]]],
    ["too few members", { key: "integer", max: 2 }, ["set", []]],
    ["a member twice", set, ["set", [1, 1]]],
    ["a set without its list", set, ["set"]],
    ["a set that is no list", set, ["set", 7]],
    ["a set for a map", map, ["set", []]],
    ["a map that is an object", map, { a: 1 }],
    ["a pair of three", map, ["map", [["a", 1, 2]]]],
    [
      "a key twice",
      map,
      [
        "map",
        [
          ["a", 1],
          ["a", 2],
        ],
      ],
    ],
  ])("refuses %s", (_what, type, wire) => {
    expect(codecOf(type).decode(wire)).toBeInstanceOf(Fault);
  });

  it("takes whatever a peer sends, whatever the type, without a crash", () => {
    fc.assert(
      fc.property(columnTypes, fc.jsonValue(), (type, wire) => {
        const value = datumCodec(type).decode(wire);
        expect(value).toBeDefined();
      }),
    );
  });
});

describe("writing a value by its type", () => {
  it.each([
    ["an integer", "integer", 7, 7],
    ["a bigint that a number could be", "integer", 7n, 7],
    ["an integer beyond 2^53, exact", "integer", 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ["a uuid", "uuid", id, ["uuid", id]],
    ["an optional value", optional, 7, 7],
    ["no optional value", optional, null, ["set", []]],
    ["a set", set, [1, 2], ["set", [1, 2]]],
    ["a map", map, new Map([["a", 1]]), ["map", [["a", 1]]]],
    [
      "a string as long as it may be, counted in code points",
      { key: { type: "string", maxLength: 2 } },
      "😀é",
      "😀é",
    ],
  ])("%s", (_what, type, value, wire) => {
    expect(codecOf(type).encode(value, nothing)).toEqual(wire);
  });

  const inReach =
    "0, or a number from 2.22507385850721e-308 to 1.79769313486231e+308 in size: the server cannot read others";
  const tag = { key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0 };
  const kind = { key: { type: "string", enum: ["set", ["a", "b"]] }, min: 0 };
  it.each([
    ["an integer out of range", tag, 4096, "an integer from 0 to 4095, or null for none"],
    ["a fraction", "integer", 1.5, "an integer; beyond 2^53 a bigint"],
    ["an integer that is not exact any more", "integer", 2 ** 53, "an integer; beyond 2^53 a bigint"],
    ["an integer of 65 bits", "integer", 2n ** 63n, "an integer; beyond 2^53 a bigint"],
    ["a text for an integer", "integer", "7", "an integer; beyond 2^53 a bigint"],
    ["NaN", "real", Number.NaN, "a finite number"],
    ["a real on which ovsdb-server hangs up", "real", -5e-324, inReach],
    ["a real that ovsdb-server rounds until it cannot read it", "real", Number.MAX_VALUE, inReach],
    ["a real that it rounds so, of the smallest", "real", 2 ** -1022, inReach],
    ["a value that the enum has not", kind, "c", "one of a, b, or null for none"],
    ["null for what is not optional", "string", null, "a value: the column is not optional"],
    ["undefined", optional, undefined, "an integer; beyond 2^53 a bigint, or null for none"],
    [
      "a string that is too long",
      { key: { type: "string", maxLength: 2 } },
      "abc",
      "a string with a length of at most 2",
    ],
    [
      "a string that is too short",
      { key: { type: "string", minLength: 2 } },
      "😀",
      "a string with a length of at least 2",
    ],
    ["NUL in a string", "string", "a\0b", "a string without NUL or half a surrogate pair"],
    ["half a surrogate pair", "string", "\ud800", "a string without NUL or half a surrogate pair"],
    [
      "half a surrogate pair for a key",
      map,
      new Map([["\udfff", 1]]),
      "a key that is a string without NUL or half a surrogate pair",
    ],
    [
      "a text that is no uuid",
      { key: { type: "uuid", refTable: "Port" } },
      "eth0",
      "the uuid of a row of Port, or named()",
    ],
    ["a scalar for a set", set, 1, "an array"],
    ["too many members", set, [1, 2, 3, 4], "an array with 0 to 3 members"],
    ["too few members", { key: "integer", max: "unlimited" }, [], "an array with at least 1 member"],
    ["a member twice", set, [1, 1n], "each member once"],
    ["an object for a map", map, { a: 1 }, "a Map"],
    [
      "a value of the wrong type in a map",
      map,
      new Map([["a", "1"]]),
      "a value that is an integer; beyond 2^53 a bigint",
    ],
    ["a row that no insert makes", "uuid", named("nope"), "the uuidName of an insert of this transaction"],
  ])("refuses %s", (_what, type, value, expected) => {
    expect(codecOf(type).encode(value, nothing)).toMatchObject({ expected });
  });

  it("refers to a row of the same transaction", () => {
    const kept = new Set<string>();
    const context = { names: new Set(["p"]), kept };
    expect(
      codecOf({ key: { type: "uuid", refTable: "T", refType: "weak" } }).encode(named("p"), context),
    ).toEqual(["named-uuid", "p"]);
    expect([...kept]).toEqual([]);
    expect(codecOf({ key: { type: "uuid", refTable: "T" } }).encode(named("p"), context)).toEqual([
      "named-uuid",
      "p",
    ]);
    expect([...kept]).toEqual(["p"]);
  });

  it("is undone by reading, for every type", () => {
    fc.assert(
      fc.property(typedValues, ({ type, values: [value] }) => {
        const codec = datumCodec(type);
        const wire = codec.encode(value, nothing);
        expect(wire).not.toBeInstanceOf(Fault);
        expect(sorted(read(codec.decode(wire)))).toEqual(sorted(value));
      }),
      { numRuns: 500 },
    );
  });

  it("takes whatever it is given, whatever the type, without a crash", () => {
    fc.assert(
      fc.property(
        columnTypes,
        fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }),
        (type, value) => {
          expect(datumCodec(type).encode(value, nothing)).toBeDefined();
        },
      ),
    );
  });
});

describe("the default of a type", () => {
  const integers: BaseType = {
    type: "integer",
    enum: undefined,
    minInteger: undefined,
    maxInteger: undefined,
  };
  it.each([
    ["integer", 0],
    ["real", 0],
    ["boolean", false],
    ["string", ""],
    ["uuid", "00000000-0000-0000-0000-000000000000"],
    [optional, null],
    [set, []],
    [map, new Map()],
    [{ key: "integer", max: 2 }, [0]],
    [{ key: "integer", value: "string" }, new Map([[0, ""]])],
  ])("of %j", (type, value) => {
    expect(codecOf(type).default).toEqual(value);
  });

  it("stands for no value where nothing has to be there", () => {
    expect(datumCodec({ key: integers, value: undefined, min: 0, max: Infinity }).default).toEqual([]);
  });
});

/** A value, where a fault would be a failure of the test. */
function read<T>(value: T | Fault): T {
  if (value instanceof Fault) throw new Error(`expected ${value.expected}, got ${value.got}`);
  return value;
}

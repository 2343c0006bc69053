import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeValues } from "../../src/jsonrpc/encode.js";
import { encodeTransaction, writeTransaction } from "../../src/ovsdb/encode-transaction.js";
import { Fault } from "../../src/ovsdb/fault.js";
import { isSendable } from "../../src/ovsdb/json.js";
import { operations } from "../../src/ovsdb/operations.js";
import { prepareTransaction } from "../../src/ovsdb/prepared.js";
import type { Uuid } from "../../src/ovsdb/uuid.js";
import { named, type Integer } from "../../src/ovsdb/value.js";
import { labJson, schemaOf, uuidOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

const { insert, mutate, wait } = operations<LabDatabase>();
const schemas = { server: schemaOf(labJson), expected: undefined };

/** A new item under a root: its name stands in three places, the root's id in two, and so does the number. */
const newItem = (name: string, value: string, root: Uuid, number: Integer) => [
  wait("Root", [["_uuid", "==", root]], ["name"], "==", [{ name }], 0),
  insert("Item", { name, opts: new Map([["k", value]]) }, { uuidName: "item" }),
  mutate("Root", [["_uuid", "==", root]], [["items", "insert", [named("item")]]]),
  insert("Log", { msg: name, k: number }),
  wait("Log", [["k", ">", number]], ["k"], "==", [], 0),
];

const root = uuidOf("ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5");

function prepareItem() {
  return prepareTransaction(
    schemas,
    { texts: 3, integers: 1 },
    ([name, value, id], [number]) => newItem(name ?? "", value ?? "", id ?? root, number ?? 0),
    "test",
  ).unwrap();
}

function parsed(text: string | Fault): unknown {
  if (text instanceof Fault) throw new Error(text.expected);
  return JSON.parse(text);
}

describe("a prepared transaction", () => {
  test("sends what the same operations with these values do, whatever the values", () => {
    const prepared = prepareItem();
    const text = fc.string({ unit: "binary" }).filter(isSendable);
    const number = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    fc.assert(
      fc.property(text, text, fc.uuid(), number, (name, value, id, k) => {
        const encoded = encodeTransaction(schemas, newItem(name, value, uuidOf(id), k), "test").unwrap();
        const written = encodeValues(["Lab", ...encoded.wire]);
        expect({ text: prepared.paramsWith([name, value, id, k]) }).toEqual(written);
        expect({ text: writeTransaction("Lab", encoded) }).toEqual(written);
      }),
    );
  });

  test("takes a value that looks like a blank, or like JSON, for what it is", () => {
    const prepared = prepareItem();
    const odd = `"],{"op":"delete"}\\`;
    expect(parsed(prepared.paramsWith([odd, odd, root, 5]))).toMatchObject([
      "Lab",
      { rows: [{ name: odd }] },
      { row: { name: odd, opts: ["map", [["k", odd]]] } },
      {},
      { row: { msg: odd, k: 5 } },
      { where: [["k", ">", 5]] },
    ]);
  });

  test.each([
    ["NUL", ["a\0", "b", root, 5], "text without NUL"],
    ["half a surrogate pair", ["a", "\ud800", root, 5], "text without lone surrogates"],
    ["a number in a text's place", ["a", 5, root, 5], "a string"],
    ["a text in a number's place", ["a", "b", root, "5"], "an integer of 64 bits"],
    ["a number that is none", ["a", "b", root, 0.5], "an integer of 64 bits"],
    ["an integer beyond 64 bits", ["a", "b", root, 2n ** 63n], "an integer of 64 bits"],
    ["too few values", ["a"], "4 values"],
  ])("is not sent with %s", (_what, values, expected) => {
    const filled = prepareItem().paramsWith(values);
    expect(filled).toBeInstanceOf(Fault);
    expect(filled).toMatchObject({ expected });
  });

  test("is refused where the operations are wrong, or a blank is only a part of a text", () => {
    const wrong = prepareTransaction(
      schemas,
      { texts: 1, integers: 0 },
      ([blank]) => [insert("Item", { name: blank ?? "" })],
      "test",
    );
    expect(wrong.unwrapErr()).toMatchObject({ kind: "invalid", path: "the row inserted into Item" });
    const part = prepareTransaction(
      schemas,
      { texts: 1, integers: 0 },
      ([blank]) => [insert("Log", { msg: `/run/${blank}` })],
      "test",
    );
    expect(part.unwrapErr()).toMatchObject({ kind: "invalid", path: "blank 0", got: "a part of one" });
    const digits = prepareTransaction(
      schemas,
      { texts: 0, integers: 1 },
      (_texts, [blank]) => [insert("Log", { msg: `vlan${blank}` })],
      "test",
    );
    expect(digits.unwrapErr()).toMatchObject({ expected: "an integer as a whole", got: "a part of one" });
  });
});

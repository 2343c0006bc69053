import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeTransaction } from "../../src/ovsdb/encode-transaction.js";
import { Fault } from "../../src/ovsdb/fault.js";
import { isSendable } from "../../src/ovsdb/json.js";
import { operations } from "../../src/ovsdb/operations.js";
import { prepareTransaction } from "../../src/ovsdb/prepared.js";
import type { Uuid } from "../../src/ovsdb/uuid.js";
import { named } from "../../src/ovsdb/value.js";
import { labJson, schemaOf, uuidOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

const { insert, mutate, wait } = operations<LabDatabase>();
const schemas = { server: schemaOf(labJson), expected: undefined };

/** A new item under a root: its name stands in three places, the root's id in two. */
const newItem = (name: string, value: string, root: Uuid) => [
  wait("Root", [["_uuid", "==", root]], ["name"], "==", [{ name }], 0),
  insert("Item", { name, opts: new Map([["k", value]]) }, { uuidName: "item" }),
  mutate("Root", [["_uuid", "==", root]], [["items", "insert", [named("item")]]]),
  insert("Log", { msg: name }),
];

const root = uuidOf("ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5");

function prepareItem() {
  return prepareTransaction(
    schemas,
    3,
    ([name, value, id]) => newItem(name ?? "", value ?? "", id ?? root),
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
    fc.assert(
      fc.property(text, text, fc.uuid(), (name, value, id) => {
        const written = encodeTransaction(schemas, newItem(name, value, uuidOf(id)), "test").unwrap();
        expect(parsed(prepared.paramsWith([name, value, id]))).toEqual(["Lab", ...written.wire]);
      }),
    );
  });

  test("takes a value that looks like a blank, or like JSON, for what it is", () => {
    const prepared = prepareItem();
    const odd = `"],{"op":"delete"}\\`;
    expect(parsed(prepared.paramsWith([odd, odd, root]))).toMatchObject([
      "Lab",
      { rows: [{ name: odd }] },
      { row: { name: odd, opts: ["map", [["k", odd]]] } },
      {},
      { row: { msg: odd } },
    ]);
  });

  test.each([
    ["NUL", ["a\0", "b", root], "text without NUL"],
    ["half a surrogate pair", ["a", "\ud800", root], "text without lone surrogates"],
    ["too few values", ["a"], "a value for each blank"],
  ])("is not sent with %s", (_what, values, expected) => {
    const filled = prepareItem().paramsWith(values);
    expect(filled).toBeInstanceOf(Fault);
    expect(filled).toMatchObject({ expected });
  });

  test("is refused where the operations are wrong, or a blank is only a part of a text", () => {
    const wrong = prepareTransaction(
      schemas,
      1,
      ([blank]) => [insert("Item", { name: blank ?? "" })],
      "test",
    );
    expect(wrong.unwrapErr()).toMatchObject({ kind: "invalid", path: "the row inserted into Item" });
    const part = prepareTransaction(
      schemas,
      1,
      ([blank]) => [insert("Log", { msg: `/run/${blank}` })],
      "test",
    );
    expect(part.unwrapErr()).toMatchObject({ kind: "invalid", path: "blank 0", got: "a part of one" });
  });
});

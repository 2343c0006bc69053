import { describe, expect, it } from "vitest";
import { encodeTransaction } from "../../src/ovsdb/encode-transaction.js";
import { TransactionRejectedError } from "../../src/ovsdb/errors.js";
import { operations, type Operation } from "../../src/ovsdb/operations.js";
import { readTransactionResult } from "../../src/ovsdb/transaction-result.js";
import { labJson, schemaOf, uuidOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

const { abort, comment, insert, select, update, wait } = operations<LabDatabase>();
const lab = schemaOf(labJson);
const id = "ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5";

const read = (given: readonly Operation[], wire: unknown) =>
  readTransactionResult(
    encodeTransaction({ server: lab, expected: undefined }, given, "test").unwrap(),
    wire,
    "test",
  );

const three = [insert("Log", { msg: "x" }), update("Item", [], { n: 1 }), comment("why")];
const done = [{ uuid: ["uuid", id] }, { count: 2 }, {}];

const rejection = (given: readonly Operation[], wire: unknown): TransactionRejectedError => {
  const error = read(given, wire).unwrapErr();
  if (error instanceof TransactionRejectedError) return error;
  throw error;
};

describe("the result of a transaction that was done", () => {
  it("has what each operation gave, in its place", () => {
    expect(read(three, done).unwrap()).toEqual([{ uuid: id }, { count: 2 }, {}]);
  });

  it("has rows in native values, each with its id", () => {
    const wire = [
      {
        rows: [
          {
            _uuid: ["uuid", id],
            name: "i1",
            kind: "a",
            opts: ["map", [["x", "y"]]],
            s: ["set", []],
            tags: 7,
            later: 1,
          },
        ],
      },
    ];
    expect(read([select("Item", [], ["name", "tags", "kind", "opts", "s"])], wire).unwrap()).toEqual([
      {
        rows: [{ _uuid: uuidOf(id), name: "i1", tags: [7], kind: "a", opts: new Map([["x", "y"]]), s: null }],
      },
    ]);
  });

  it("is empty where there were no operations", () => {
    expect(read([], []).unwrap()).toEqual([]);
  });
});

describe("a transaction that was refused", () => {
  it("names the operation that failed; those after it have null", () => {
    const failed = {
      error: "constraint violation",
      details: "101 is not in the valid range 0 to 100 (inclusive)",
    };
    const error = rejection(three, [done[0], failed, null]);
    expect(error).toMatchObject({
      kind: "rejected",
      operation: "test",
      reason: "constraint violation",
      details: failed.details,
      at: { index: 1, op: "update", table: "Item" },
    });
    expect(error.message).toBe(
      "test: the server refused the transaction in operation 1 (update on Item): constraint violation; 101 is not in the valid range 0 to 100 (inclusive)",
    );
  });

  it("fails on commit by one element more than there were operations, all of which look done", () => {
    const failed = {
      error: "referential integrity violation",
      details: "Table Root column items references nonexistent row",
    };
    const error = rejection(three, [...done, failed]);
    expect(error).toMatchObject({ reason: "referential integrity violation", at: "commit" });
    expect(error.message).toContain("on commit");
  });

  it.each([
    ["timed out", "what the transaction was built on has changed: read again and build it anew"],
    ["not owner", "another client holds the lock"],
    ["not allowed", "this server or this remote takes no writes: use another remote"],
    ["duplicate uuid", "an earlier try may have done it already"],
  ])("says what to do about %s", (reason, remedy) => {
    const guard = [wait("Log", [], ["k"], "==", [], 0)];
    expect(rejection(guard, [{ error: reason }]).message).toBe(
      `test: the server refused the transaction in operation 0 (wait on Log): ${reason}; ${remedy}`,
    );
  });

  it("has no table where the operation is about none", () => {
    expect(rejection([abort()], [{ error: "aborted", details: "aborted by request" }]).at).toEqual({
      index: 0,
      op: "abort",
      table: undefined,
    });
  });

  it("is plain data for a log", () => {
    const error = rejection(three, [{ error: "aborted", details: "d" }, null, null]);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      kind: "rejected",
      reason: "aborted",
      at: { index: 0, op: "insert" },
    });
  });

  it("may come as an object in place of the list", () => {
    expect(read(three, { error: "syntax error", details: "array expected" }).unwrapErr()).toMatchObject({
      kind: "rejected",
      reason: "syntax error",
      details: "array expected",
    });
  });
});

describe("a result that is none", () => {
  it.each([
    ["no list", 7],
    ["nothing", undefined],
    ["null in place of a result, and no error", [done[0], null, null]],
    ["too few elements", done.slice(1)],
    ["too many elements, the last of which is no error", [...done, {}]],
    ["a count that is none", [done[0], { count: "2" }, {}]],
    ["a negative count", [done[0], { count: -1 }, {}]],
    ["a uuid that is none", [{ uuid: ["uuid", "zzz"] }, done[1], {}]],
    ["an insert without its uuid", [{}, done[1], {}]],
    ["a text in place of a result", [done[0], done[1], "error"]],
  ])("%s", (_what, wire) => {
    const error = read(three, wire).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol", operation: "test" });
    expect(error.message).toMatch(
      /^test: the server's transaction result \(it may have been done\).*; expected .*/u,
    );
  });

  it.each([
    ["no rows", {}],
    ["rows that are no list", { rows: {} }],
    ["a row that is none", { rows: [7] }],
    ["a row without its id", { rows: [{ tags: 7 }] }],
    ["a row without a column that was asked for", { rows: [{ _uuid: ["uuid", id] }] }],
    ["a row with a value of another type", { rows: [{ _uuid: ["uuid", id], tags: "seven" }] }],
  ])("%s", (_what, wire) => {
    expect(read([select("Item", [], ["tags"])], [wire]).unwrapErr()).toMatchObject({ kind: "protocol" });
  });

  it("names the column", () => {
    const wire = [{ rows: [{ _uuid: ["uuid", id], tags: "seven" }] }];
    expect(read([select("Item", [], ["tags"])], wire).unwrapErr().message).toContain(
      '0 (select).Item.tags is "seven"; expected a 64-bit integer',
    );
  });
});

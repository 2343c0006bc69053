import { describe, expect, it } from "vitest";
import { encodeTransaction } from "../../src/ovsdb/encode-transaction.js";
import { operations, setKey, type Operation, type WaitOperation } from "../../src/ovsdb/operations.js";
import { named } from "../../src/ovsdb/value.js";
import { labJson, schemaOf, uuidOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";

const { abort, assertLock, comment, commit, deleteRows, insert, mutate, select, update, wait } =
  operations<LabDatabase>();
const untyped = operations();
const lab = schemaOf(labJson);
const id = uuidOf("ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5");

const encode = (...given: readonly Operation[]) =>
  encodeTransaction({ server: lab, expected: undefined }, given, "test");
const wireOf = (...given: readonly Operation[]): unknown => encode(...given).unwrap().wire;
const errorOf = (...given: readonly Operation[]): unknown => encode(...given).unwrapErr();

/** Encodes for a program whose schema has a table Log with these columns. */
const encodeFor = (log: object, operation: Operation) => {
  const expected = schemaOf({ ...labJson, tables: { Log: { isRoot: true, columns: log } } });
  return encodeTransaction({ server: lab, expected }, [operation], "test");
};

/* What the builders' types do not let through. */
const selectLog = (where: readonly unknown[]): Operation => ({
  op: "select",
  table: "Log",
  where,
  columns: [],
});
const mutateLog = (mutation: unknown): Operation => ({
  op: "mutate",
  table: "Log",
  where: [],
  mutations: [mutation],
});
const waitFor = (change: Partial<WaitOperation>): Operation => ({
  op: "wait",
  table: "Log",
  where: [],
  columns: ["k"],
  until: "==",
  rows: [],
  timeoutMs: 0,
  ...change,
});

describe("operations on the wire", () => {
  it("insert, with a name and an id for the row", () => {
    expect(
      wireOf(
        insert(
          "Item",
          { name: "i1", n: 1, tags: [1, 2], opts: new Map([["k", "v"]]), kind: "a", s: null },
          { uuidName: "r1" },
        ),
        insert("Root", { name: "root", items: [named("r1")], leader: named("r1") }),
        insert("Log", { msg: "m" }, { uuid: uuidOf("11111111-2222-4333-8444-555555555555") }),
      ),
    ).toEqual([
      {
        op: "insert",
        table: "Item",
        row: {
          name: "i1",
          n: 1,
          tags: ["set", [1, 2]],
          opts: ["map", [["k", "v"]]],
          kind: "a",
          s: ["set", []],
        },
        "uuid-name": "r1",
      },
      {
        op: "insert",
        table: "Root",
        row: { name: "root", items: ["set", [["named-uuid", "r1"]]], leader: ["named-uuid", "r1"] },
      },
      { op: "insert", table: "Log", row: { msg: "m" }, uuid: "11111111-2222-4333-8444-555555555555" },
    ]);
  });

  it("select, always with _uuid, without which equal rows come once", () => {
    expect(wireOf(select("Log", [], ["msg"]), select("Log", [], ["_uuid", "k"]))).toEqual([
      { op: "select", table: "Log", where: [], columns: ["_uuid", "msg"] },
      { op: "select", table: "Log", where: [], columns: ["_uuid", "k"] },
    ]);
  });

  it("select of every column, but not _version", () => {
    expect(wireOf(select("Log", []))).toEqual([
      { op: "select", table: "Log", where: [], columns: ["_uuid", "msg", "k"] },
    ]);
  });

  it("update, mutate and delete", () => {
    expect(
      wireOf(
        update("Item", [["name", "==", "i1"]], { n: 5 }),
        mutate(
          "Item",
          [["_uuid", "==", id]],
          [
            ["n", "+=", 1],
            ["tags", "insert", [3]],
            ["opts", "delete", ["k"]],
          ],
        ),
        deleteRows("Log", [["k", "<=", 1]]),
      ),
    ).toEqual([
      { op: "update", table: "Item", where: [["name", "==", "i1"]], row: { n: 5 } },
      {
        op: "mutate",
        table: "Item",
        where: [["_uuid", "==", ["uuid", id]]],
        mutations: [
          ["n", "+=", 1],
          ["tags", "insert", ["set", [3]]],
          ["opts", "delete", ["set", ["k"]]],
        ],
      },
      { op: "delete", table: "Log", where: [["k", "<=", 1]] },
    ]);
  });

  it("wait, which always says for how long", () => {
    expect(wireOf(wait("Item", [["name", "==", "i1"]], ["n"], "==", [{ n: 77 }], 0))).toEqual([
      {
        op: "wait",
        table: "Item",
        where: [["name", "==", "i1"]],
        columns: ["n"],
        until: "==",
        rows: [{ n: 77 }],
        timeout: 0,
      },
    ]);
  });

  it("wait for a row to be there, or for none", () => {
    expect(
      wireOf(
        wait("Root", [["_uuid", "==", id]], ["_uuid"], "==", [{ _uuid: id }], 0),
        wait("Root", [], ["name"], "!=", [], 10),
      ),
    ).toMatchObject([{ rows: [{ _uuid: ["uuid", id] }] }, { rows: [], until: "!=" }]);
  });

  it("commit, abort, comment and assert", () => {
    expect(wireOf(comment("why"), assertLock("mylock"), commit({ durable: true }), abort())).toEqual([
      { op: "comment", comment: "why" },
      { op: "assert", lock: "mylock" },
      { op: "commit", durable: true },
      { op: "abort" },
    ]);
  });

  it("a key of a map is set by taking it out and putting it in: an insert alone does not overwrite", () => {
    expect(wireOf(mutate("Item", [], setKey("opts", "x", "NEW")))).toMatchObject([
      {
        mutations: [
          ["opts", "delete", ["set", ["x"]]],
          ["opts", "insert", ["map", [["x", "NEW"]]]],
        ],
      },
    ]);
  });

  it("a map loses keys, or pairs", () => {
    expect(wireOf(mutate("Item", [], [["opts", "delete", new Map([["a", "1"]])]]))).toMatchObject([
      { mutations: [["opts", "delete", ["map", [["a", "1"]]]]] },
    ]);
  });

  it("an optional value comes and goes like the member of a set", () => {
    expect(
      wireOf(
        mutate(
          "Item",
          [],
          [
            ["s", "insert", ["x"]],
            ["s", "delete", ["x", "y"]],
          ],
        ),
      ),
    ).toMatchObject([
      {
        mutations: [
          ["s", "insert", ["set", ["x"]]],
          ["s", "delete", ["set", ["x", "y"]]],
        ],
      },
    ]);
  });

  it("what is added to a number need not be in the range of the column", () => {
    expect(wireOf(mutate("Item", [], [["n", "-=", 1000]]))).toMatchObject([
      { mutations: [["n", "-=", 1000]] },
    ]);
  });

  it("conditions: booleans, members, an order on what may be empty", () => {
    const where = [
      true,
      ["tags", "includes", []],
      ["tags", "excludes", [1, 2, 3, 4]],
      ["opts", "includes", new Map([["a", "1"]])],
      ["s", "!=", null],
    ] as const;
    expect(wireOf(select("Item", where, ["name"]))).toMatchObject([
      {
        where: [
          true,
          ["tags", "includes", ["set", []]],
          ["tags", "excludes", ["set", [1, 2, 3, 4]]],
          ["opts", "includes", ["map", [["a", "1"]]]],
          ["s", "!=", ["set", []]],
        ],
      },
    ]);
  });

  it("keeps integers beyond 2^53 exact", () => {
    expect(wireOf(insert("Log", { k: 9_007_199_254_740_993n }))).toMatchObject([
      { row: { k: 9_007_199_254_740_993n } },
    ]);
  });

  it("a reference may stand before the insert", () => {
    expect(
      wireOf(
        insert("Root", { items: [named("later")] }),
        insert("Item", { name: "x" }, { uuidName: "later" }),
      ),
    ).toHaveLength(2);
  });
});

describe("what is refused before anything is sent", () => {
  const item = { name: "x" };
  const attach = mutate("Root", [], [["items", "insert", [named("i")]]]);
  it.each<[string, readonly Operation[], string, string]>([
    ["a value out of range", [update("Item", [], { n: 101 })], "Item.n", "101"],
    ["a value that the enum has not", [untyped.update("Item", [], { kind: "c" })], "Item.kind", '"c"'],
    ["a string that is too long", [update("Item", [], { s: "123456789" })], "Item.s", '"123456789"'],
    ["too many members", [update("Item", [], { tags: [1, 2, 3, 4] })], "Item.tags", "4"],
    ["a member twice", [update("Item", [], { tags: [1, 1] })], "Item.tags", "[1,1]"],
    [
      "a commit that is durable or not, who knows",
      [Object.assign(commit({ durable: true }), { durable: 1 })],
      "durable",
      "1",
    ],
    ["undefined", [{ op: "update", table: "Item", where: [], row: { n: undefined } }], "Item.n", "nothing"],
    [
      "a column that only an insert sets, in an update",
      [update("Item", [], { name: "y" })],
      "Item.name",
      '"name"',
    ],
    [
      "a column that only an insert sets, in a mutate",
      [untyped.mutate("Item", [], [["name", "+=", 1]])],
      "Item.name",
      '"name"',
    ],
    ["the row's id among its columns", [untyped.insert("Log", { _uuid: id })], "Log._uuid", '"_uuid"'],
    ["a uuidName that is no <id>", [insert("Log", {}, { uuidName: "veth-1" })], "Log.uuidName", '"veth-1"'],
    [
      "a uuidName twice",
      [insert("Log", {}, { uuidName: "a" }), insert("Log", {}, { uuidName: "a" })],
      "Log.uuidName",
      '"a"',
    ],
    [
      "a uuid that is none",
      [
        // @ts-expect-error -- the types know uuids
        insert("Log", {}, { uuid: "zzz" }),
      ],
      "Log.uuid",
      '"zzz"',
    ],
    [
      "a row that no insert makes, which a weak reference would lose",
      [update("Root", [], { leader: named("nope") })],
      "Root.leader",
      'named("nope")',
    ],
    [
      "an insert that nothing refers to and that is gone on commit",
      [insert("Item", item, { uuidName: "i" })],
      "the row inserted into Item",
      "referred to by nothing",
    ],
    [
      "an insert that only a weak reference refers to",
      [insert("Item", item, { uuidName: "i" }), update("Root", [], { leader: named("i") })],
      "the row inserted into Item",
      "referred to by nothing",
    ],
    [
      "an insert that is only compared with",
      [insert("Item", item, { uuidName: "i" }), select("Root", [["items", "includes", [named("i")]]], [])],
      "the row inserted into Item",
      "referred to by nothing",
    ],
    [
      "an insert that is only taken out",
      [insert("Item", item, { uuidName: "i" }), mutate("Root", [], [["items", "delete", [named("i")]]])],
      "the row inserted into Item",
      "referred to by nothing",
    ],
    ["an order of strings", [selectLog([["msg", "<", "x"]])], "Log.msg", '"<"'],
    ["an order of sets", [untyped.select("Item", [["tags", "<", 1]], [])], "Item.tags", '"<"'],
    ["a function that is none", [selectLog([["msg", "=~", "x"]])], "Log.msg", '"=~"'],
    ["a condition that is none", [selectLog(["msg"])], "Log", '"msg"'],
    ["arithmetic on a string", [untyped.mutate("Log", [], [["msg", "+=", 1]])], "Log.msg", '"+="'],
    ["the rest of a real", [mutate("Item", [], [["r", "%=", 1]])], "Item.r", '"%="'],
    ["a division by zero", [mutate("Item", [], [["n", "/=", 0]])], "Item.n", "0"],
    ["an insert into a number", [untyped.mutate("Log", [], [["k", "insert", [1]]])], "Log.k", '"insert"'],
    ["a mutator that is none", [mutateLog(["k", "**=", 2])], "Log.k", '"**="'],
    ["a wait without a time", [waitFor({ timeoutMs: Number.NaN })], "Log.wait.timeoutMs", "NaN"],
    ["a wait with a negative time", [wait("Log", [], ["k"], "==", [], -1)], "Log.wait.timeoutMs", "-1"],
    [
      "a wait without columns, which never matches",
      [wait("Log", [], [], "==", [], 0)],
      "Log.wait.columns",
      "[]",
    ],
    [
      "a wait for a row without one of the columns",
      [waitFor({ columns: ["k", "msg"], rows: [{ k: 1 }] })],
      "Log.msg",
      "nothing",
    ],
    ["a wait for a row with another column", [waitFor({ rows: [{ k: 1, msg: "" }] })], "Log.msg", '"msg"'],
    // @ts-expect-error -- the types know no other
    ["a wait until something else", [waitFor({ until: "<" })], "Log.wait.until", '"<"'],
    ["NUL in a comment", [comment("a\0b")], "comment", String.raw`"a\u0000b"`],
    ["a lock that is no <id>", [assertLock("my-lock")], "lock", '"my-lock"'],
  ])("%s", (_what, given, path, got) => {
    const error = errorOf(...given);
    expect(error).toMatchObject({ kind: "invalid", operation: "test", path, got });
    expect(error).toHaveProperty("message", expect.stringMatching(/^test: .* is .*; expected .+$/su));
  });

  it("but not an insert that is referred to", () => {
    expect(wireOf(insert("Item", item, { uuidName: "i" }), attach)).toHaveLength(2);
    expect(
      wireOf(insert("Item", item, { uuid: id }), mutate("Root", [], [["items", "insert", [id]]])),
    ).toHaveLength(2);
  });

  it("an insert without a column whose default the server refuses", () => {
    const columns = {
      mode: { type: { key: { type: "string", enum: ["set", ["on", "off"]] } } },
      parent: { type: { key: { type: "uuid", refTable: "T" } } },
      low: { type: { key: { type: "integer", minInteger: 1 } } },
      ok: { type: { key: { type: "integer", minInteger: 0 } } },
    };
    const server = schemaOf({ name: "Db", version: "1.0.0", tables: { T: { columns } } });
    const refusal = (row: object): unknown =>
      encodeTransaction({ server, expected: undefined }, [untyped.insert("T", row)], "test").unwrapErr();
    expect(refusal({})).toMatchObject({
      kind: "invalid",
      path: "T.mode",
      expected: '"on" | "off"',
      got: "nothing",
    });
    expect(refusal({ mode: "on" })).toMatchObject({ path: "T.parent" });
    expect(refusal({ mode: "on", parent: id })).toMatchObject({ path: "T.low" });
  });
});

describe("what this server does not have", () => {
  it.each<[string, Operation, string]>([
    ["a table", untyped.insert("Nope", {}), "Nope"],
    ["a table to select from", untyped.select("Nope", [], ["x"]), "Nope"],
    ["a column in an insert", untyped.insert("Log", { nope: 1 }), "Log.nope"],
    ["a column in an update", untyped.update("Log", [], { nope: 1 }), "Log.nope"],
    ["a column in a condition", untyped.select("Log", [["nope", "==", 1]], ["k"]), "Log.nope"],
    ["a column in a mutation", untyped.mutate("Log", [], [["nope", "+=", 1]]), "Log.nope"],
    ["a column in a wait", untyped.wait("Log", [], ["nope"], "==", [], 0), "Log.nope"],
    ["__proto__", untyped.insert("Log", Object.fromEntries([["__proto__", 1]])), "Log.__proto__"],
  ])("%s", (_what, operation, item) => {
    expect(errorOf(operation)).toMatchObject({
      kind: "incompatible",
      item,
      why: "absent",
      present: "none in Lab 1.0.0",
    });
  });

  it("a selected column is left out where nobody knows its default", () => {
    expect(wireOf(untyped.select("Log", [], ["k", "later"]))).toMatchObject([{ columns: ["_uuid", "k"] }]);
  });
});

describe("with the schema that the program was written for", () => {
  const columns = { ...labJson.tables.Log.columns, later: { type: { key: "integer", min: 0 } } };
  it("a selected column that the server lacks reads as its default", () => {
    const { wire, plans } = encodeFor(columns, untyped.select("Log", [], ["k", "later"])).unwrap();
    expect(wire).toMatchObject([{ columns: ["_uuid", "k"] }]);
    expect(plans.get(0)?.absent).toEqual(["later"]);
    expect(plans.get(0)?.decode(id, { k: 1 }, "is-fault")).toEqual({
      _uuid: id,
      k: 1,
      later: null,
    });
  });

  it("all columns are those that it knows", () => {
    const { k } = labJson.tables.Log.columns;
    expect(encodeFor({ k }, untyped.select("Log", [])).unwrap().wire).toMatchObject([
      { columns: ["_uuid", "k"] },
    ]);
  });

  it("a column that neither side knows is refused", () => {
    expect(encodeFor(columns, untyped.select("Log", [], ["kk"])).unwrapErr()).toMatchObject({
      kind: "incompatible",
      item: "Log.kk",
    });
  });

  it.each([
    ["a set in place of a scalar", { key: "integer", min: 0, max: 2 }, "set of integer, 0 to 2 members"],
    ["a string in place of an integer", "string", "string"],
    [
      "a small integer in place of one of 64 bits",
      { key: { type: "integer", minInteger: 0, maxInteger: 9 } },
      "integer 0 to 9",
    ],
  ])("a column that the server has in another form is refused: %s", (_what, type, wanted) => {
    const error = encodeFor({ k: { type } }, untyped.select("Log", [], ["k"])).unwrapErr();
    expect(error).toMatchObject({
      kind: "incompatible",
      item: "Log.k",
      why: "other-layout",
      wanted,
      present: "integer",
    });
  });
});

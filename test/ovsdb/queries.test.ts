import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineSchema, openDatabase, operations, type Condition } from "../../src/ovsdb/index.js";
import { findRows } from "../../src/ovsdb/find-rows.js";
import type { TableView } from "../../src/ovsdb/replica/snapshot.js";
import { OvsdbServer } from "../../src/testing/index.js";
import type { LabRows } from "./client-port.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";
import { labJson, schemaOf } from "./lab.js";

const options = { operation: "test", timeoutMs: 10_000 };
const { mutate, update } = operations<LabDatabase>();

const indexes = {
  Item: {
    kind: ["kind"],
    owner: [["opts", "owner"]],
    ownerAndN: [["opts", "owner"], "n"],
    kindAndS: ["kind", "s"],
  },
} as const;

const items = [
  { name: "bare" },
  { name: "a1", kind: "a", n: 1, opts: new Map([["owner", "x"]]) },
  { name: "a2", kind: "a", n: 2, s: "s", opts: new Map([["owner", "x"]]) },
  { name: "b1", kind: "b", n: 1, opts: new Map([["owner", ""]]) },
  { name: "b2", kind: "b", n: 1, s: "s", opts: new Map([["other", "x"]]) },
] as const;

let server: OvsdbServer;

const open = async () =>
  (
    await openDatabase({
      remote: server.remote,
      database: "Lab",
      schema: labSchema,
      indexes,
      timeoutMs: 5000,
    })
  ).unwrap();

beforeAll(async () => {
  server = await OvsdbServer.start({ schemas: [labJson] });
  await using db = await open();
  const done = await db.transaction((tx) => {
    const made = items.map((item) => tx.insert("Item", item));
    tx.insert("Root", { name: "root", items: made, friends: made.slice(3), leader: made[0] ?? null });
  }, options);
  if (done.outcome !== "committed") throw done.error;
});

afterAll(() => server[Symbol.asyncDispose]());

const names = (rows: Iterable<LabRows["Item"]>) => Array.from(rows, ({ name }) => name).toSorted();

describe("an index of the client's own", () => {
  it("finds rows by an optional column, also those where it is empty", async () => {
    await using db = await open();
    const table = db.table("Item");
    expect(names(table.by("kind", "a"))).toEqual(["a1", "a2"]);
    expect(names(table.by("kind", null))).toEqual(["bare"]);
    expect(table.by("kind", "c")).toEqual([]);
  });

  it("finds rows by a key of a map, also those without it, and tells an empty text from none", async () => {
    await using db = await open();
    const table = db.table("Item");
    expect(names(table.by("owner", "x"))).toEqual(["a1", "a2"]);
    expect(names(table.by("owner", ""))).toEqual(["b1"]);
    expect(names(table.by("owner", null))).toEqual(["b2", "bare"]);
  });

  it("finds rows by several columns at once", async () => {
    await using db = await open();
    const table = db.table("Item");
    expect(names(table.by("ownerAndN", "x", 2))).toEqual(["a2"]);
    expect(names(table.by("ownerAndN", null, 1))).toEqual(["b2"]);
    expect(names(table.by("kindAndS", "b", null))).toEqual(["b1"]);
    expect(() => table.by("kindAndS", "b")).toThrow("looked up by 2 values, not 1");
    expect(() => table.by("nope", "b")).toThrow("it has name, kind, owner, ownerAndN, kindAndS");
  });

  it.each(["exact", "bigint"] as const)(
    "takes an integer as number or bigint, whichever rows have: %s",
    async (integers) => {
      const schema = defineSchema(labJson, { integers });
      const opened = await openDatabase({
        remote: server.remote,
        database: "Lab",
        schema,
        indexes: { Log: { k: ["k"], both: ["k", "msg"] } },
        timeoutMs: 5000,
      });
      await using db = opened.unwrap();
      const ks = [5n, 2n ** 60n];
      for (const k of ks)
        (await db.transact([operations().insert("Log", { k, msg: "x" })], options)).unwrap();
      for (const k of ks) {
        expect(db.table("Log").by("k", k)).toHaveLength(1);
        expect(db.table("Log").by("both", k, "x")).toHaveLength(1);
        expect(db.table("Log").by("k", Number(k))).toHaveLength(k === 5n ? 1 : 0);
      }
      (await db.transact([operations().deleteRows("Log", [])], options)).unwrap();
      expect(db.table("Log").by("k", 5n)).toEqual([]);
    },
  );

  it("follows its rows as they change, come and go", async () => {
    await using db = await open();
    const before = db.table("Item");
    const uuid = before.one("name", "b1")?._uuid;
    if (uuid === undefined) throw new Error("no row b1");
    const here = [["_uuid", "==", uuid]] as const;
    const change = [
      update("Item", here, { kind: null }),
      mutate("Item", here, [["opts", "delete", ["owner"]]]),
    ] as const;
    (await db.transact(change, options)).unwrap();
    expect(names(db.table("Item").by("kind", null))).toEqual(["b1", "bare"]);
    expect(names(db.table("Item").by("owner", ""))).toEqual([]);
    expect(names(before.by("owner", ""))).toEqual(["b1"]);
    const back = [
      update("Item", here, { kind: "b" }),
      mutate("Item", here, [["opts", "insert", new Map([["owner", ""]])]]),
    ] as const;
    (await db.transact(back, options)).unwrap();
    expect(names(db.table("Item").by("owner", ""))).toEqual(["b1"]);
  });
});

describe("a query by conditions", () => {
  type Where = readonly Condition<LabRows["Item"]>[];
  const byIndex: readonly (readonly [string, Where, readonly string[]])[] = [
    ["a unique column", [["name", "==", "a1"]], ["a1"]],
    ["an optional column", [["kind", "==", "b"]], ["b1", "b2"]],
    ["an optional column that is empty", [["kind", "==", null]], ["bare"]],
    ["a key of a map", [["opts", "includes", new Map([["owner", "x"]])]], ["a1", "a2"]],
    [
      "a key of a map and a number",
      [
        ["n", "==", 2],
        ["opts", "includes", new Map([["owner", "x"]])],
      ],
      ["a2"],
    ],
  ];

  it.each(byIndex)("is answered by an index without a search: %s", async (_what, where, expected) => {
    await using db = await open();
    expect(names(db.where("Item", where).rows)).toEqual(expected);
    const real = db.port.snapshot().table("Item");
    const unsearchable: TableView = {
      name: "Item",
      size: real.size,
      get: (uuid) => real.get(uuid),
      has: (uuid) => real.has(uuid),
      by: (index, ...key) => real.by(index, ...key),
      one: (index, ...key) => real.one(index, ...key),
      rows: (references) => real.rows(references),
      [Symbol.iterator]: () => {
        throw new Error("searched");
      },
    };
    expect(findRows(unsearchable, where, { schema: schemaOf(labJson), indexes })).toHaveLength(
      expected.length,
    );
  });

  it("is answered by a search where no index has it, with the same rows", async () => {
    await using db = await open();
    expect(names(db.where("Item", [["n", ">", 1]]).rows)).toEqual(["a2"]);
    expect(names(db.where("Item", [["opts", "excludes", new Map([["owner", "x"]])]]).rows)).toEqual([
      "b1",
      "b2",
      "bare",
    ]);
  });
});

describe("references as rows", () => {
  it("are followed in one snapshot: one, an optional one, a set, the values of a map", async () => {
    await using db = await open();
    const snapshot = db.snapshot();
    const [root] = snapshot.table("Root");
    if (root === undefined) throw new Error("no root");
    const table = snapshot.table("Item");
    expect(names(table.rows(root.items))).toEqual(["a1", "a2", "b1", "b2", "bare"]);
    expect(names(table.rows(root.leader))).toEqual(["bare"]);
    expect(table.rows(null)).toEqual([]);
    expect(names(table.rows(new Map([[1, root.items[0] ?? root._uuid]]).values()))).toHaveLength(1);
    expect(table.rows(root._uuid)).toEqual([]);
  });

  it("are recorded by a transaction, which fails where one has changed meanwhile", async () => {
    await using db = await open();
    const run = await db.dryRun((tx) => {
      const [root] = tx.table("Root");
      for (const item of tx.table("Item").rows(root?.leader ?? null)) tx.insert("Log", { msg: item.name });
    }, options);
    expect(run.unwrap().operations).toMatchObject([
      { op: "wait", table: "Root", columns: ["_uuid", "leader"] },
      { op: "wait", table: "Item", columns: ["name"], rows: [{ name: "bare" }] },
      { op: "insert", table: "Log" },
    ]);
  });
});

/** What real ovsdb-server makes of operations, through the client. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { named, newUuid, operations, setKey, type Operation } from "../../src/ovsdb/index.js";
import { addItem, LabServer } from "./lab-server.js";
import type { LabDatabase } from "./lab-rows.js";

const { insert, mutate, select, update, wait } = operations<LabDatabase>();

const aText: unknown = expect.any(String);

let lab: LabServer;

beforeAll(async () => {
  lab = await LabServer.start();
});

beforeEach(() => lab.empty());

afterAll(() => lab[Symbol.asyncDispose]());

describe("values, there and back", () => {
  it("every kind of column", async () => {
    const item = {
      name: 'é😀\n"',
      n: 100,
      r: 0.1,
      b: true,
      kind: "b",
      tags: [3, -1],
      s: "12345678",
      opts: new Map([
        ["__proto__", "x"],
        ["constructor", ""],
        ["k", "v"],
      ]),
      eph: 7,
    } as const;
    await lab.done(...addItem(item));
    const [{ rows }] = await lab.done(select("Item", []));
    expect(rows).toEqual([{ ...item, tags: [-1, 3], _uuid: aText }]);
  });

  it("the defaults of what an insert leaves out", async () => {
    await lab.done(...addItem({}));
    const [{ rows }] = await lab.done(select("Item", []));
    expect(rows).toMatchObject([
      { name: "", n: 0, r: 0, b: false, kind: null, tags: [], s: null, opts: new Map(), eph: 0 },
    ]);
  });

  it("a set of one, which comes bare, and a set of none", async () => {
    await lab.done(
      ...addItem({ name: "one", tags: [7] }, "one"),
      ...addItem({ name: "none", tags: [] }, "none"),
    );
    const [one, none] = await lab.done(
      select("Item", [["name", "==", "one"]], ["tags"]),
      select("Item", [["name", "==", "none"]], ["tags"]),
    );
    expect([one.rows[0]?.tags, none.rows[0]?.tags]).toEqual([[7], []]);
  });

  it("integers of 64 bits, exactly", async () => {
    const integers = [
      9_223_372_036_854_775_807n,
      -9_223_372_036_854_775_808n,
      9_007_199_254_740_993n,
      Number.MAX_SAFE_INTEGER,
      0,
    ];
    await lab.done(...integers.map((k) => insert("Log", { k })));
    const [{ rows }] = await lab.done(select("Log", [], ["k"]));
    expect(new Set(rows.map(({ k }) => k))).toEqual(new Set(integers));
    const [{ rows: found }] = await lab.done(select("Log", [["k", "==", 9_007_199_254_740_993n]], ["k"]));
    expect(found).toMatchObject([{ k: 9_007_199_254_740_993n }]);
  });

  it("whole and large reals", async () => {
    await lab.done(
      ...addItem({ name: "a", r: 1 }, "a"),
      ...addItem({ name: "b", r: 1e17 }, "b"),
      ...addItem({ name: "c", r: -0 }, "c"),
    );
    const [{ rows }] = await lab.done(select("Item", [], ["name", "r"]));
    expect(Object.fromEntries(rows.map(({ name, r }) => [name, r]))).toEqual({ a: 1, b: 1e17, c: 0 });
  });

  it("equal rows are told each, because _uuid comes along", async () => {
    await lab.done(
      insert("Log", { msg: "same" }),
      insert("Log", { msg: "same" }),
      insert("Log", { msg: "same" }),
    );
    const [{ rows }] = await lab.done(select("Log", [], ["msg"]));
    expect(rows).toHaveLength(3);
  });

  it("an id that the client chooses", async () => {
    const uuid = newUuid();
    const [inserted] = await lab.done(insert("Log", { msg: "m" }, { uuid }));
    expect(inserted.uuid).toBe(uuid);
    const error = await lab.refusal(insert("Log", { msg: "m" }, { uuid }));
    expect(error).toMatchObject({ reason: "duplicate uuid", at: { index: 0, op: "insert", table: "Log" } });
  });
});

describe("conditions and mutations", () => {
  it("conditions are all to be met, and none means every row", async () => {
    await lab.done(
      insert("Log", { msg: "a", k: 1 }),
      insert("Log", { msg: "a", k: 2 }),
      insert("Log", { msg: "b", k: 2 }),
    );
    const [both, all, no] = await lab.done(
      select(
        "Log",
        [
          ["msg", "==", "a"],
          ["k", ">=", 2],
        ],
        ["k"],
      ),
      select("Log", [], ["k"]),
      select("Log", [false], ["k"]),
    );
    expect([both.rows.length, all.rows.length, no.rows.length]).toEqual([1, 3, 0]);
  });

  it("members of sets and maps, and an order of what may be empty", async () => {
    await lab.done(...addItem({ name: "x", tags: [1, 2], opts: new Map([["a", "1"]]) }));
    const [{ count: matched }, { count: missed }] = await lab.done(
      update(
        "Item",
        [
          ["tags", "includes", [1]],
          ["tags", "excludes", [3, 4, 5, 6]],
          ["opts", "includes", new Map([["a", "1"]])],
        ],
        { n: 1 },
      ),
      update("Item", [["opts", "includes", new Map([["a", "2"]])]], { n: 1 }),
    );
    expect([matched, missed]).toEqual([1, 0]);
  });

  it("setKey overwrites; an insert into a map does not", async () => {
    await lab.done(...addItem({ name: "x", opts: new Map([["k", "old"]]) }));
    const optsAfter = async (mutation: Operation<LabDatabase>) => {
      await lab.done(mutation);
      const [{ rows }] = await lab.done(select("Item", [], ["opts"]));
      return rows[0]?.opts.get("k");
    };
    expect(await optsAfter(mutate("Item", [], [["opts", "insert", new Map([["k", "new"]])]]))).toBe("old");
    expect(await optsAfter(mutate("Item", [], setKey("opts", "k", "new")))).toBe("new");
    expect(await optsAfter(mutate("Item", [], [["opts", "delete", new Map([["k", "other"]])]]))).toBe("new");
    expect(await optsAfter(mutate("Item", [], [["opts", "delete", ["k"]]]))).toBeUndefined();
  });

  it("arithmetic, sets and optional values", async () => {
    await lab.done(...addItem({ name: "x", n: 10, tags: [1], r: 3 }));
    await lab.done(
      mutate(
        "Item",
        [],
        [
          ["n", "+=", 5],
          ["n", "*=", 2],
          ["n", "%=", 7],
          ["r", "/=", 2],
          ["tags", "insert", [2]],
          ["tags", "+=", 10],
          ["s", "insert", ["here"]],
        ],
      ),
    );
    const [{ rows }] = await lab.done(select("Item", []));
    expect(rows).toMatchObject([{ n: 2, r: 1.5, tags: [11, 12], s: "here" }]);
    await lab.done(
      mutate(
        "Item",
        [],
        [
          ["tags", "delete", [11, 99]],
          ["s", "delete", ["here"]],
        ],
      ),
    );
    const [{ rows: after }] = await lab.done(select("Item", []));
    expect(after).toMatchObject([{ tags: [12], s: null }]);
  });

  it("an operation that matches no row is done, and counts none", async () => {
    const [updated] = await lab.done(update("Log", [["k", "==", 99]], { msg: "x" }));
    expect(updated.count).toBe(0);
  });

  it("a guard makes it fail", async () => {
    const error = await lab.refusal(
      wait("Log", [["k", "==", 99]], ["k"], "==", [{ k: 99 }], 0),
      update("Log", [["k", "==", 99]], { msg: "x" }),
    );
    expect(error).toMatchObject({ reason: "timed out", at: { index: 0, op: "wait", table: "Log" } });
  });

  it("names of rows reach forwards and backwards", async () => {
    await lab.done(
      insert("Root", { name: "r2", items: [named("later")], leader: named("later") }),
      insert("Item", { name: "x" }, { uuidName: "later" }),
    );
    const [{ rows: roots }, { rows: items }] = await lab.done(
      select("Root", [["name", "==", "r2"]]),
      select("Item", []),
    );
    expect(roots).toMatchObject([{ items: [items[0]?._uuid], leader: items[0]?._uuid }]);
  });
});

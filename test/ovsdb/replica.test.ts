import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../src/ovsdb/fault.js";
import { Replica, type RowChange } from "../../src/ovsdb/replica.js";
import type { UpdateFormat } from "../../src/ovsdb/replica/row-update.js";
import { RowPlan } from "../../src/ovsdb/row-plan.js";
import { TablesReader } from "../../src/ovsdb/session/tables-reader.js";
import type { Row } from "../../src/ovsdb/value.js";
import { labJson, schemaOf, uuidOf } from "./lab.js";

const lab = schemaOf(labJson);
const a = uuidOf("ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5");
const b = uuidOf("fd763ae5-cb6d-43cd-94cf-b3038a22025c");

function planOf(table: string, columns: readonly string[]): RowPlan {
  const found = lab.tables.get(table);
  const plan =
    found === undefined ? undefined : RowPlan.make({ server: lab, expected: undefined }, found, columns);
  if (plan instanceof RowPlan) return plan;
  throw new Error(`no plan for ${table}`);
}

const makeReplica = (): Replica =>
  new Replica(
    [planOf("Item", ["name", "kind", "tags", "opts", "n"]), planOf("Log", ["msg", "k"])],
    ["Later"],
  );

function tryUpdate(replica: Replica, updates: unknown, format: UpdateFormat): readonly RowChange[] | Fault {
  const update = replica.begin();
  return new TablesReader(format).read(updates, update) ?? update.finish();
}

function apply(replica: Replica, updates: unknown, format: UpdateFormat): readonly RowChange[] {
  const changes = tryUpdate(replica, updates, format);
  if (changes instanceof Fault)
    throw new Error(`${changes.path} is ${changes.got}; expected ${changes.expected}`);
  return changes;
}

const rowOf = (replica: Replica, table: string, id = a): Row | undefined =>
  replica.tables.get(table)?.get(id);

describe("update2", () => {
  it("a new row has its default where nothing is said", () => {
    const replica = makeReplica();
    apply(replica, { Item: { [a]: { initial: {} } }, Log: { [b]: { insert: { msg: "one" } } } }, "update2");
    expect(rowOf(replica, "Item")).toEqual({
      _uuid: a,
      name: "",
      kind: null,
      tags: [],
      opts: new Map(),
      n: 0,
    });
    expect(rowOf(replica, "Log", b)).toEqual({ _uuid: b, msg: "one", k: 0 });
  });

  it.each<[string, object, object, object]>([
    ["a set loses and gains members", { tags: ["set", [1, 2]] }, { tags: ["set", [1, 3]] }, { tags: [2, 3] }],
    ["a set loses one, which comes bare", { tags: ["set", [1, 2]] }, { tags: 1 }, { tags: [2] }],
    [
      "a difference may hold more members than the column",
      { tags: ["set", [1, 2, 3]] },
      { tags: ["set", [1, 2, 3, 4, 5, 6]] },
      { tags: [4, 5, 6] },
    ],
    [
      "a map changes, loses and gains keys",
      {
        opts: [
          "map",
          [
            ["a", "1"],
            ["b", "2"],
            ["c", "3"],
          ],
        ],
      },
      {
        opts: [
          "map",
          [
            ["a", "9"],
            ["b", "2"],
            ["d", "4"],
          ],
        ],
      },
      {
        opts: new Map([
          ["a", "9"],
          ["c", "3"],
          ["d", "4"],
        ]),
      },
    ],
    [
      "a map gains __proto__",
      {},
      { opts: ["map", [["__proto__", "x"]]] },
      { opts: new Map([["__proto__", "x"]]) },
    ],
    ["an optional value is replaced", { kind: "a" }, { kind: "b" }, { kind: "b" }],
    ["an optional value is emptied", { kind: "b" }, { kind: ["set", []] }, { kind: null }],
    ["an optional value comes", {}, { kind: "a" }, { kind: "a" }],
    ["a scalar is replaced", { n: 5 }, { n: 6 }, { n: 6 }],
    ["a scalar goes back to its default, which is said", { n: 5 }, { n: 0 }, { n: 0 }],
    ["nothing changes", { n: 5 }, {}, { n: 5 }],
    ["a column that was not asked for is passed over", { n: 5 }, { eph: 1, nope: 2 }, { n: 5 }],
  ])("%s", (_what, before, modify, after) => {
    const replica = makeReplica();
    apply(replica, { Item: { [a]: { initial: before } } }, "update2");
    apply(replica, { Item: { [a]: { modify } } }, "update2");
    expect(rowOf(replica, "Item")).toMatchObject(after);
  });

  it("a row goes", () => {
    const replica = makeReplica();
    apply(replica, { Log: { [a]: { insert: { k: 1 } } } }, "update2");
    apply(replica, { Log: { [a]: { delete: null } } }, "update2");
    expect(replica.tables.get("Log")?.size).toBe(0);
  });

  it("tells each change with the row before and after; whoever holds a row keeps it as it was", () => {
    const replica = makeReplica();
    const first = apply(replica, { Log: { [a]: { insert: { k: 1 } } } }, "update2");
    const held = rowOf(replica, "Log");
    const second = apply(replica, { Log: { [a]: { modify: { k: 2 } }, [b]: { insert: {} } } }, "update2");
    const third = apply(replica, { Log: { [a]: { delete: null }, [b]: { modify: {} } } }, "update2");
    const one = { _uuid: a, msg: "", k: 1 };
    const two = { _uuid: a, msg: "", k: 2 };
    expect(first).toEqual([{ table: "Log", uuid: a, old: undefined, new: one }]);
    expect(second).toEqual([
      { table: "Log", uuid: a, old: one, new: two },
      { table: "Log", uuid: b, old: undefined, new: { _uuid: b, msg: "", k: 0 } },
    ]);
    expect(third).toEqual([{ table: "Log", uuid: a, old: two, new: undefined }]);
    expect(held).toEqual(one);
  });

  it("passes over tables that were not asked for; one that the server lacks is empty", () => {
    const replica = makeReplica();
    expect(
      apply(replica, { Root: { [a]: { insert: {} } }, Later: { [a]: { insert: {} } } }, "update2"),
    ).toEqual([]);
    expect(replica.tables.get("Later")?.size).toBe(0);
    expect(replica.tables.has("Root")).toBe(false);
  });
});

describe("update", () => {
  const one = { msg: "one", k: 1 };

  it("a row comes, changes and goes", () => {
    const replica = makeReplica();
    apply(replica, { Log: { [a]: { new: one } } }, "update");
    expect(rowOf(replica, "Log")).toEqual({ _uuid: a, ...one });
    const changes = apply(replica, { Log: { [a]: { old: { k: 1 }, new: { ...one, k: 2 } } } }, "update");
    expect(changes).toEqual([
      { table: "Log", uuid: a, old: { _uuid: a, ...one }, new: { _uuid: a, ...one, k: 2 } },
    ]);
    apply(replica, { Log: { [a]: { old: { ...one, k: 2 } } } }, "update");
    expect(rowOf(replica, "Log")).toBeUndefined();
  });

  it("carries whole values, no differences", () => {
    const replica = makeReplica();
    const whole = { name: "i1", kind: ["set", []], n: 6, opts: ["map", [["a", "9"]]], tags: ["set", [2, 3]] };
    apply(replica, { Item: { [a]: { new: { ...whole, tags: 1 } } } }, "update");
    apply(replica, { Item: { [a]: { old: { tags: 1 }, new: whole } } }, "update");
    expect(rowOf(replica, "Item")).toMatchObject({ tags: [2, 3], opts: new Map([["a", "9"]]), kind: null });
  });
});

describe("updates that cannot be right", () => {
  const known = { Log: { [a]: { insert: { k: 1 } } } };

  it.each<[string, unknown]>([
    ["no object", 7],
    ["no tables", null],
    ["no rows", { Log: 7 }],
    ["a row whose id is none", { Log: { zzz: { insert: {} } } }],
    ["a row update that is none", { Log: { [a]: 7 } }],
    ["an empty row update", { Log: { [a]: {} } }],
    ["two things at once", { Log: { [a]: { modify: {}, delete: null } } }],
    ["something else", { Log: { [a]: { upsert: {} } } }],
    ["a second insert of a row", { Log: { [a]: { insert: {} } } }],
    ["a change of a row that is not there", { Log: { [b]: { modify: { k: 1 } } } }],
    ["a delete of a row that is not there", { Log: { [b]: { delete: null } } }],
    ["a value of another type", { Log: { [a]: { modify: { k: "1" } } } }],
    ["a row that is none", { Log: { [b]: { insert: 7 } } }],
    ["differences that are none", { Log: { [a]: { modify: [] } } }],
  ])("%s", (_what, updates) => {
    const replica = makeReplica();
    apply(replica, known, "update2");
    expect(tryUpdate(replica, updates, "update2")).toBeInstanceOf(Fault);
  });

  it("a difference after which a set has too many members", () => {
    const replica = makeReplica();
    apply(replica, { Item: { [a]: { initial: { tags: ["set", [1, 2, 3]] } } } }, "update2");
    expect(tryUpdate(replica, { Item: { [a]: { modify: { tags: 4 } } } }, "update2")).toMatchObject({
      path: `Item.${a}.tags`,
    });
  });

  it.each<[string, unknown]>([
    ["a new row that is known", { Log: { [a]: { new: { msg: "", k: 1 } } } }],
    ["a changed row that is not", { Log: { [b]: { old: {}, new: { msg: "", k: 1 } } } }],
    ["a gone row that is not there", { Log: { [b]: { old: {} } } }],
    ["neither old nor new", { Log: { [a]: {} } }],
    ["a new row without one of its columns", { Log: { [b]: { new: { msg: "" } } } }],
  ])("in update: %s", (_what, updates) => {
    const replica = makeReplica();
    apply(replica, known, "update2");
    expect(tryUpdate(replica, updates, "update")).toBeInstanceOf(Fault);
  });

  it("whatever it is, there is no crash", () => {
    const names = fc.constantFrom(
      "Log",
      "Item",
      a,
      b,
      "insert",
      "modify",
      "delete",
      "old",
      "new",
      "k",
      "tags",
      "__proto__",
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof({ depthSize: "small" }, fc.jsonValue(), fc.dictionary(names, tie("tree"))),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom<UpdateFormat>("update", "update2"), (updates, format) => {
        const replica = makeReplica();
        apply(replica, known, "update2");
        expect(tryUpdate(replica, updates, format)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

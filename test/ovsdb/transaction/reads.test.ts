/** What a transaction verifies: exactly what was read. */
import { describe, expect, it } from "vitest";
import { Recorder, typedTransaction } from "../../../src/ovsdb/transaction/transaction.js";
import type { IdentifiedRow } from "../../../src/ovsdb/row-plan.js";
import type { Transaction } from "../../../src/ovsdb/transaction/transaction.js";
import { snapshotOf, type LabRows } from "../client-port.js";
import type { LabDatabase } from "../lab-rows.js";
import { uuidOf } from "../lab.js";

const id = (digit: number) => uuidOf(`${digit}`.repeat(8) + "-0000-4000-8000-000000000000");
const item = (digit: number, columns: object): IdentifiedRow => ({
  name: `i${digit}`,
  n: digit,
  r: 0,
  b: false,
  kind: null,
  tags: [],
  s: null,
  opts: new Map(),
  eph: 0,
  ...columns,
  _uuid: id(digit),
});
const items = [item(1, {}), item(2, { r: 0.1, opts: new Map([["k", "v"]]) }), item(3, { n: 2 })];
const indexes = { Item: { byOpt: [["opts", "k"]] } } as const;
const snapshot = snapshotOf(
  1,
  new Map([
    ["Item", new Map(items.map((row) => [row._uuid, row]))],
    ["Log", new Map()],
    ["Root", new Map()],
  ]),
  indexes,
);

/** The operations that a callback comes to, without their constant parts. */
function written(callback: (tx: Transaction<LabDatabase, LabRows>) => void): readonly unknown[] {
  const recorder = new Recorder({ snapshot, attempt: 1, indexes });
  callback(typedTransaction<LabDatabase, LabRows>(recorder));
  // Something has to be written for reads to matter.
  recorder.add({ op: "comment", comment: "x" });
  return recorder
    .finish()
    .operations.filter(({ op }) => op !== "comment")
    .map((each): unknown => {
      if (each.op !== "wait") return each;
      expect(each).toMatchObject({ until: "==", timeoutMs: 0 });
      const { table, where, columns, rows } = each;
      return { table, where, columns, rows };
    });
}

const here = (digit: number) => [["_uuid", "==", id(digit)]];

describe("what is verified", () => {
  it("is nothing where nothing was read", () => {
    expect(written((tx) => tx.table("Item"))).toEqual([]);
    expect(written((tx) => tx.snapshot.table("Item").get(id(1))?.name)).toEqual([]);
  });

  it("is the columns that were looked at, of the row that was", () => {
    expect(
      written((tx) => {
        const row = tx.table("Item").get(id(1));
        return [row?.name, row?.tags.length, row?.name];
      }),
    ).toEqual([
      { table: "Item", where: here(1), columns: ["name", "tags"], rows: [{ name: "i1", tags: [] }] },
    ]);
  });

  it("is that a row is there, or is not", () => {
    expect(written((tx) => [tx.table("Item").has(id(1)), tx.table("Item").get(id(9))])).toEqual([
      { table: "Item", where: here(1), columns: ["_uuid"], rows: [{ _uuid: id(1) }] },
      { table: "Item", where: here(9), columns: ["_uuid"], rows: [] },
    ]);
  });

  it("is every column for who looks at the row as a whole", () => {
    const [wait] = written((tx) => ({ ...tx.table("Item").get(id(1)) }));
    expect(wait).toMatchObject({ columns: ["name", "n", "r", "b", "kind", "tags", "s", "opts", "eph"] });
  });

  it("is, by a unique key, that the row still has it", () => {
    expect(written((tx) => tx.table("Item").one("name", "i1"))).toEqual([
      { table: "Item", where: here(1), columns: ["name"], rows: [{ name: "i1" }] },
    ]);
  });

  it("is, by a unique key that no row has, that none has", () => {
    expect(written((tx) => tx.table("Item").one("name", "i9"))).toEqual([
      { table: "Item", where: [["name", "==", "i9"]], columns: ["_uuid"], rows: [] },
    ]);
  });

  it("is which rows meet conditions, and what was looked at of them", () => {
    expect(
      written((tx) =>
        tx
          .table("Item")
          .where([["n", "==", 2]])
          .map(({ name }) => name),
      ),
    ).toEqual([
      {
        table: "Item",
        where: [["n", "==", 2]],
        columns: ["_uuid", "name"],
        rows: [
          { _uuid: id(2), name: "i2" },
          { _uuid: id(3), name: "i3" },
        ],
      },
    ]);
  });

  it("is which rows there are, and of some of them what was looked at", () => {
    expect(written((tx) => [...tx.table("Item")].find(({ n }) => n === 2)?.kind)).toEqual([
      { table: "Item", where: [], columns: ["_uuid"], rows: items.map(({ _uuid }) => ({ _uuid })) },
      { table: "Item", where: here(1), columns: ["n"], rows: [{ n: 1 }] },
      { table: "Item", where: here(2), columns: ["n", "kind"], rows: [{ n: 2, kind: null }] },
    ]);
    expect(written((tx) => tx.table("Log").size)).toEqual([
      { table: "Log", where: [], columns: ["_uuid"], rows: [] },
    ]);
  });

  it("is a key of a map, by an index of it", () => {
    const byConditions = written((tx) =>
      tx.table("Item").where([["opts", "includes", new Map([["k", "v"]])]]),
    );
    expect(written((tx) => tx.table("Item").by("byOpt", "v"))).toEqual(byConditions);
    expect(byConditions).toEqual([
      {
        table: "Item",
        where: [["opts", "includes", new Map([["k", "v"]])]],
        columns: ["_uuid"],
        rows: [{ _uuid: id(2) }],
      },
    ]);
  });

  it("is a real to the 15 digits that the server tells", () => {
    const [wait] = written((tx) => tx.table("Item").get(id(2))?.r);
    expect(wait).toMatchObject({
      where: [...here(2), ["r", ">=", expect.closeTo(0.1, 14)], ["r", "<=", expect.closeTo(0.1, 14)]],
      columns: ["_uuid"],
    });
  });

  it("is what was asked for by hand", () => {
    expect(written((tx) => tx.verify("Item", id(1), ["kind"]))).toEqual([
      { table: "Item", where: here(1), columns: ["kind"], rows: [{ kind: null }] },
    ]);
  });

  it("is that the rows are there that are written to, once, and not those of its own", () => {
    const [guard, first, second, third] = written((tx) => {
      tx.set("Item", id(1), { n: 5 });
      tx.increment("Item", id(1), "eph");
      tx.set("Log", tx.insert("Log", {}), { k: 1 });
    });
    expect(guard).toEqual({ table: "Item", where: here(1), columns: ["_uuid"], rows: [{ _uuid: id(1) }] });
    expect([first, second, third]).toMatchObject([
      { op: "update", where: here(1), row: { n: 5 } },
      { op: "mutate", where: here(1), mutations: [["eph", "+=", 1]] },
      { op: "insert", table: "Log" },
    ]);
  });
});

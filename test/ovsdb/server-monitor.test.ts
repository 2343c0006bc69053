/** Monitors of real ovsdb-server, through the client. */
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  operations,
  setKey,
  type Monitor,
  type Operation,
  type RowsByTable,
  type Value,
} from "../../src/ovsdb/index.js";
import { reals, sorted } from "./arbitraries.js";
import { addItem, LabServer, options } from "./lab-server.js";
import type { LabDatabase } from "./lab-rows.js";

const { deleteRows, insert, mutate, select, update } = operations<LabDatabase>();

const names = fc.constantFrom("one", "two", "three", "four");
const opts = fc
  .dictionary(fc.constantFrom("a", "b", "c", "__proto__"), fc.constantFrom("x", "y"))
  .map((object) => new Map(Object.entries(object)));
const tags = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 3 });
const rows = fc.record(
  {
    n: fc.integer({ min: 0, max: 100 }),
    r: reals,
    b: fc.boolean(),
    kind: fc.constantFrom("a", "b", null),
    s: fc.option(fc.string({ unit: "grapheme-ascii", maxLength: 8 })),
    tags,
    opts,
  },
  { requiredKeys: [] },
);
const logs = fc.record({ msg: names, k: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) }, { requiredKeys: [] });

/** Something that a client does to the database; the server may refuse it. */
const deeds: fc.Arbitrary<readonly Operation<LabDatabase>[]> = fc.oneof(
  fc.tuple(names, rows).map(([name, row]) => addItem({ name, ...row })),
  fc.tuple(names, rows).map(([name, row]) => [update("Item", [["name", "==", name]], row)]),
  fc
    .tuple(names, tags)
    .map(([name, some]) => [mutate("Item", [["name", "==", name]], [["tags", "insert", some]])]),
  fc
    .tuple(names, tags)
    .map(([name, some]) => [mutate("Item", [["name", "==", name]], [["tags", "delete", some]])]),
  fc
    .tuple(names, opts)
    .map(([name, some]) => [mutate("Item", [["name", "==", name]], [["opts", "delete", some]])]),
  names.map((name) => [mutate("Item", [["name", "==", name]], setKey("opts", "a", name))]),
  fc.constant([update("Root", [], { items: [] })]),
  logs.map((row) => [insert("Log", row), insert("Log", row)]),
  logs.map((row) => [update("Log", [], row)]),
  names.map((msg) => [deleteRows("Log", [["msg", "==", msg]])]),
);

/** Rows in one form, whatever order they and their sets are in. */
const content = (some: Iterable<{ readonly [column: string]: Value }>): unknown =>
  [...some].map((row) => Object.entries(row).map(textOf).toSorted(byCodeUnit).join()).toSorted(byCodeUnit);

const textOf = ([name, value]: [string, Value]): string => `${name}: ${String(sorted(value))}`;

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1);

/** Follows a monitor by its changes alone. */
function follow<Rows extends RowsByTable>(
  monitor: Monitor<Rows>,
  tables: readonly Extract<keyof Rows, string>[],
) {
  const shadow = new Map(
    tables.map((table) => [table as string, new Map<string, unknown>(monitor.table(table))]),
  );
  monitor.events.on("change", (changes) => {
    for (const { table, uuid, old, new: now } of changes) {
      expect(shadow.get(table)?.get(uuid)).toBe(old);
      if (now === undefined) shadow.get(table)?.delete(uuid);
      else shadow.get(table)?.set(uuid, now);
    }
  });
  return shadow;
}

describe.each(["monitor_cond", "monitor"] as const)("a monitor by %s", (method) => {
  let lab: LabServer;

  beforeAll(async () => {
    lab = await LabServer.start({ monitorCond: method === "monitor_cond" });
  });

  beforeEach(() => lab.empty());

  afterAll(() => lab[Symbol.asyncDispose]());

  it("holds what a select gives, whatever is done to the database", async () => {
    await using reader = await lab.another();
    await using monitor = (await reader.monitor({ Item: {}, Log: {}, Root: {} }, options)).unwrap();
    const shadow = follow(monitor, ["Item", "Log", "Root"]);
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { minLength: 1, maxLength: 4 }), async (steps) => {
        for (const step of steps) {
          const result = await lab.client.transact(step, options);
          expect(result.isOk() || result.error.kind).toBeOneOf([true, "rejected"]);
        }
        // The server tells a client of changes before it answers it.
        const read = [select("Item", []), select("Log", []), select("Root", [])] as const;
        const [items, logRows, roots] = (await reader.transact(read, options)).unwrap();
        expect(content(monitor.table("Item").values())).toEqual(content(items.rows));
        expect(content(monitor.table("Log").values())).toEqual(content(logRows.rows));
        expect(content(monitor.table("Root").values())).toEqual(content(roots.rows));
        for (const table of ["Item", "Log", "Root"] as const) {
          expect([...(shadow.get(table)?.values() ?? [])]).toEqual([...monitor.table(table).values()]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has what the same connection wrote when transact gives its result, also when several are under way", async () => {
    await using monitor = (await lab.client.monitor({ Log: { columns: ["k"] } }, options)).unwrap();
    const writes = Array.from({ length: 20 }, async (_, k) => {
      await lab.done(insert("Log", { k }));
      return [...monitor.table("Log").values()].some((row) => row.k === k);
    });
    expect(await Promise.all(writes)).toEqual(writes.map(() => true));
  });

  it("tells the rows of one transaction together", async () => {
    await using monitor = (await lab.client.monitor({ Log: {} }, options)).unwrap();
    const told: number[] = [];
    monitor.events.on("change", (changes) => told.push(changes.length));
    await lab.done(insert("Log", {}), insert("Log", {}), insert("Log", {}));
    await lab.done(update("Log", [], { k: 0 }));
    expect(told).toEqual([3]);
  });

  it("waits for what another client does", async () => {
    await using reader = await lab.another();
    await using monitor = (await reader.monitor({ Log: { columns: ["k"] } }, options)).unwrap();
    const waiting = monitor.waitUntil(
      () => [...monitor.table("Log").values()].find(({ k }) => k === 7),
      options,
    );
    await lab.done(insert("Log", { k: 6 }));
    await lab.done(update("Log", [], { k: 7 }));
    expect((await waiting).unwrap()).toMatchObject({ k: 7 });
  });
});

describe("a monitor with conditions", () => {
  let lab: LabServer;

  beforeAll(async () => {
    lab = await LabServer.start();
  });

  beforeEach(() => lab.empty());

  afterAll(() => lab[Symbol.asyncDispose]());

  it("holds the rows that meet any of them, as they come and go", async () => {
    const { client } = lab;
    const where = [
      ["k", ">=", 10],
      ["msg", "==", "this"],
    ] as const;
    await using monitor = (await client.monitor({ Log: { columns: ["k"], where } }, options)).unwrap();
    const here = (): unknown => new Set([...monitor.table("Log").values()].map(({ k }) => k));
    await lab.done(insert("Log", { k: 1 }), insert("Log", { k: 10 }), insert("Log", { k: 2, msg: "this" }));
    expect(here()).toEqual(new Set([2, 10]));
    await lab.done(mutate("Log", [], [["k", "+=", 9]]));
    expect(here()).toEqual(new Set([10, 11, 19]));
    await lab.done(update("Log", [], { k: 0 }));
    expect(here()).toEqual(new Set([0]));
  });

  it("of none holds none", async () => {
    await using monitor = (await lab.client.monitor({ Log: { where: "none" } }, options)).unwrap();
    await lab.done(insert("Log", { k: 1 }));
    expect(monitor.table("Log").size).toBe(0);
  });

  it("is cancelled on the server too", async () => {
    const monitor = (await lab.client.monitor({ Log: {} }, options)).unwrap();
    const before = monitor.table("Log").size;
    await monitor.cancel();
    await lab.done(insert("Log", { k: 3 }));
    expect(monitor.table("Log").size).toBe(before);
  });
});

import assert from "node:assert/strict";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/ovsdb/fault.js";
import { ReplicaLayout } from "../../../src/ovsdb/replica/layout.js";
import {
  LiveReplica,
  type DatabaseRowsAt,
  type Loading,
  type LooseChange,
} from "../../../src/ovsdb/replica/live-replica.js";
import { RowPlan } from "../../../src/ovsdb/row-plan.js";
import { labJson, schemaOf, uuidOf } from "../lab.js";

const lab = schemaOf(labJson);

function layoutOf(): ReplicaLayout {
  const plans = ["Item", "Log"].map((name) => {
    const table = lab.tables.get(name);
    const plan =
      table && RowPlan.make({ server: lab, expected: undefined }, table, ["name", "n", "msg", "k"]);
    if (plan instanceof RowPlan) return plan;
    throw new Error(`no plan for ${name}`);
  });
  const layout = ReplicaLayout.make(lab, plans, [], { Log: { k: ["k"] } });
  if (layout instanceof ReplicaLayout) return layout;
  throw new Error(layout.expected);
}

const idAt = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

/** A replica that has its first rows: none. */
function opened(isHeard: () => boolean): LiveReplica {
  const replica = new LiveReplica(isHeard);
  replica.load(layoutOf(), "whole").finish();
  return replica;
}

function begun(replica: LiveReplica, extent: "whole" | "part"): Loading {
  const loading = replica.update(extent);
  if (loading instanceof Fault) throw new Error(loading.expected);
  return loading;
}

function seen(replica: LiveReplica): DatabaseRowsAt {
  const { current } = replica;
  if (current === undefined) throw new Error("no rows");
  return current;
}

/** The rows of Log: `k` by place. */
type Model = ReadonlyMap<number, number>;

/** What a snapshot has, by its rows, and by its index of `k`. */
function contents(rows: DatabaseRowsAt): { readonly rows: unknown; readonly byK: unknown } {
  const table = rows.table("Log");
  const all = [...table].map((row): readonly [string, unknown] => [row._uuid, row["k"]]);
  const byK = [0, 1, 2].map((k) =>
    table
      .by("k", k)
      .map((row) => row._uuid)
      .toSorted(),
  );
  expect(table.size).toBe(all.length);
  for (const [uuid, k] of all) expect(table.get(uuidOf(uuid))?.["k"]).toBe(k);
  return { rows: Object.fromEntries(all), byK };
}

function contentsOf(model: Model): ReturnType<typeof contents> {
  const all = Array.from(model, ([at, k]) => [idAt(at), k] as const);
  const byK = [0, 1, 2].map((k) =>
    all
      .filter((each) => each[1] === k)
      .map((each) => each[0])
      .toSorted(),
  );
  return { rows: Object.fromEntries(all), byK };
}

/** A row that comes, changes or goes; it may not be there, or be there already. */
interface RowStep {
  readonly at: number;
  readonly kind: "insert" | "modify" | "delete";
  readonly k: number;
}

function updateOf({ kind, k }: RowStep): unknown {
  return { [kind]: kind === "delete" ? null : { k } };
}

/** The rows after a notification; `undefined` where it cannot be right. */
function after(model: Model, steps: readonly RowStep[]): Model | undefined {
  const next = new Map(model);
  for (const { at, kind, k } of steps) {
    if (next.has(at) === (kind === "insert")) return undefined;
    if (kind === "delete") next.delete(at);
    else next.set(at, k);
  }
  return next;
}

const rowStep = fc.record<RowStep>({
  at: fc.nat(7),
  kind: fc.constantFrom("insert", "insert", "modify", "delete"),
  k: fc.nat(2),
});
const notification = fc.record({
  steps: fc.array(rowStep, { maxLength: 4 }),
  extent: fc.constantFrom("whole" as const, "part" as const),
  /** Whether somebody looks between its rows, where that can be, and after it. */
  looksBetween: fc.boolean(),
  looksAfter: fc.boolean(),
  /** Whether what somebody sees is read at once, and not just at the end: an index is made when it is first read. */
  readsNow: fc.boolean(),
  isHeard: fc.boolean(),
});

function expectChange({ kind, before, after, rows }: LooseChange, model: Model, next: Model): void {
  expect(kind).toBe("update");
  expect(after.version).toBe(before.version + 1);
  expect(contents(before)).toEqual(contentsOf(model));
  expect(contents(after)).toEqual(contentsOf(next));
  for (const { uuid, new: row } of rows.toReversed().filter(isFirst))
    expect(after.table("Log").get(uuid)).toBe(row);
}

function isFirst(
  { uuid }: { readonly uuid: string },
  at: number,
  all: readonly { readonly uuid: string }[],
): boolean {
  return all.findIndex((each) => each.uuid === uuid) === at;
}

setFlagsFromString("--expose-gc");

function heapAfterCollection(): number {
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}

type Notification = typeof notification extends fc.Arbitrary<infer T> ? T : never;

/** Gives a replica notifications, and keeps beside it what it has to have. */
class Play {
  #isHeard = false;
  readonly #replica = opened(() => this.#isHeard);
  readonly #looked: (readonly [DatabaseRowsAt, Model])[] = [];
  #model: Model = new Map();
  #changes = 0;

  take({ steps, extent, looksBetween, looksAfter, readsNow, isHeard }: Notification): void {
    this.#isHeard = isHeard;
    const next = after(this.#model, steps);
    const loading = begun(this.#replica, extent);
    let bad: Fault | undefined;
    for (const step of steps) {
      bad ??= loading.addList("Log", [idAt(step.at), updateOf(step)], "update2");
      if (looksBetween && extent === "part") this.look(readsNow);
    }
    assert.equal(bad === undefined, next !== undefined);
    if (next !== undefined) this.#finish(loading.finish(), next, steps.length > 0);
    assert.equal(this.#replica.updates, this.#changes);
    if (looksAfter) this.look(readsNow);
  }

  #finish(change: LooseChange | undefined, next: Model, isChange: boolean): void {
    if (isChange) this.#changes += 1;
    assert.equal(change !== undefined, this.#isHeard && isChange);
    if (change !== undefined) expectChange(change, this.#model, next);
    this.#model = next;
  }

  look(readsNow: boolean): void {
    const rows = seen(this.#replica);
    assert.equal(rows.version, this.#changes);
    if (readsNow) assert.deepEqual(contents(rows), contentsOf(this.#model));
    this.#looked.push([rows, this.#model]);
  }

  /** What is there now in everything that was looked at, and what was there then. */
  lookBack(): { readonly now: readonly unknown[]; readonly before: readonly unknown[] } {
    return {
      now: this.#looked.map(([rows]) => contents(rows)),
      before: this.#looked.map(([, model]) => contentsOf(model)),
    };
  }
}

describe("a live replica", () => {
  it("has the rows up to the last whole notification, whoever looks when, and whoever looked keeps what was there", () => {
    fc.assert(
      fc.property(fc.array(notification, { maxLength: 25 }), (notifications) => {
        const play = new Play();
        for (const each of notifications) play.take(each);
        play.look(true);
        const { now, before } = play.lookBack();
        expect(now).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it("makes an index when it is looked up first, of the rows of that moment, and keeps it up from then on", () => {
    const replica = opened(() => false);
    const add = (n: number): DatabaseRowsAt => {
      const added = begun(replica, "whole");
      added.addList("Log", [idAt(n), { insert: { k: 1 } }], "update2");
      added.finish();
      return seen(replica);
    };
    const states = [0, 1, 2, 3].map(add);
    const found = (rows: DatabaseRowsAt | undefined): number | undefined =>
      rows?.table("Log").by("k", 1).length;
    expect([2, 0, 3, 1].map((at) => found(states[at]))).toEqual([3, 1, 4, 2]);
    expect([4, 5].map((n) => found(add(n)))).toEqual([5, 6]);
    expect(found(states[3])).toBe(4);
  });

  it("needs no memory for changes that nobody has looked at", () => {
    const replica = opened(() => false);
    const change = (from: number, to: number): void => {
      for (let n = from; n < to; n += 1) {
        const added = begun(replica, "whole");
        added.addList("Log", [idAt(n), { insert: { k: n, msg: `message ${n}` } }], "update2");
        if (n >= 100) added.addList("Log", [idAt(n - 100), { delete: null }], "update2");
        added.finish();
      }
    };
    change(0, 10_000);
    const before = heapAfterCollection();
    change(10_000, 110_000);
    expect(heapAfterCollection() - before).toBeLessThan(4_000_000);
    expect(replica.updates).toBe(110_000);
    expect(seen(replica).table("Log").size).toBe(100);
    expect(seen(replica)).toBe(seen(replica));
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PendingChanges } from "../../../src/ovsdb/changes/pending-changes.js";
import type { IdentifiedRow } from "../../../src/ovsdb/row-plan.js";
import type { RowsByTable } from "../../../src/ovsdb/monitor.js";
import type { Uuid } from "../../../src/ovsdb/uuid.js";
import { snapshotOf } from "../client-port.js";
import { uuidOf } from "../lab.js";

type AnyChange = Parameters<PendingChanges<RowsByTable>["add"]>[0];

const uuids = [1, 2, 3, 4].map((digit) => uuidOf(`${digit}0000000-0000-4000-8000-000000000000`));
const row = (uuid: Uuid, n: number): IdentifiedRow => ({ _uuid: uuid, n });
const states = [0, 1, 2, 3, 4, 5].map((version) => snapshotOf(version, new Map()));
const [s0, s1, s2] = states;
const change = (
  from: number,
  uuid: Uuid | undefined,
  old: number | undefined,
  now: number | undefined,
): AnyChange => ({
  kind: "update",
  before: states[from] ?? snapshotOf(from, new Map()),
  after: states[from + 1] ?? snapshotOf(from + 1, new Map()),
  rows:
    uuid === undefined
      ? []
      : [
          {
            table: "T",
            uuid,
            old: old === undefined ? undefined : row(uuid, old),
            new: now === undefined ? undefined : row(uuid, now),
          },
        ],
});
const [a, b] = uuids;

describe("what a reader has still to be told", () => {
  it("is each change by itself, in order, while it is little", () => {
    const pending = new PendingChanges<RowsByTable>(3);
    const local = { id: 1, operation: "mine" };
    pending.add(change(0, a, undefined, 1), "remote");
    pending.add(change(1, a, 1, 2), local);
    expect(pending.take()).toMatchObject({ before: s0, after: s1, origin: "remote", count: 1 });
    expect(pending.take()).toMatchObject({ before: s1, after: s2, origin: local, count: 1 });
    expect(pending.take()).toBeUndefined();
  });

  it("is one change beyond that, which tells each row from its first state to its last", () => {
    const pending = new PendingChanges<RowsByTable>(1);
    pending.add(change(0, a, 0, 1), "remote");
    pending.add(change(1, b, undefined, 1), "remote");
    pending.add(change(2, a, 1, 2), "remote");
    const merged = pending.take();
    expect(merged).toMatchObject({
      kind: "update",
      before: s0,
      after: states[3],
      origin: "merged",
      count: 3,
    });
    expect(merged?.rows).toMatchObject([
      { uuid: a, old: { n: 0 }, new: { n: 2 } },
      { uuid: b, old: undefined, new: { n: 1 } },
    ]);
    expect(pending.take()).toBeUndefined();
  });

  it("is each by itself again once the reader has caught up", () => {
    const pending = new PendingChanges<RowsByTable>(1);
    for (const from of [0, 1, 2]) pending.add(change(from, a, from, from + 1), "remote");
    expect(pending.take()).toMatchObject({ count: 3 });
    pending.add(change(3, a, 3, 4), "remote");
    expect(pending.take()).toMatchObject({ count: 1, origin: "remote" });
  });

  it("says of several that there was a resync among them", () => {
    const pending = new PendingChanges<RowsByTable>(1);
    pending.add(change(0, a, 0, 1), "remote");
    pending.add({ ...change(1, undefined, undefined, undefined), kind: "resync" }, "remote");
    expect(pending.take()).toMatchObject({ kind: "resync", count: 2 });
  });

  it("takes no more room than the rows that differ, however many come and go", () => {
    const pending = new PendingChanges<RowsByTable>(10);
    for (let i = 0; i < 20_000; i += 1) {
      const uuid = uuidOf(`${String(i).padStart(8, "0")}-0000-4000-8000-000000000000`);
      pending.add(change(0, uuid, undefined, 1), "remote");
      pending.add(change(0, uuid, 1, undefined), "remote");
    }
    pending.add(change(0, a, undefined, 7), "remote");
    expect(pending.take()).toMatchObject({ rows: [{ uuid: a, new: { n: 7 } }], count: 40_001 });
  });

  it("makes the last state of the first, whatever happened and whenever it is read", () => {
    const step = fc.record({
      uuid: fc.constantFrom(...uuids),
      to: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      reads: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), (steps, most) => {
        const pending = new PendingChanges<RowsByTable>(most);
        const truth = new Map<Uuid, number>();
        const told = new Map<Uuid, unknown>();
        let count = 0;
        const read = (): boolean => {
          const next = pending.take();
          for (const { uuid, old, new: now } of next?.rows ?? []) {
            expect(old?.["n"]).toBe(told.get(uuid));
            if (now === undefined) told.delete(uuid);
            else told.set(uuid, now["n"]);
          }
          count += next?.count ?? 0;
          return next !== undefined;
        };
        for (const { uuid, to, reads } of steps) {
          const old = truth.get(uuid);
          if (to === undefined) truth.delete(uuid);
          else truth.set(uuid, to);
          if (old !== undefined || to !== undefined) pending.add(change(0, uuid, old, to), "remote");
          else count += 1;
          if (reads) read();
        }
        while (read());
        expect(told).toEqual(truth);
        expect(count).toBe(steps.length);
      }),
    );
  });
});

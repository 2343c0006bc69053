/** Change streams, live queries and waits, of a real server. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ChangeStream } from "../../../src/ovsdb/changes/change-stream.js";
import {
  anyRows,
  LiveQuery,
  QueryCore,
  type QueryChange,
  type RowFilter,
} from "../../../src/ovsdb/changes/live-query.js";
import { TransactionsUnderway } from "../../../src/ovsdb/changes/origin.js";
import { waitFor } from "../../../src/ovsdb/changes/wait-for.js";
import { newUuid, operations, type Operation, type Uuid } from "../../../src/ovsdb/index.js";
import { ClientPort } from "../client-port.js";
import type { LabDatabase } from "../lab-rows.js";
import { LabServer, options } from "../lab-server.js";

const { deleteRows, insert, mutate, update } = operations<LabDatabase>();

let lab: LabServer;
let port: ClientPort;
let underway: TransactionsUnderway;

beforeAll(async () => {
  lab = await LabServer.start();
});
beforeEach(async () => {
  await lab.empty();
  port = await ClientPort.open(lab.server.remote);
  underway = new TransactionsUnderway();
});
afterEach(() => port.close());
afterAll(() => lab[Symbol.asyncDispose]());

setFlagsFromString("--expose-gc");

function heapInUse(): number {
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}

const byId = (uuid: Uuid) => [["_uuid", "==", uuid]] as const;

/** Carries out a transaction of the session itself. */
const own = (...given: readonly Operation<LabDatabase>[]) =>
  underway.during(given, "own", (answered) => port.transact(given, options, answered));

describe("a change stream", () => {
  it("tells one change a notification, with old and new rows, and whose it was", async () => {
    const stream = new ChangeStream(port, underway);
    const uuid = newUuid();
    await own(insert("Log", { msg: "a" }, { uuid }), insert("Log", { msg: "b" }));
    await lab.done(update("Log", byId(uuid), { k: 5 }));
    const first = (await stream.next()).value;
    const second = (await stream.next()).value;
    expect(first).toMatchObject({ kind: "update", count: 1, origin: { id: 1, operation: "own" } });
    expect(first?.rows).toHaveLength(2);
    expect(first?.before).toBe(stream.start);
    expect(second?.before).toBe(first?.after);
    expect(second).toMatchObject({
      origin: "remote",
      rows: [{ table: "Log", uuid, old: { k: 0 }, new: { k: 5 } }],
    });
  });

  it("knows a change of its own by the row that it names and what it makes of it", async () => {
    const uuid = newUuid();
    await own(insert("Log", { msg: "a" }, { uuid }));
    const stream = new ChangeStream(port, underway);
    await own(update("Log", byId(uuid), { msg: "mine" }));
    await lab.done(update("Log", byId(uuid), { msg: "theirs" }));
    await own(mutate("Log", byId(uuid), [["k", "+=", 1]]));
    await own(deleteRows("Log", byId(uuid)));
    const origins: unknown[] = [];
    for await (const { origin } of stream) {
      origins.push(origin === "remote" ? origin : "own");
      if (origins.length === 4) break;
    }
    expect(origins).toEqual(["own", "remote", "own", "own"]);
  });

  it("does not take another's change of the same row for its own, while its own is on the way", async () => {
    const uuid = newUuid();
    await own(insert("Log", { msg: "a" }, { uuid }));
    const stream = new ChangeStream(port, underway);
    port.beforeSending = async () => {
      port.beforeSending = undefined;
      await lab.done(update("Log", byId(uuid), { msg: "theirs" }));
      await expect.poll(() => port.snapshot().table("Log").get(uuid)?.msg).toBe("theirs");
    };
    await own(update("Log", byId(uuid), { msg: "mine" }));
    expect((await stream.next()).value).toMatchObject({ origin: "remote" });
    expect((await stream.next()).value).toMatchObject({ origin: { operation: "own" } });
  });

  it("tells a resync", async () => {
    const stream = new ChangeStream(port, underway);
    await port.cut();
    expect((await stream.next()).value).toMatchObject({ kind: "resync", rows: [] });
  });

  it("merges for a reader that is behind, and loses no row", async () => {
    const stream = new ChangeStream(port, underway, { mergeBeyondRows: 5 });
    const uuid = newUuid();
    await own(insert("Log", { k: 0 }, { uuid }));
    for (let k = 1; k <= 20; k += 1) await own(update("Log", byId(uuid), { k }));
    expect((await stream.next()).value).toMatchObject({
      origin: "merged",
      count: 21,
      rows: [{ uuid, old: undefined, new: { k: 20 } }],
    });
  });

  it("ends with its signal, its loop and the session", async () => {
    const abort = new AbortController();
    const bySignal = new ChangeStream(port, underway, { signal: abort.signal });
    const bySession = new ChangeStream(port, underway);
    const waiting = bySignal.next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await own(insert("Log", {}));
    await port.close();
    expect(await bySignal.next()).toMatchObject({ done: true });
    expect(await bySession.next()).toMatchObject({ done: false, value: { count: 1 } });
    expect(await bySession.next()).toMatchObject({ done: true });
    expect(await new ChangeStream(port, underway).next()).toMatchObject({ done: true });
  });
});

describe("a live query", () => {
  const watch = (filter: RowFilter, signal?: AbortSignal) => {
    const subject = { table: "Log", filter, indexes: {} };
    return new LiveQuery(new QueryCore(anyRows(port), subject, { signal }), (change) => change);
  };

  it("has the rows that meet it, and tells what becomes of them", async () => {
    const [in1, in2, out] = [newUuid(), newUuid(), newUuid()];
    await own(insert("Log", { k: 5 }, { uuid: in1 }), insert("Log", { k: 1 }, { uuid: out }));
    const query = watch([["k", ">=", 5]]);
    const told: QueryChange[] = [];
    query.subscribe((change) => told.push(change));
    expect(query.rows).toMatchObject([{ _uuid: in1 }]);
    await own(insert("Log", { k: 6 }, { uuid: in2 }), update("Log", byId(out), { msg: "still out" }));
    await own(update("Log", byId(in1), { k: 7 }));
    await own(update("Log", byId(in1), { k: 2 }), update("Log", byId(out), { k: 8 }));
    expect(told).toMatchObject([
      { added: [{ _uuid: in2 }], changed: [], removed: [] },
      { added: [], changed: [{ old: { k: 5 }, new: { k: 7 } }], removed: [] },
      { added: [{ _uuid: out, k: 8 }], changed: [], removed: [{ _uuid: in1, k: 7 }] },
    ]);
    expect(query.rows.map(({ _uuid }) => _uuid).toSorted()).toEqual([in2, out].toSorted());
  });

  it("gives the same array until something changes", async () => {
    const query = watch([["k", ">=", 5]]);
    const { rows } = query;
    await own(insert("Log", { k: 1 }));
    expect(query.rows).toBe(rows);
    await own(insert("Log", { k: 9 }));
    expect(query.rows).not.toBe(rows);
  });

  it("read as a loop tells all rows first, and then each row once since it was last read", async () => {
    const uuid = newUuid();
    await own(insert("Log", { k: 5 }, { uuid }));
    const abort = new AbortController();
    const query = watch([["k", ">=", 5]], abort.signal);
    const loop = query[Symbol.asyncIterator]();
    expect((await loop.next()).value).toMatchObject({ added: [{ _uuid: uuid }], rows: [{ _uuid: uuid }] });
    await own(update("Log", byId(uuid), { k: 6 }));
    await own(update("Log", byId(uuid), { k: 7 }));
    await own(insert("Log", { k: 5 }));
    await own(deleteRows("Log", [["k", "==", 5]]));
    expect((await loop.next()).value).toMatchObject({
      added: [],
      changed: [{ old: { k: 5 }, new: { k: 7 } }],
      removed: [],
    });
    abort.abort();
    expect(await loop.next()).toEqual({ done: true, value: undefined });
    expect(query.isOver).toBe(true);
  });

  it("keeps nothing of the loops over it that were left", async () => {
    const query = watch([]);
    const leave = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) for await (const _rows of query) break;
    };
    await leave(1000);
    const before = heapInUse();
    await leave(20_000);
    expect(heapInUse() - before).toBeLessThan(1_000_000);
  });

  it("leaves out a row of which its function throws, which comes to light, and no other", async () => {
    const query = watch(({ msg }) => {
      if (msg === "bad") throw new RangeError("mine");
      return true;
    });
    const told: QueryChange[] = [];
    query.subscribe((change) => told.push(change));
    const surfaced = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
    await own(...["one", "bad", "two"].map((msg) => insert("Log", { msg })));
    const thrown = surfaced.mock.calls.map(([task]) => task);
    surfaced.mockRestore();
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow("mine");
    expect(told).toMatchObject([{ rows: query.rows, added: [{}, {}] }]);
    expect(new Set(query.rows.map(({ msg }) => msg))).toEqual(new Set(["one", "two"]));
  });

  it("stays right through a disconnect", async () => {
    const query = watch([]);
    port.reconnects = false;
    await port.cut();
    await lab.done(insert("Log", { k: 3 }));
    expect(query.rows).toEqual([]);
    await port.reconnect();
    expect(query.rows).toMatchObject([{ k: 3 }]);
  });
});

describe("a wait", () => {
  it("gives what its predicate gives", async () => {
    const waiting = waitFor(
      port,
      {},
      (reader) => reader.table("Log").where([["k", "==", 7]])[0]?.msg,
      options,
    );
    await lab.done(insert("Log", { k: 6, msg: "no" }));
    await lab.done(insert("Log", { k: 7, msg: "yes" }));
    expect((await waiting).unwrap()).toBe("yes");
  });

  it("says on time-out what it last saw", async () => {
    const uuid = newUuid();
    await own(insert("Log", { k: 1, msg: "m" }, { uuid }));
    const waiting = waitFor(
      port,
      {},
      (reader) => (reader.table("Log").get(uuid)?.k === 9 ? true : reader.table("Item").one("name", "x")),
      { operation: "settle", timeoutMs: 100 },
    );
    await own(update("Log", byId(uuid), { k: 2 }));
    expect((await waiting).unwrapErr()).toMatchObject({
      kind: "timeout",
      message: `settle: no answer within 100 ms while waiting for the database to change; last seen: Log ${uuid} with k 2; no row where name == "x" in Item`,
    });
  });

  it("is asked only when what it looked at may have changed", async () => {
    let asked = 0;
    const waiting = waitFor(
      port,
      {},
      (reader) => {
        asked += 1;
        return reader.table("Log").size > 0;
      },
      options,
    );
    await own(update("Root", [], { name: "other" }));
    expect(asked).toBe(1);
    await own(insert("Log", {}));
    expect((await waiting).isOk()).toBe(true);
    expect(asked).toBe(2);
  });

  it("ends with its signal and with the session, and throws what the predicate throws", async () => {
    const abort = new AbortController();
    const aborted = waitFor(port, {}, () => false, { ...options, signal: abort.signal });
    const thrown = waitFor(
      port,
      {},
      (reader) => {
        if (reader.table("Log").size > 0) throw new RangeError("mine");
        return false;
      },
      options,
    );
    const closed = waitFor(port, {}, () => false, options);
    abort.abort();
    expect((await aborted).unwrapErr()).toMatchObject({ kind: "aborted" });
    await Promise.all([own(insert("Log", {})), expect(thrown).rejects.toThrow("mine")]);
    await port.close();
    expect((await closed).unwrapErr()).toMatchObject({ kind: "disconnected" });
    expect((await waitFor(port, {}, () => true, options)).unwrapErr()).toMatchObject({
      kind: "disconnected",
    });
  });
});

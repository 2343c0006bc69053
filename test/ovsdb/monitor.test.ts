import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operations, type OvsdbClient } from "../../src/ovsdb/index.js";
import type { PeerConnection } from "../support/scripted-peer.js";
import { uuidOf } from "./lab.js";
import type { LabDatabase } from "./lab-rows.js";
import { ScriptedServer } from "./scripted-server.js";

const { comment } = operations<LabDatabase>();
const a = "ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5";
const b = "fd763ae5-cb6d-43cd-94cf-b3038a22025c";
const options = { operation: "test", timeoutMs: 10_000 };
const uuidNumbered = (n: number) => uuidOf(`${n.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`);
const request = { Log: { columns: ["k"] } } as const;

let server: ScriptedServer;
let peer: PeerConnection;
let client: OvsdbClient<LabDatabase>;

beforeEach(async () => {
  server = await ScriptedServer.start();
  ({ peer, client } = await server.connected());
});

afterEach(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

/** A monitor of Log.k with one row, `a`, and how the server tells it of changes. */
async function monitorLog() {
  const starting = client.monitor(request, options);
  const { params } = await peer.answer({ Log: { [a]: { initial: { k: 1 } } } });
  const monitorId = Array.isArray(params) ? String(params[1]) : "";
  const update = (updates: unknown): void =>
    peer.send(JSON.stringify({ id: null, method: "update2", params: [monitorId, updates] }));
  return { monitor: (await starting).unwrap(), monitorId, update };
}

/** Returns when the client has taken in all that was sent before. */
async function settled(): Promise<void> {
  const echoed = client.echo(options);
  await peer.answer([]);
  await echoed;
}

describe("a monitor", () => {
  it("holds the rows that are there, and follows them", async () => {
    const { monitor, update } = await monitorLog();
    const log = monitor.table("Log");
    expect([...log.values()]).toEqual([{ _uuid: a, k: 1 }]);
    update({ Log: { [a]: { modify: { k: 2 } }, [b]: { insert: {} } } });
    await settled();
    expect([...log.values()]).toEqual([
      { _uuid: a, k: 2 },
      { _uuid: b, k: 0 },
    ]);
  });

  it("tells each notification as one change, when the tables have it", async () => {
    const { monitor, update } = await monitorLog();
    const told: unknown[] = [];
    monitor.events.on("change", (changes) => told.push([changes, monitor.table("Log").size]));
    update({ Log: { [a]: { delete: null }, [b]: { insert: { k: 7 } } } });
    update({ Log: { [b]: { modify: {} } } });
    update({});
    await settled();
    const gone = { table: "Log", uuid: a, old: { _uuid: a, k: 1 }, new: undefined };
    const come = { table: "Log", uuid: b, old: undefined, new: { _uuid: b, k: 7 } };
    expect(told).toEqual([[[gone, come], 1]]);
  });

  it("has a long update as one change, though it is read in parts", async () => {
    const { monitor, update } = await monitorLog();
    const sizes = new Set<number>();
    const told: number[] = [];
    const timer = setInterval(() => sizes.add(monitor.table("Log").size), 0);
    monitor.events.on("change", (changes) => told.push(changes.length));
    const rows = Array.from({ length: 20_000 }, (_, n) => [uuidNumbered(n), { insert: { k: n } }] as const);
    update({ Log: { [a]: { modify: { k: 5 } }, ...Object.fromEntries(rows) } });
    await monitor.waitUntil(() => monitor.table("Log").get(uuidNumbered(19_999)), options);
    clearInterval(timer);
    expect(told).toEqual([20_001]);
    expect([...sizes].filter((size) => size !== 1 && size !== 20_001)).toEqual([]);
    expect(monitor.table("Log").get(uuidOf(a))).toEqual({ _uuid: a, k: 5 });
  });

  it("is made beside another one whose long reply has not come yet", async () => {
    const starting = [client.monitor(request, options), client.monitor(request, options)];
    const replies = [0, 1].map((which) =>
      Object.fromEntries(
        Array.from({ length: 5000 + which }, (_, n) => [uuidNumbered(n), { initial: { k: which } }]),
      ),
    );
    for (const Log of replies) await peer.answer({ Log });
    const monitors = (await Promise.all(starting)).map((each) => each.unwrap());
    expect(monitors.map((monitor) => monitor.table("Log").size)).toEqual([5000, 5001]);
    expect(monitors.map((monitor) => monitor.table("Log").get(uuidNumbered(7))?.k)).toEqual([0, 1]);
  });

  it("misses nothing that comes together with the first rows", async () => {
    const starting = client.monitor(request, options);
    const { id, params } = await peer.next();
    const monitorId = Array.isArray(params) ? String(params[1]) : "";
    const first = JSON.stringify({ id, result: { Log: { [a]: { initial: { k: 1 } } } }, error: null });
    const next = JSON.stringify({
      id: null,
      method: "update2",
      params: [monitorId, { Log: { [a]: { modify: { k: 2 } } } }],
    });
    peer.send(first + next);
    const monitor = (await starting).unwrap();
    expect([...monitor.table("Log").values()]).toEqual([{ _uuid: a, k: 2 }]);
  });

  it("has what the same connection wrote when transact gives its result", async () => {
    const { monitor, monitorId } = await monitorLog();
    const writing = client.transact([comment("x")], options);
    const { id } = await peer.next();
    const update = JSON.stringify({
      id: null,
      method: "update2",
      params: [monitorId, { Log: { [a]: { modify: { k: 2 } } } }],
    });
    peer.send(update + JSON.stringify({ id, result: [{}], error: null }));
    await writing;
    expect([...monitor.table("Log").values()]).toEqual([{ _uuid: a, k: 2 }]);
  });

  it("passes over notifications for others", async () => {
    const { monitor } = await monitorLog();
    for (const params of [["other", { Log: { [b]: { insert: {} } } }], [null], [[1], {}], []]) {
      peer.send(JSON.stringify({ id: null, method: "update2", params }));
    }
    peer.send(JSON.stringify({ id: null, method: "locked", params: ["x"] }));
    await settled();
    expect(monitor.table("Log").size).toBe(1);
    expect(client.closed).toBeUndefined();
  });

  it("is refused by the server with its own words", async () => {
    const starting = client.monitor(request, options);
    const { id } = await peer.next();
    peer.send(
      JSON.stringify({ id, error: { error: "syntax error", details: "nope is not a valid column name" } }),
    );
    expect((await starting).unwrapErr()).toMatchObject({ kind: "rejected", reason: "syntax error" });
  });

  it("that did not start in time is taken back", async () => {
    const starting = client.monitor(request, { operation: "test", timeoutMs: 50 });
    const { params } = await peer.next();
    expect((await starting).unwrapErr()).toMatchObject({ kind: "timeout" });
    expect(await peer.next()).toMatchObject({
      method: "monitor_cancel",
      params: [Array.isArray(params) ? String(params[1]) : ""],
    });
  });
});

/** What a server says that has no `monitor_cond`. */
async function refuseConditions(): Promise<void> {
  const { id, method } = await peer.next();
  expect(method).toBe("monitor_cond");
  peer.send(JSON.stringify({ id, error: "unknown method" }));
}

describe("a server without monitor_cond", () => {
  it("is asked for a plain monitor, whose updates are told in another way", async () => {
    const starting = client.monitor(request, options);
    await refuseConditions();
    const { method, params } = await peer.answer({ Log: { [a]: { new: { k: 1 } } } });
    expect(method).toBe("monitor");
    const monitor = (await starting).unwrap();
    const updates = { Log: { [a]: { old: { k: 1 }, new: { k: 2 } } } };
    peer.send(
      JSON.stringify({
        id: null,
        method: "update",
        params: [Array.isArray(params) ? String(params[1]) : "", updates],
      }),
    );
    await settled();
    expect([...monitor.table("Log").values()]).toEqual([{ _uuid: a, k: 2 }]);
  });

  it("cannot monitor by conditions", async () => {
    const starting = client.monitor({ Log: { where: [["k", ">", 0]] } }, options);
    await refuseConditions();
    expect((await starting).unwrapErr()).toMatchObject({
      kind: "incompatible",
      item: "monitor_cond",
      why: "absent",
    });
  });
});

const never = (): boolean => false;

describe("waiting for rows", () => {
  it("ends when they are as wanted, with what the predicate gave", async () => {
    const { monitor, update } = await monitorLog();
    const waiting = monitor.waitUntil(
      () => [...monitor.table("Log").values()].find(({ k }) => k >= 3),
      options,
    );
    update({ Log: { [a]: { modify: { k: 2 } } } });
    update({ Log: { [a]: { modify: { k: 3 } } } });
    expect((await waiting).unwrap()).toEqual({ _uuid: a, k: 3 });
  });

  it("ends at once where they are so already", async () => {
    const { monitor } = await monitorLog();
    expect((await monitor.waitUntil(() => monitor.table("Log").size === 1, options)).unwrap()).toBe(true);
  });

  it("takes 0 and the empty text for an answer", async () => {
    const { monitor } = await monitorLog();
    expect((await monitor.waitUntil(() => 0, options)).unwrap()).toBe(0);
  });

  it("ends with the deadline, with the signal, with the connection", async () => {
    const { monitor } = await monitorLog();
    expect((await monitor.waitUntil(never, { operation: "test", timeoutMs: 20 })).unwrapErr()).toMatchObject({
      kind: "timeout",
      operation: "test",
      outcome: "not-sent",
    });
    const abort = new AbortController();
    const aborted = monitor.waitUntil(never, { ...options, signal: abort.signal });
    abort.abort();
    expect((await aborted).unwrapErr()).toMatchObject({ kind: "aborted" });
    const cut = monitor.waitUntil(never, options);
    peer.socket.destroy();
    expect((await cut).unwrapErr()).toMatchObject({ kind: "disconnected", operation: "test" });
    expect((await monitor.waitUntil(never, options)).unwrapErr()).toMatchObject({ kind: "disconnected" });
  });

  it("throws what the predicate throws, now or later, and goes on for others", async () => {
    const { monitor, update } = await monitorLog();
    const throws = (): boolean => {
      if (monitor.table("Log").size === 2) throw new Error("mine");
      return false;
    };
    const broken = monitor.waitUntil(throws, options);
    const other = monitor.waitUntil(() => monitor.table("Log").size === 2, options);
    update({ Log: { [b]: { insert: {} } } });
    await expect(broken).rejects.toThrow("mine");
    expect((await other).unwrap()).toBe(true);
    await expect(monitor.waitUntil(throws, options)).rejects.toThrow("mine");
  });
});

describe("the end of a monitor", () => {
  it("cancel ends it; what the server had sent already does no harm", async () => {
    const { monitor, monitorId, update } = await monitorLog();
    const reasons: unknown[] = [];
    monitor.events.on("close", (reason) => reasons.push(reason));
    const cancelled = monitor.cancel();
    update({ Log: { [a]: { modify: { k: 9 } }, [b]: { modify: {} } } });
    expect(await peer.answer({})).toMatchObject({ method: "monitor_cancel", params: [monitorId] });
    await cancelled;
    await monitor.cancel();
    await settled();
    expect([...monitor.table("Log").values()]).toEqual([{ _uuid: a, k: 1 }]);
    expect(reasons).toEqual([monitor.closed]);
    expect(client.closed).toBeUndefined();
  });

  it("comes with the connection's", async () => {
    const { monitor } = await monitorLog();
    await client.close();
    expect(monitor.closed).toBe(client.closed);
    await monitor.cancel();
  });

  it.each<[string, unknown]>([
    ["a difference for a row that is not there", { Log: { [b]: { modify: { k: 1 } } } }],
    ["a second insert of a row", { Log: { [a]: { insert: {} } } }],
    ["a value of another type", { Log: { [a]: { modify: { k: "1" } } } }],
    ["nonsense", 7],
  ])("comes with %s: the replica is wrong, and so is the connection", async (_what, updates) => {
    const { monitor, update } = await monitorLog();
    const waiting = monitor.waitUntil(() => false, options);
    const pending = client.echo(options);
    update(updates);
    expect((await pending).unwrapErr()).toMatchObject({ kind: "protocol", operation: "test" });
    expect((await client.echo(options)).unwrapErr()).toMatchObject({ kind: "protocol", operation: "test" });
    expect((await waiting).unwrapErr()).toMatchObject({ kind: "protocol", operation: "test" });
    expect(client.closed).toMatchObject({ kind: "protocol" });
    expect(monitor.closed).toBe(client.closed);
    await peer.ended;
  });

  it("comes with first rows that are none", async () => {
    const starting = client.monitor(request, options);
    await peer.answer({ Log: { zzz: {} } });
    expect((await starting).unwrapErr()).toMatchObject({ kind: "protocol", operation: "test" });
    expect(client.closed).toMatchObject({ kind: "protocol" });
  });
});

/** Waits that never end, where other clients hung, gave up too soon, or panicked. */
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { connectOvsdb, operations } from "../../src/ovsdb/index.js";
import { ScriptedPeer } from "../support/scripted-peer.js";
import { calls } from "./lab-calls.js";
import { log, openLab, seenLogs, serveLab, storedLogs, upToTheRows } from "./lab-database.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";

const { insert } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 30_000 };

const anId = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
const zero = anId(0).replace("4000-8000", "0000-0000");

describe("what waits for a server", () => {
  it(
    "settles when the server dies under it or the database is closed, at once, whatever it is",
    slow,
    async () => {
      await using server = await serveLab();
      const db = (await openLab(server.remote)).unwrap();
      server.silence(true);
      const waiting = Object.entries(calls(db)).map(async ([name, call]) => [name, await call()] as const);
      await delay(20);
      await db.close();
      const settled = Object.fromEntries(await Promise.all(waiting));
      // Not by their own deadlines: those would say timeout.
      const { changes, watch, ready, transaction, ...others } = settled;
      expect([changes, watch]).toEqual(["ended", "ended"]);
      expect(transaction).toMatchObject({ outcome: "unknown" });
      expect(ready).toMatchObject({ value: undefined });
      for (const [name, result] of Object.entries(others)) {
        expect([name, result]).toMatchObject([name, { error: { kind: "disconnected" } }]);
      }
    },
  );

  it(
    "may be asked for at any moment around the end: each call has its answer, and none throws",
    slow,
    async () => {
      await using server = await serveLab();
      for (const when of ["before", "after", "meanwhile"] as const) {
        const db = (await openLab(server.remote)).unwrap();
        const settled: Promise<unknown>[] = [];
        const callAll = (): void => void settled.push(...Object.values(calls(db)).map((call) => call()));
        if (when === "before") callAll();
        const closed = db.close();
        if (when === "meanwhile") callAll();
        await closed;
        if (when === "after") callAll();
        const results = await Promise.allSettled(settled);
        expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
        await db.close();
      }
      await expect.poll(() => server.clients).toBe(0);
    },
  );

  it("does not keep the session from other remotes: a server that hangs is left at once", async () => {
    await using hanging = await serveLab();
    await using other = await serveLab();
    log(other, 7);
    await using db = (await openLab(hanging.remote)).unwrap();
    hanging.silence(true);
    const sent = db.transact([insert("Log", { k: 1 })], options);
    db.setRemotes(other.remote).unwrap();
    expect(await sent).toMatchObject({ error: { kind: "disconnected", outcome: "unknown" } });
    await db.port.ready(options);
    expect(seenLogs(db)).toEqual(["7 m7"]);
  });

  it("ends with a reason where there is to be no second try, and nothing is thrown", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote, { retry: false })).unwrap();
    const ended = new Promise((resolve) => db.events.on("close", resolve));
    const waiting = db.waitFor((reader) => reader.table("Log").where([["k", "==", 1]])[0], options);
    await server.stop();
    const reason = { kind: "disconnected", message: expect.stringContaining("gave up") };
    expect(await ended).toMatchObject(reason);
    expect(await waiting).toMatchObject({ error: { kind: "disconnected" } });
    expect(await db.transact([insert("Log", {})], options)).toMatchObject({ error: { outcome: "not-sent" } });
    expect(db.health.state).toBe("closed");
  });
});

describe("a transaction that waits for a connection", () => {
  it("was not sent when its time is up, and says so, and why there is none", slow, async () => {
    const server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    await server[Symbol.asyncDispose]();
    await expect.poll(() => db.health.state).toBe("waiting");
    const done = await db.transaction((tx) => void tx.insert("Log", { k: 1 }), {
      ...options,
      timeoutMs: 100,
    });
    const message = expect.stringMatching(/waiting for a connection to the database \(\w+: .*unix:/u);
    expect(done).toMatchObject({
      outcome: "rejected",
      error: { kind: "timeout", outcome: "not-sent", message },
    });
  });
});

describe("a lock that is asked for again after a reconnect", () => {
  it("is held when the answer comes, however late that is", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    const lock = (await db.lock("mine", options)).unwrap();
    server.fail("lock", { kind: "held" });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      server.disconnect();
      while ([...server.requests].filter(({ method }) => method === "lock").length < 2) {
        await vi.advanceTimersByTimeAsync(10);
        await turn();
      }
      expect(lock.isHeld).toBe(false);
      await vi.advanceTimersByTimeAsync(60_000);
    } finally {
      vi.useRealTimers();
    }
    server.release();
    await expect.poll(() => lock.isHeld).toBe(true);
  });
});

describe("a lock that is asked for again after its release", () => {
  it.each([
    ["locked", false],
    ["stolen", true],
  ])(
    "is not taken for the former one, of which the server still tells that it is %s",
    async (method, locked) => {
      await using peer = await ScriptedPeer.listen("unix");
      const opening = openLab(peer.remote.text);
      const connection = await peer.connection();
      const { id } = await upToTheRows(connection);
      connection.send(JSON.stringify({ id, error: null, result: [false, zero, {}] }));
      await using db = (await opening).unwrap();
      const ask = () => db.lock("mine", { ...options, waitUntilHeld: false });
      const first = ask();
      await connection.answer({ locked });
      const released = (await first).unwrap().release();
      const second = ask();
      const unlock = await connection.next();
      expect(unlock).toMatchObject({ method: "unlock" });
      await delay(20);
      connection.send(JSON.stringify({ id: null, method, params: ["mine"] }));
      connection.send(JSON.stringify({ id: unlock["id"], error: null, result: {} }));
      expect(await connection.answer({ locked })).toMatchObject({ method: "lock" });
      await released;
      expect((await second).unwrap().isHeld).toBe(locked);
    },
  );
});

describe("a connection that breaks in an answer", () => {
  it(
    "at any byte, leaves a transaction known to a client: done, or perhaps done, and never torn",
    slow,
    async () => {
      await using server = await serveLab();
      const outcomes = new Map<string, number>();
      for (let afterBytes = 0; afterBytes < 120; afterBytes += 1) {
        const connected = await connectOvsdb({ remote: server.remote, database: "Lab", schema: labSchema });
        await using client = connected.unwrap();
        server.fail("transact", { kind: "cut", afterBytes });
        const done = await client.transact([insert("Log", { k: afterBytes })], options);
        const { kind } = done.isOk() ? { kind: "done" } : done.error;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      }
      const kinds = [...outcomes.keys()].filter(
        (kind) => !["done", "disconnected", "protocol"].includes(kind),
      );
      expect(kinds).toEqual([]);
      expect(outcomes.get("done")).toBeGreaterThan(0);
      expect((outcomes.get("disconnected") ?? 0) + (outcomes.get("protocol") ?? 0)).toBeGreaterThan(60);
      expect(storedLogs(server)).toHaveLength(120);
    },
  );

  it("at any byte, makes an open database find out that it was done, and not do it twice", slow, async () => {
    const at = async (afterBytes: number) => {
      await using server = await serveLab();
      await using db = (await openLab(server.remote)).unwrap();
      server.fail("transact", { kind: "cut", afterBytes });
      const done = await db.transaction((tx) => tx.insert("Log", { k: 1, msg: "m1" }), options);
      return [done.outcome, seenLogs(db), storedLogs(server)];
    };
    const offsets = Array.from({ length: 40 }, (_, each) => each * 3);
    expect(await Promise.all(offsets.map(at))).toEqual(offsets.map(() => ["committed", ["1 m1"], ["1 m1"]]));
  });
});

describe("a probe in a storm of transactions", () => {
  it("neither stops them nor is stopped by them: both sides ask as often as they may", slow, async () => {
    await using server = await serveLab({ tcp: true, probeIntervalMs: 400 });
    await using db = (await openLab(server.tcpRemote, { inactivityProbe: 1000 })).unwrap();
    for (let round = 0; round < 4; round += 1) {
      const sent = Array.from({ length: 100 }, (_, each) =>
        db.transact([insert("Log", { k: round * 100 + each })], options),
      );
      expect((await Promise.all(sent)).filter((result) => result.isErr())).toEqual([]);
      await delay(round * 400);
    }
    expect(db.table("Log").size).toBe(400);
    expect(db.health.generation).toBe(1);
  });
});

describe("a database that is not there", () => {
  it("is told as such by a server without _Server too, where it is not to be waited for", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text, { retry: false });
    const connection = await peer.connection();
    for (let asked = 0; asked < 2; asked += 1) {
      const { id } = await connection.next();
      connection.send(JSON.stringify({ id, error: "unknown database", result: null }));
    }
    expect(await opening).toMatchObject({ error: { kind: "not-found", object: "database Lab" } });
  });
});

describe("the first rows of a large database", () => {
  it("may take longer than any deadline, as long as something comes", slow, async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text, { dialMs: 400, handshakeMs: 400, noProgressMs: 400 });
    const connection = await peer.connection();
    const { id } = await upToTheRows(connection);
    const rows = Object.fromEntries(
      [1, 2, 3, 4, 5, 6].map((k) => [anId(k), { initial: { k, msg: `m${k}` } }]),
    );
    const text = JSON.stringify({ id, error: null, result: [false, zero, { Log: rows }] });
    for (let from = 0; from < text.length; from += 60) {
      connection.send(text.slice(from, from + 60));
      await delay(100);
    }
    await using db = (await opening).unwrap();
    expect(seenLogs(db)).toHaveLength(6);
    expect(text.length / 60).toBeGreaterThan(8);
  });

  it(
    "may take many times the interval of the inactivity probe, which gets no answer meanwhile",
    slow,
    async () => {
      await using peer = await ScriptedPeer.listen("tcp");
      const opening = openLab(peer.remote.text, { inactivityProbe: 1000 });
      const connection = await peer.connection();
      const { id } = await upToTheRows(connection);
      const rows = Object.fromEntries([1, 2, 3].map((k) => [anId(k), { initial: { k, msg: `m${k}` } }]));
      const text = JSON.stringify({ id, error: null, result: [false, zero, { Log: rows }] });
      const pauses = [1600, 900, 1600, 900];
      const part = Math.ceil(text.length / (pauses.length + 1));
      connection.send(text.slice(0, part));
      for (const [at, ms] of pauses.entries()) {
        await delay(ms);
        connection.send(text.slice(part * (at + 1), part * (at + 2)));
      }
      await using db = (await opening).unwrap();
      // It did ask, and a server whose dump is on its way answers that behind the dump.
      const { id: probe, method } = await connection.next();
      expect(method).toBe("echo");
      connection.send(JSON.stringify({ id: probe, result: [], error: null }));
      expect(seenLogs(db)).toEqual(["1 m1", "2 m2", "3 m3"]);
      expect(db.health.generation).toBe(1);
    },
  );

  it("that never come are asked for on another connection, however many echoes are answered meanwhile", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text, { noProgressMs: 200, handshakeMs: 300 });
    const silent = await peer.connection();
    await upToTheRows(silent);
    const left = silent.ended.then(() => true);
    do silent.send(JSON.stringify({ id: "echo", method: "echo", params: ["are you there?"] }));
    while (!(await Promise.race([left, delay(20, false)])));
    const fresh = await peer.connection();
    const { id } = await upToTheRows(fresh);
    const row = { Log: { [anId(1)]: { initial: { k: 1, msg: "m1" } } } };
    fresh.send(JSON.stringify({ id, error: null, result: [false, zero, row] }));
    await using db = (await opening).unwrap();
    expect(seenLogs(db)).toEqual(["1 m1"]);
  });

  it.each([
    ["an update of another monitor", '{"id":null,"method":"update2","params":["another",{"Database":{'],
    [
      "an update that is written in another way",
      '{"method": "update2", "params": ["another", {"Database": {',
    ],
    ["the reply to another call", '{"id":1,"result":{"rows":{'],
    ["a reply that is written in another way", '{"error": null, "id": 1, "result": {"rows": {'],
  ])(
    "that never come are asked for on another connection, though %s comes all the time",
    async (_what, beginning) => {
      await using peer = await ScriptedPeer.listen("unix");
      const opening = openLab(peer.remote.text, { noProgressMs: 200, handshakeMs: 300 });
      const busy = await peer.connection();
      await upToTheRows(busy);
      const left = busy.ended.then(() => true);
      busy.send(beginning);
      const column = `"key":{"modify":{"text":"${"x".repeat(3000)}"}},`;
      let isLeft = false;
      for (let sent = 0; sent < 100 && !isLeft; sent += 1) {
        busy.send(column);
        isLeft = await Promise.race([left, delay(20, false)]);
      }
      expect(isLeft).toBe(true);
      const fresh = await peer.connection();
      const { id } = await upToTheRows(fresh);
      fresh.send(JSON.stringify({ id, error: null, result: [false, zero, {}] }));
      await using db = (await opening).unwrap();
      expect(db.health.generation).toBe(1);
    },
  );

  it(
    "that stop coming are asked for on another connection, and nothing of the old one is taken any more",
    slow,
    async () => {
      await using peer = await ScriptedPeer.listen("unix");
      const opening = openLab(peer.remote.text, { noProgressMs: 300, handshakeMs: 300 });
      const old = await peer.connection();
      const { id, params } = await upToTheRows(old);
      const row = (k: number) => ({ Log: { [anId(k)]: { initial: { k, msg: `m${k}` } } } });
      const late = JSON.stringify({ id, error: null, result: [false, zero, row(1)] });
      old.send(late.slice(0, 100));
      const fresh = await peer.connection();
      const again = await upToTheRows(fresh);
      old.send(late.slice(100), JSON.stringify({ id: null, method: "update2", params: [params, row(2)] }));
      fresh.send(JSON.stringify({ id: again["id"], error: null, result: [false, zero, row(3)] }));
      await using db = (await opening).unwrap();
      await old.ended;
      await delay(20);
      expect(seenLogs(db)).toEqual(["3 m3"]);
      expect(db.health).toMatchObject({ generation: 1, changes: 0 });
    },
  );
});

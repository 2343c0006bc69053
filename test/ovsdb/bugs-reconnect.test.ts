/** Reconnects and changes of the leader, where other clients lost rows, kept old ones, or never came back. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { operations } from "../../src/ovsdb/index.js";
import type { OvsdbFault } from "../../src/testing/index.js";
import { log, openLab, seenLogs, serveLab, storedLogs } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { insert } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 30_000 };

/** Two members of one cluster, of which the first leads. */
async function cluster() {
  const first = await serveLab({ model: "clustered" });
  const second = await serveLab({ shares: first });
  second.setStatus("Lab", { leader: false });
  return {
    first,
    second,
    remote: `${first.remote},${second.remote}`,
    /** Hands the leadership over. */
    lead: (which: "first" | "second"): void => {
      const [next, last] = which === "first" ? [first, second] : [second, first];
      last.setStatus("Lab", { leader: false });
      next.setStatus("Lab", { leader: true });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await second[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
    },
  };
}

describe("an open database whose cluster changes its leader", () => {
  it("keeps the rows of every table and condition, each time", slow, async () => {
    await using members = await cluster();
    await using db = (await openLab(members.remote)).unwrap();
    const root = { name: "r", items: ["named-uuid", "i"] };
    members.first.transact(
      "Lab",
      { op: "insert", table: "Item", row: { name: "i1", n: 5 }, "uuid-name": "i" },
      { op: "insert", table: "Root", row: root },
    );
    (await db.setConditions("Log", [["k", ">", 10]], options)).unwrap();
    for (const [round, leader] of (["second", "first", "second"] as const).entries()) {
      const { generation } = db.health;
      members.lead(leader);
      log(members.first, round, 11 + round);
      await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(generation + 1);
      await expect
        .poll(() => seenLogs(db))
        .toEqual(storedLogs(members.first).filter((row) => /^1\d/.test(String(row))));
      expect([...db.table("Item")]).toMatchObject([{ name: "i1", n: 5 }]);
      expect(db.table("Root").size).toBe(1);
      await delay(1000);
    }
  });

  it("goes on while others write without a pause, and is right when they stop", slow, async () => {
    await using members = await cluster();
    await using db = (await openLab(members.remote)).unwrap();
    let k = 0;
    const writing = setInterval(() => log(members.first, (k += 1), (k += 1)), 1);
    try {
      for (const leader of ["second", "first"] as const) {
        await delay(1100);
        const { generation } = db.health;
        members.lead(leader);
        await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(generation + 1);
        (await db.transact([insert("Log", { k: -1 })], options)).unwrap();
      }
    } finally {
      clearInterval(writing);
    }
    await expect.poll(() => seenLogs(db)).toEqual(storedLogs(members.first));
    expect(k).toBeGreaterThan(100);
  });

  it("does not go back to the one that has just stepped down", slow, async () => {
    await using members = await cluster();
    await using db = (await openLab(members.remote, { shuffle: false })).unwrap();
    const { generation } = db.health;
    // It still says of itself that it leads, as one does that is busy.
    const before = members.first.requests.of("get_schema").length;
    members.first.setStatus("Lab", { leader: false });
    members.first.setStatus("Lab", { leader: true });
    members.second.setStatus("Lab", { leader: true });
    await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(generation + 1);
    expect(db.health.remote).toBe(members.second.remote);
    expect(members.first.requests.of("get_schema")).toHaveLength(before);
  });

  it("refuses a member that follows, is cut off, or is behind what was seen", slow, async () => {
    await using members = await cluster();
    await using db = (await openLab(members.first.remote)).unwrap();
    log(members.first, 1, 2, 3);
    await expect.poll(() => seenLogs(db)).toHaveLength(3);
    members.second.setStatus("Lab", { leader: true, index: 0 });
    db.setRemotes(members.second.remote).unwrap();
    await expect.poll(() => db.health.reason).toMatch(/is behind what was seen before/);
    members.second.setStatus("Lab", { connected: false, index: 99 });
    await expect.poll(() => db.health.reason, { timeout: 5000 }).toMatch(/cut off from its cluster/);
    members.second.setStatus("Lab", { connected: true, leader: false });
    await expect.poll(() => db.health.reason, { timeout: 9000 }).toMatch(/not the leader/);
    expect(seenLogs(db)).toHaveLength(3);
    expect(db.port.isReady).toBe(false);
  });
});

describe("an open database after a reconnect", () => {
  it(
    "that missed nothing reads only the difference, also where nothing was ever told after the first rows",
    slow,
    async () => {
      await using server = await serveLab({ model: "clustered" });
      log(server, ...Array.from({ length: 200 }, (_, k) => k));
      await using db = (await openLab(server.remote)).unwrap();
      const first = db.health.receivedBytes;
      server.disconnect();
      await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
      expect(db.health).toMatchObject({ fastResyncs: 1, fullLoads: 1 });
      expect(db.health.receivedBytes).toBeLessThan(first / 2);
      expect(seenLogs(db)).toEqual(storedLogs(server));
    },
  );

  it.each(["found", "not found"])(
    "has what was added, changed and deleted meanwhile, where its transaction is %s",
    slow,
    async (known) => {
      await using server = await serveLab({ model: "clustered" });
      log(server, 1, 2, 3);
      await using db = (await openLab(server.remote)).unwrap();
      await server.stop();
      await expect.poll(() => db.port.isReady).toBe(false);
      log(server, 4);
      server.transact("Lab", { op: "delete", table: "Log", where: [["k", "==", 1]] });
      server.transact("Lab", { op: "update", table: "Log", where: [["k", "==", 2]], row: { msg: "new" } });
      if (known === "not found") server.forgetHistory("Lab");
      await server.restart();
      await db.port.ready(options);
      expect(seenLogs(db)).toEqual(["2 new", "3 m3", "4 m4"]);
      expect(seenLogs(db)).toEqual(storedLogs(server));
      expect(db.health.fastResyncs).toBe(known === "found" ? 1 : 0);
    },
  );

  it(
    "comes where an update cannot be right, and is told with its reason; the rows are right again",
    slow,
    async () => {
      await using server = await serveLab({ model: "clustered" });
      log(server, 1, 2);
      await using db = (await openLab(server.remote)).unwrap();
      const told: unknown[] = [];
      const listen = (message: unknown): void => void told.push(message);
      subscribe("vswitch-drivers:ovsdb:inconsistent", listen);
      try {
        server.corrupt("Lab", "Log");
        await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
      } finally {
        unsubscribe("vswitch-drivers:ovsdb:inconsistent", listen);
      }
      expect(told).toMatchObject([{ database: "Lab", error: { kind: "protocol" } }]);
      expect(db.health).toMatchObject({ fullLoads: 2, fastResyncs: 0 });
      expect(seenLogs(db)).toEqual(storedLogs(server));
    },
  );
});

describe("an open database whose database goes", () => {
  it(
    "keeps its rows, says so, and comes back with the database, whatever is in it by then",
    slow,
    async () => {
      await using server = await serveLab();
      log(server, 1);
      await using db = (await openLab(server.remote)).unwrap();
      server.removeDatabase("Lab");
      await expect.poll(() => db.health.reason).toMatch(/has no database Lab/);
      expect(db.port.isReady).toBe(false);
      expect(seenLogs(db)).toEqual(["1 m1"]);
      const refused = await db.transact([insert("Log", {})], options);
      expect(refused).toMatchObject({ error: { kind: "disconnected", outcome: "not-sent" } });
      server.addDatabase(labJson);
      log(server, 2);
      await db.port.ready(options);
      expect(seenLogs(db)).toEqual(["2 m2"]);
    },
  );

  it("from the only leader goes on when that leads again, and misses nothing", slow, async () => {
    await using server = await serveLab({ model: "clustered" });
    await using db = (await openLab(server.remote)).unwrap();
    server.setStatus("Lab", { leader: false });
    await expect.poll(() => db.health.reason).toMatch(/not the leader/);
    log(server, 1);
    server.setStatus("Lab", { leader: true });
    await db.port.ready(options);
    expect(seenLogs(db)).toEqual(["1 m1"]);
  });
});

describe("an open database that is told to leave its server by who hears of the first rows from it", () => {
  it("is not ready before it is at the next one, and goes on from those rows", slow, async () => {
    await using server = await serveLab({ model: "clustered" });
    await using db = (await openLab(server.remote)).unwrap();
    const told: string[] = [];
    db.events.on("state", ({ state }) => void told.push(state));
    db.events.once("change", () => db.forceReconnect());
    server.disconnect();
    log(server, 1);
    await expect.poll(() => told, { timeout: 10_000 }).toContain("monitoring");
    const attempt = ["waiting", "connecting", "synchronizing"];
    expect(told).toEqual([...attempt, ...attempt, "monitoring"]);
    expect(seenLogs(db)).toEqual(["1 m1"]);
    expect(db.health).toMatchObject({ generation: 2, fullLoads: 1, fastResyncs: 2 });
  });
});

describe("a handshake that goes wrong", () => {
  const steps = [
    ["the schema of _Server", "get_schema", 0],
    ["the rows of _Server", "monitor_cond", 0],
    ["the schema", "get_schema", 1],
    ["the rows", "monitor_cond_since", 0],
  ] as const;
  const faults: readonly (readonly [string, OvsdbFault])[] = [
    ["cut before the request", { kind: "lost" }],
    ["cut before the answer", { kind: "cut", afterBytes: 0 }],
    ["cut in the answer", { kind: "cut", afterBytes: 20 }],
    ["not answered in JSON", { kind: "rubbish", bytes: Buffer.from("HTTP/1.1 400 Bad Request") }],
    ["not answered", { kind: "missing" }],
  ];
  const cases = steps.flatMap(([step, method, skipped]) =>
    faults.map(([what, fault]) => ({ step, what, method, skipped, fault })),
  );

  it.concurrent.each(cases)("at $step, $what, is begun anew", slow, async ({ method, skipped, fault }) => {
    await using server = await serveLab();
    log(server, 1);
    for (let at = 0; at < skipped; at += 1) server.fail(method, { kind: "late", ms: 0 });
    server.fail(method, fault);
    await using db = (await openLab(server.remote, { handshakeMs: 300, noProgressMs: 300 })).unwrap();
    expect(seenLogs(db)).toEqual(["1 m1"]);
    await vi.waitUntil(() => server.clients === 1);
    (await db.transact([insert("Log", { k: 2 })], options)).unwrap();
  });
});

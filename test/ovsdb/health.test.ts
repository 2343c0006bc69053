/** What an open database tells of itself, to its owner and to the whole process. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer } from "../support/openvswitch.js";
import { log, openLab, serveLab } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const { insert, wait } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 20_000 };

/** Listens on a channel until it is disposed. */
function listening(channel: string): Disposable & { readonly told: readonly unknown[] } {
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  subscribe(channel, listen);
  return { told, [Symbol.dispose]: () => void unsubscribe(channel, listen) };
}

describe("the health of an open database", () => {
  it("says where it stands and why, through a loss and after the end", slow, async () => {
    await using server = await serveLab({ model: "clustered" });
    const db = (await openLab(server.remote)).unwrap();
    const { remote } = server;
    expect(db.health).toMatchObject({
      state: "monitoring",
      reason: `up to date with ${remote}`,
      remote,
      server: {
        model: "clustered",
        leader: true,
        cid: expect.any(String),
        sid: expect.any(String),
        index: 1,
      },
      generation: 1,
      fullLoads: 1,
      fastResyncs: 0,
      changes: 0,
      queuedBytes: 0,
    });
    log(server, 1);
    await expect.poll(() => db.health).toMatchObject({ changes: 1, server: { index: 2 } });
    await server.stop();
    await expect.poll(() => db.health).toMatchObject({ state: "waiting", server: undefined, generation: 1 });
    expect(db.health.reason).toMatch(/closed the connection|ended|ENOENT|ECONNREFUSED|hung up/);
    await server.restart();
    await db.port.ready(options);
    expect(db.health).toMatchObject({ state: "monitoring", generation: 2, fastResyncs: 1 });
    await db.close();
    const closed = { state: "closed", reason: "this side closed it", server: undefined };
    expect(db.health).toMatchObject(closed);
  });

  it("is told step by step, in the order of the steps", slow, async () => {
    await using server = await serveLab();
    using states = listening("vswitch-drivers:ovsdb:state");
    const db = (await openLab(server.remote)).unwrap();
    const own: unknown[] = [];
    db.events.on("state", ({ state }) => void own.push(state));
    db.events.on("close", () => void own.push(`${db.health.state} at the end`));
    server.disconnect();
    await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
    await db.close();
    const again = ["waiting", "connecting", "synchronizing", "monitoring"];
    // The end is told by `close`, after which nothing comes.
    expect(own).toEqual([...again, "closed at the end"]);
    const all = ["connecting", "synchronizing", "monitoring", ...again, "closed"];
    expect(states.told).toMatchObject(all.map((state) => ({ database: "Lab", health: { state } })));
  });

  it(
    "is told of every attempt at a remote, each with its reason, though the next one is made at once",
    slow,
    async () => {
      await using server = await serveLab();
      const gone = `${server.remote}.gone`;
      await using db = (await openLab(`${server.remote},${gone}`, { shuffle: false })).unwrap();
      const told: unknown[] = [];
      db.events.on("state", ({ state, remote, reason }) => void told.push([state, remote, reason]));
      server.disconnect();
      await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
      const lost: unknown = expect.stringMatching(/closed the connection|ECONNRESET/u);
      const absent: unknown = expect.stringContaining("ENOENT");
      expect(told).toEqual([
        ["waiting", server.remote, lost],
        ["connecting", gone, lost],
        ["waiting", gone, absent],
        ["connecting", server.remote, absent],
        ["synchronizing", server.remote, `connected to ${server.remote}`],
        ["monitoring", server.remote, `up to date with ${server.remote}`],
      ]);
    },
  );
});

describe("transactions of an open database", () => {
  it("are told to the process with their outcome, how often they were tried, and how long they took", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    using transactions = listening("vswitch-drivers:ovsdb:transaction");
    await db.transaction((tx) => tx.insert("Log", { k: 1 }), { ...options, operation: "add" });
    await db.transaction((tx) => tx.insert("Item", { name: "i" }), { ...options, operation: "lose" });
    const durationMs: unknown = expect.any(Number);
    const common = { database: "Lab", attempts: 1, durationMs };
    expect(transactions.told).toMatchObject([
      { ...common, operation: "add", outcome: "committed", error: undefined },
      { ...common, operation: "lose", outcome: "rejected", error: { kind: "invalid" } },
    ]);
  });

  it.skipIf(!available).each(["signal", "deadline"])(
    `that are cancelled while they wait are not done by a real server when their time comes: by %s${note}`,
    async (by) => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = (await openLab(server.remote)).unwrap();
      const controller = new AbortController();
      const waiting = db.transact(
        [wait("Log", [["k", "==", 1]], ["k"], "==", [{ k: 1 }], 60_000), insert("Log", { k: 2 })],
        { operation: "test", ...(by === "signal" ? { signal: controller.signal } : { timeoutMs: 100 }) },
      );
      if (by === "signal") setTimeout(() => controller.abort(), 50);
      const kind = by === "signal" ? "aborted" : "timeout";
      expect(await waiting).toMatchObject({ error: { kind, outcome: "unknown" } });
      (await db.transact([insert("Log", { k: 1 })], options)).unwrap();
      (await db.transact([insert("Log", { k: 3 })], options)).unwrap();
      expect(new Set(Array.from(db.table("Log"), ({ k }) => k))).toEqual(new Set([1, 3]));
      expect(db.health).toMatchObject({ state: "monitoring", generation: 1 });
    },
  );
});

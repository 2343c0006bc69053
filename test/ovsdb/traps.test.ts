/** What the protocol does that one would not expect, as an open database meets it. */
import { describe, expect, it } from "vitest";
import { operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbCluster, startOvsdbServer } from "../support/openvswitch.js";
import { log, openLab, seenLogs, serveLab, storedLogs } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const { insert, update } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 60_000 };
const zero = "00000000-0000-0000-0000-000000000000";
const aUuid: unknown = expect.stringMatching(/^[0-9a-f]{8}-/);

describe("the id of the last transaction", () => {
  it("is a text, all zeros at first, and later that of the newest answer or update3", slow, async () => {
    await using server = await serveLab({ model: "clustered" });
    await using db = (await openLab(server.remote)).unwrap();
    (await db.transact([insert("Log", { k: 1 })], options)).unwrap();
    server.disconnect();
    await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
    const ids = server.requests.of("monitor_cond_since").map(({ params }) => params[3]);
    expect(ids).toEqual([zero, expect.not.stringContaining(zero)]);
    expect(ids[1]).toEqual(aUuid);
    expect(db.health.fastResyncs).toBe(1);
  });

  it.skipIf(!available)(
    `comes second in the params of update3, as a cluster of real servers sends it${note}`,
    slow,
    async () => {
      await using cluster = await startOvsdbCluster({ schema: labJson, members: 1, electionMs: 500 });
      const leader = await cluster.leader();
      await using db = (await openLab(leader.remote)).unwrap();
      (await db.transact([insert("Log", { k: 1, msg: "m1" })], options)).unwrap();
      (await db.transact([update("Log", [["k", "==", 1]], { k: 2 })], options)).unwrap();
      expect(seenLogs(db)).toEqual(["2 m1"]);
      expect(db.health).toMatchObject({ generation: 1, fullLoads: 1 });
    },
  );

  it(
    "is not gone on from with other conditions: a difference would lack the rows that are new to them",
    slow,
    async () => {
      await using server = await serveLab({ model: "clustered" });
      log(server, 1, 20);
      await using db = (await openLab(server.remote)).unwrap();
      (await db.setConditions("Log", [["k", "<", 10]], options)).unwrap();
      expect(seenLogs(db)).toEqual(["1 m1"]);
      // The server has it, and the connection ends before this side knows.
      server.fail("monitor_cond_change", { kind: "cut", afterBytes: 0 });
      (await db.setConditions("Log", "all", options)).unwrap();
      expect(seenLogs(db)).toEqual(storedLogs(server));
      expect(db.health.fastResyncs).toBe(0);
      await server.stop();
      await expect.poll(() => db.port.isReady).toBe(false);
      const held = db.setConditions("Log", [["k", ">", 10]], options);
      await server.restart();
      (await held).unwrap();
      expect(seenLogs(db)).toEqual(["20 m20"]);
    },
  );
});

describe("one transaction", () => {
  it("is one change of all tables: the database has one monitor, however many tables", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    const torn: number[] = [];
    db.events.on("change", ({ after }) => {
      if (after.table("Log").size !== after.table("Root").size) torn.push(after.version);
    });
    for (let each = 0; each < 5; each += 1) {
      server.transact(
        "Lab",
        { op: "insert", table: "Log", row: { k: each } },
        { op: "insert", table: "Root", row: { name: `r${each}` } },
      );
    }
    await expect.poll(() => db.table("Root").size).toBe(5);
    expect(torn).toEqual([]);
    expect(server.requests.of("monitor_cond_since")).toHaveLength(1);
  });

  it("writes to rows by their ids, which servers before 3.6 find without a search of the table", async () => {
    await using server = await serveLab();
    log(server, 1, 2);
    await using db = (await openLab(server.remote, { indexes: { Log: { k: ["k"] } } })).unwrap();
    await db.transaction((tx) => {
      const [first, second] = [tx.table("Log").one("k", 1), tx.table("Log").one("k", 2)];
      if (first === undefined || second === undefined) return;
      tx.set("Log", first._uuid, { msg: "x" });
      tx.increment("Log", first._uuid, "k");
      tx.delete("Log", second._uuid);
    }, options);
    const [, ...sent] = server.requests.of("transact").at(-1)?.params ?? [];
    const writes = sent.filter((each) => !JSON.stringify(each).includes('"wait"'));
    expect(writes).toHaveLength(3);
    for (const write of writes) expect(write).toMatchObject({ where: [["_uuid", "==", ["uuid", aUuid]]] });
  });

  it("that inserts a row which nothing keeps is refused before it is sent, and never lost in silence", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    const done = await db.transaction((tx) => tx.insert("Item", { name: "i" }), options);
    expect(done).toMatchObject({
      outcome: "rejected",
      error: { kind: "invalid", got: "referred to by nothing" },
    });
    expect(server.requests.of("transact")).toEqual([]);
  });

  it("that attaches to a row which is gone is refused as a whole, and the attached row is not lost", async () => {
    await using server = await serveLab();
    server.transact("Lab", { op: "insert", table: "Root", row: { name: "r" } });
    await using db = (await openLab(server.remote)).unwrap();
    const [root] = db.table("Root");
    server.transact("Lab", { op: "delete", table: "Root", where: [] });
    const done = await db.transaction((tx) => {
      const item = tx.insert("Item", { name: "i" });
      if (root !== undefined) tx.mutate("Root", root._uuid, [["items", "insert", [item]]]);
    }, options);
    expect(done).toMatchObject({ outcome: "rejected", error: { kind: "not-found" } });
  });
});

describe("an open database that is not told of changes of its database", () => {
  it.skipIf(!available)(
    `is disconnected by a real server that converts it, and comes back with the new schema${note}`,
    slow,
    async () => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = (await openLab(server.remote, { changeAware: false })).unwrap();
      (await db.transact([insert("Log", { k: 1, msg: "m1" })], options)).unwrap();
      await using other = (await openLab(server.remote)).unwrap();
      (await other.convert({ ...labJson, version: "1.0.1" }, options)).unwrap();
      await expect.poll(() => db.health.generation, { timeout: 5000 }).toBe(2);
      expect(db.schema.version).toBe("1.0.1");
      expect(seenLogs(db)).toEqual(["1 m1"]);
    },
  );
});

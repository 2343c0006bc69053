import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newUuid, openDatabase, operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer, type OvsdbServer } from "../support/openvswitch.js";
import { labJson } from "./lab.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";

const { available, note } = availableFlavours().dummy;
const { insert, update, deleteRows } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };

describe.skipIf(!available)(`an open database${note}`, () => {
  let server: OvsdbServer;

  beforeAll(async () => {
    server = await startOvsdbServer({ schema: labJson });
  });

  afterAll(async () => {
    await server.stop();
  });

  const open = async () => {
    const opened = await openDatabase({
      remote: server.remote,
      database: "Lab",
      schema: labSchema,
      indexes: { Log: { k: ["k"] } },
      timeoutMs: 10_000,
    });
    return opened.unwrap();
  };

  it("has what it has written when the transaction settles; a snapshot of before stays as it was", async () => {
    await using db = await open();
    const before = db.snapshot();
    const size = before.table("Log").size;
    (await db.transact([insert("Log", { msg: "one", k: 7001 })], options)).unwrap();
    expect(db.table("Log").one("k", 7001)).toMatchObject({ msg: "one" });
    expect(before.table("Log").one("k", 7001)).toBeUndefined();
    expect(before.table("Log").size).toBe(size);
    (await db.transact([update("Log", [["k", "==", 7001]], { k: 7002 })], options)).unwrap();
    expect(db.table("Log").by("k", 7001)).toEqual([]);
    expect(db.table("Log").by("k", 7002)).toHaveLength(1);
  });

  it("commits what a transaction wrote if what it read still holds, and tells whose a change was", async () => {
    await using db = await open();
    await using other = await open();
    (await db.transact([insert("Log", { msg: "read", k: 6001 })], options)).unwrap();
    (await other.waitFor((reader) => reader.table("Log").one("k", 6001), options)).unwrap();
    await using stream = db.changes();
    await using query = db
      .where("Log", [
        ["k", ">", 6001],
        ["k", "<", 6100],
      ])
      .watch();
    const done = await db.transaction((tx) => {
      const read = tx.table("Log").one("k", 6001);
      return tx.insert("Log", { msg: `${read?.msg} and written`, k: 6002 });
    }, options);
    expect(done).toMatchObject({
      outcome: "committed",
      attempts: 1,
      inserted: [done.outcome === "committed" && done.value],
    });
    expect(query.rows).toMatchObject([{ msg: "read and written" }]);
    (await other.transact([insert("Log", { k: 6003 })], options)).unwrap();
    (await db.waitFor((reader) => reader.table("Log").one("k", 6003), options)).unwrap();
    expect((await stream.next()).value).toMatchObject({
      origin: { operation: "test" },
      rows: [{ new: { k: 6002 } }],
    });
    expect((await stream.next()).value).toMatchObject({ origin: "remote", rows: [{ new: { k: 6003 } }] });
  });

  it("loses no increment of two databases that count at once", async () => {
    await using one = await open();
    await using two = await open();
    (await one.transact([insert("Log", { msg: "0", k: 5001 })], options)).unwrap();
    (await two.waitFor((reader) => reader.table("Log").one("k", 5001), options)).unwrap();
    const count = async (db: typeof one): Promise<void> => {
      for (let at = 0; at < 10; at += 1) {
        const done = await db.transaction((tx) => {
          const row = tx.table("Log").one("k", 5001);
          if (row !== undefined) tx.set("Log", row._uuid, { msg: String(Number(row.msg) + 1) });
        }, options);
        expect(done.outcome).toBe("committed");
      }
    };
    await Promise.all([count(one), count(two)]);
    await expect.poll(() => one.table("Log").one("k", 5001)?.msg).toBe("20");
  });

  it("tries a transaction without doing it", async () => {
    await using db = await open();
    const run = (await db.dryRun((tx) => tx.insert("Log", { k: 4001 }), options)).unwrap();
    expect(run.operations).toMatchObject([{ op: "insert", uuid: run.value }]);
    expect(db.table("Log").has(run.value)).toBe(false);
  });

  it("says what it last saw when a wait times out", async () => {
    await using db = await open();
    const uuid = newUuid();
    const row = insert("Log", { k: 3001, msg: "still" }, { uuid });
    (await db.transact([row], options)).unwrap();
    const waited = await db.waitFor((reader) => reader.table("Log").get(uuid)?.msg === "done", {
      operation: "settle",
      timeoutMs: 50,
    });
    const message = `settle: no answer within 50 ms while waiting for the database to change; last seen: Log ${uuid} with msg "still"`;
    expect(waited).toMatchObject({ error: { kind: "timeout", outcome: "not-sent", message } });
  });

  it("has a lock that one database holds at a time", async () => {
    await using db = await open();
    await using other = await open();
    const lock = (await db.lock("one_at_a_time", options)).unwrap();
    const refused = await other.lock("one_at_a_time", { ...options, timeoutMs: 50 });
    expect(refused).toMatchObject({ error: { kind: "timeout" } });
    const done = await db.transaction((tx) => {
      tx.assertLock(lock);
      tx.insert("Log", { k: 2001 });
    }, options);
    expect(done.outcome).toBe("committed");
    await lock[Symbol.asyncDispose]();
    await using mine = (await other.lock("one_at_a_time", options)).unwrap();
    expect(mine.name).toBe("one_at_a_time");
  });

  it("tells the exact difference as one resync after the server was away", { timeout: 30_000 }, async () => {
    await using db = await open();
    (
      await db.transact(
        [insert("Log", { msg: "stays", k: 8001 }), insert("Log", { msg: "goes", k: 8002 })],
        options,
      )
    ).unwrap();
    const stays = db.table("Log").one("k", 8001);
    const kinds: string[] = [];
    db.port.onChange(({ kind }) => void kinds.push(kind));
    await server.stopServer();
    await expect.poll(() => db.port.isReady).toBe(false);
    expect(db.table("Log").one("k", 8002)).toBeDefined();
    const refused = await db.transact([deleteRows("Log", [])], options);
    expect(refused.isErr() && refused.error).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    await server.startServer();
    await server.client(
      "transact",
      server.remote,
      '["Lab",{"op":"delete","table":"Log","where":[["k","==",8002]]},{"op":"insert","table":"Log","row":{"k":8003}}]',
    );
    await db.port.ready(options);
    await expect.poll(() => db.table("Log").one("k", 8003)).toBeDefined();
    expect(kinds).toContain("resync");
    expect(db.table("Log").one("k", 8002)).toBeUndefined();
    expect(db.table("Log").one("k", 8001)).toBe(stays);
  });

  it("begins with the conditions that it was opened with, and keeps them through a reconnect", async () => {
    const tables = {
      Log: { columns: ["k"], where: [["k", "==", 9101]] },
      Root: { where: "none" },
      Item: {},
    } as const;
    const opened = await openDatabase({
      remote: server.remote,
      database: "Lab",
      schema: labSchema,
      tables,
      timeoutMs: 10_000,
    });
    await using db = opened.unwrap();
    const write = async (...ks: readonly number[]) =>
      (
        await db.transact([insert("Root", { name: "r" }), ...ks.map((k) => insert("Log", { k }))], options)
      ).unwrap();
    const seen = () => [Array.from(db.table("Log"), ({ k }) => k), db.table("Root").size];
    await write(9101, 9102);
    expect(seen()).toEqual([[9101], 0]);
    db.forceReconnect();
    await expect.poll(() => db.health.generation).toBe(2);
    await write(9103);
    expect(seen()).toEqual([[9101], 0]);
    (await db.setConditions("Root", "all", { timeoutMs: 5000 })).unwrap();
    expect(seen()).toEqual([[9101], 2]);
  });

  it("changes conditions, and says when they hold", async () => {
    await using db = await open();
    (
      await db.transact([insert("Log", { msg: "a", k: 9001 }), insert("Log", { msg: "b", k: 9002 })], options)
    ).unwrap();
    (await db.setConditions("Log", [["k", "==", 9001]], { timeoutMs: 5000 })).unwrap();
    expect([...db.table("Log")].map(({ k }) => k)).toEqual([9001]);
    (await db.setConditions("Log", "none", { timeoutMs: 5000 })).unwrap();
    expect(db.table("Log").size).toBe(0);
    (await db.setConditions("Log", "all", { timeoutMs: 5000 })).unwrap();
    expect(db.table("Log").one("k", 9002)).toBeDefined();
  });

  it("changes conditions so that many rows come: they are one change, though they are read in parts", async () => {
    await using db = await open();
    (await db.setConditions("Log", "none", { timeoutMs: 5000 })).unwrap();
    const before = db.snapshot();
    const rows = Array.from({ length: 3000 }, (_, n) =>
      insert("Log", { msg: "m".repeat(40), k: 10_000 + n }),
    );
    (await db.transact(rows, options)).unwrap();
    const told: number[] = [];
    db.events.on("change", ({ rows, before }) => told.push(rows.length, before.table("Log").size));
    (await db.setConditions("Log", [["k", ">=", 10_000]], { timeoutMs: 5000 })).unwrap();
    expect(told).toEqual([3000, 0]);
    expect(db.table("Log").one("k", 12_999)?.msg).toBe("m".repeat(40));
    expect(before.table("Log").size).toBe(0);
  });

  it("closes at once while the server is stopped, and what waits settles", async () => {
    const db = await open();
    process.kill(server.pid, "SIGSTOP");
    try {
      const waiting = db.transact([insert("Log", { msg: "late", k: 1 })], options);
      const held = db.setConditions("Log", "none");
      const closed = new Promise((resolve) => db.events.on("close", resolve));
      await db.close();
      expect(await waiting).toMatchObject({ error: { kind: "disconnected", outcome: "unknown" } });
      expect(await held).toMatchObject({ error: { kind: "disconnected" } });
      expect(await closed).toBe(db.closed);
      expect(await db.port.ready(options)).toMatchObject({
        error: { kind: "disconnected", outcome: "not-sent" },
      });
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
  });

  it("goes on when the schema is converted, with the new columns", { timeout: 30_000 }, async () => {
    const { Log } = labJson.tables;
    const wider = {
      ...labJson,
      version: "1.1.0",
      tables: { ...labJson.tables, Log: { ...Log, columns: { ...Log.columns, extra: { type: "integer" } } } },
    };
    await using own = await startOvsdbServer({ schema: labJson });
    await using db = (
      await openDatabase({ remote: own.remote, database: "Lab", timeoutMs: 10_000 })
    ).unwrap();
    await own.client("transact", own.remote, '["Lab",{"op":"insert","table":"Log","row":{"k":5}}]');
    await expect.poll(() => db.table("Log").size).toBe(1);
    const { generation } = db.health;
    const { writeFileSync } = await import("node:fs");
    writeFileSync(`${own.dir}/wider.json`, JSON.stringify(wider));
    await own.client("convert", own.remote, `${own.dir}/wider.json`);
    await expect.poll(() => db.health.generation).toBe(generation + 1);
    expect([...db.table("Log")]).toMatchObject([{ k: 5, extra: 0 }]);
    expect(db.schema.version).toBe("1.1.0");
  });

  it("gives up as it was told to, with the reason", async () => {
    const nowhere = await openDatabase({
      remote: "unix:/nonexistent/db.sock",
      database: "Lab",
      retry: false,
    });
    expect(nowhere).toMatchObject({ error: { kind: "unreachable", errno: "ENOENT" } });
    const absent = await openDatabase({ remote: server.remote, database: "Nope", retry: false });
    expect(absent).toMatchObject({
      error: {
        kind: "not-found",
        object: "database Nope",
        message: "openDatabase: the server has no database Nope; it has Lab",
      },
    });
    const late = await openDatabase({ remote: "unix:/nonexistent/db.sock", database: "Lab", timeoutMs: 50 });
    expect(late).toMatchObject({ error: { kind: "timeout" } });
    const bad = await openDatabase({
      remote: server.remote,
      database: "Lab",
      indexes: { Log: { byNope: ["nope"] } },
      timeoutMs: 5000,
    });
    expect(bad).toMatchObject({
      error: {
        kind: "invalid",
        path: "indexes.Log.byNope.nope",
        message: "openDatabase: indexes.Log.byNope.nope is not; expected a column that is monitored",
      },
    });
  });
});

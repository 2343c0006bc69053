/** Conversions of the schema that nobody would tell of, where other clients went on blindly. */
import { describe, expect, it } from "vitest";
import { JsonRpcConnection } from "../../src/jsonrpc/connection.js";
import { named, openDatabase, operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer } from "../support/openvswitch.js";
import { ScriptedPeer } from "../support/scripted-peer.js";
import { log, openLab, seenLogs, serveLab } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { insert, update, wait } = operations<LabDatabase>();
const { available, note } = availableFlavours().dummy;
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 60_000 };

const { Log } = labJson.tables;

/** The Lab database of another version, whose Log has these columns too. */
const converted = (version: string, columns: object) => ({
  ...labJson,
  version,
  tables: { ...labJson.tables, Log: { ...Log, columns: { ...Log.columns, ...columns } } },
});

const openAny = async (remote: string) =>
  (await openDatabase({ remote, database: "Lab", timeoutMs: 10_000 })).unwrap();

describe("an open database whose schema is converted", () => {
  it.skipIf(!available).each([true, false])(
    `to one that is of no use, and later back, goes on; told of changes: %s${note}`,
    slow,
    async (changeAware) => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = (await openLab(server.remote, { changeAware })).unwrap();
      await using other = await openAny(server.remote);
      (await other.convert(converted("2.0.0", { msg: { type: "integer" } }), options)).unwrap();
      await expect.poll(() => db.health.reason).toMatch(/column Log\.msg .* is integer/u);
      expect(db.port.isReady).toBe(false);
      // Of this ovsdb-server tells nobody in `_Server`, and there is no monitor whose end would tell.
      (await other.convert(converted("3.0.0", {}), options)).unwrap();
      (await db.port.ready(options)).unwrap();
      expect(db.schema.version).toBe("3.0.0");
      // By now the server has been told again whether to tell of changes.
      (await db.getServerId(options)).unwrap();
      const states: string[] = [];
      db.events.on("state", ({ state }) => void states.push(state));
      (await other.convert(converted("4.0.0", {}), options)).unwrap();
      await expect.poll(() => db.schema.version).toBe("4.0.0");
      expect(states.includes("waiting")).toBe(!changeAware);
    },
  );

  it(
    "after it has been read, and before the rows are asked for, has the rows by the new one",
    slow,
    async () => {
      await using server = await serveLab();
      log(server, 1);
      await using other = await openAny(server.remote);
      server.fail("get_schema", { kind: "late", ms: 0 });
      server.fail("get_schema", { kind: "held" });
      const opening = openAny(server.remote);
      await expect.poll(() => server.requests.of("get_schema")).toHaveLength(4);
      (await other.convert(converted("1.1.0", { extra: { type: "integer" } }), options)).unwrap();
      server.release();
      await using db = await opening;
      expect(db.schema.version).toBe("1.1.0");
      expect([...db.table("Log")]).toMatchObject([{ k: 1, msg: "m1", extra: 0 }]);
    },
  );

  it.skipIf(!available)(
    `while a transaction waits, which is given up by that, has it done after all, once${note}`,
    slow,
    async () => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = (await openLab(server.remote)).unwrap();
      await using other = await openAny(server.remote);
      const until = wait("Log", [["k", "==", 1]], ["k"], "==", [{ k: 1 }], 60_000);
      const plain = db.transact([until, insert("Log", { k: 3 })], options);
      const done = db.transaction((tx) => {
        tx.add(until);
        tx.insert("Log", { k: 2 });
      }, options);
      (await db.getServerId(options)).unwrap();
      (await other.convert(converted("1.1.0", {}), options)).unwrap();
      // Of a cluster it would not be known whether it was done.
      const message = expect.stringContaining("a cluster may have done it all the same");
      expect(await plain).toMatchObject({ error: { kind: "rejected", reason: "canceled", message } });
      (await other.transact([insert("Log", { k: 1 })], options)).unwrap();
      expect(await done).toMatchObject({ outcome: "committed", attempts: 2 });
      expect(seenLogs(db)).toEqual(["1 ", "2 "]);
    },
  );
});

describe("a session whose monitor of _Server is ended while it asks for the schema", () => {
  it("begins from the top, with one monitor of the rows, whatever the answer to the old question is", async () => {
    const text = { type: "string" };
    const tables = { Database: { columns: { name: text, model: text, schema: text } } };
    const database = { name: "Lab", model: "standalone", schema: JSON.stringify(labJson) };
    const rows = { Database: { "11111111-0000-4000-8000-000000000000": { initial: database } } };
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openAny(peer.remote.text);
    const server = await peer.connection();
    const tellOfServer = async (): Promise<unknown> => {
      await server.answer({ name: "_Server", version: "1.2.0", tables });
      const { params } = await server.answer(rows);
      return Array.isArray(params) ? params[1] : undefined;
    };
    const monitor = await tellOfServer();
    const early = await server.next();
    expect(early).toMatchObject({ method: "get_schema", params: ["Lab"] });
    server.send(JSON.stringify({ method: "monitor_canceled", params: [monitor], id: null }));
    const unaware = await server.next();
    expect(unaware).toMatchObject({ method: "set_db_change_aware", params: [false] });
    const stale = converted("2.0.0", { extra: { type: "integer" } });
    server.send(JSON.stringify({ id: early["id"], result: stale, error: null }));
    server.send(JSON.stringify({ id: unaware["id"], result: {}, error: null }));
    await tellOfServer();
    expect(await server.answer(labJson)).toMatchObject({ method: "get_schema", params: ["Lab"] });
    const asked = await server.answer([false, "22222222-0000-4000-8000-000000000000", {}]);
    expect(asked).toMatchObject({ method: "monitor_cond_since" });
    await using db = await opening;
    expect(db.schema.version).toBe(labJson.version);
    expect(server.received.match(/"method":"monitor_cond_since"/gu)).toHaveLength(1);
  });
});

describe("an open database that is converted many times", () => {
  it("listens to its connection no more than before", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    const { connection } = db.port;
    if (!(connection instanceof JsonRpcConnection)) throw new TypeError("there is no connection");
    const listening = () =>
      connection.events.eventNames().map((name) => connection.events.listenerCount(name));
    const before = listening();
    for (let minor = 1; minor <= 10; minor += 1) {
      const schema = converted(`1.${minor}.0`, { [`extra${minor}`]: { type: "integer" } });
      (await db.convert(schema, options)).unwrap();
      (await db.transact([insert("Log", { k: minor })], options)).unwrap();
    }
    expect(db.port.connection).toBe(connection);
    expect(listening()).toEqual(before);
  });
});

describe("an open database whose conditions do not fit the schema any more", () => {
  it("goes on when it is given others", slow, async () => {
    await using server = await serveLab();
    log(server, 1, 2);
    await using db = (await openLab(server.remote)).unwrap();
    (await db.setConditions("Log", [["k", "==", 1]], options)).unwrap();
    await using other = await openAny(server.remote);
    const { k: _k, ...columns } = Log.columns;
    const tables = { ...labJson.tables, Log: { ...Log, columns } };
    (await other.convert({ ...labJson, version: "2.0.0", tables }, options)).unwrap();
    await expect.poll(() => db.health.reason).toMatch(/has no column Log\.k/u);
    (await db.setConditions("Log", [["msg", "==", "m2"]], options)).unwrap();
    expect([...db.table("Log")]).toMatchObject([{ msg: "m2" }]);
    expect(db.health.state).toBe("monitoring");
  });
});

describe("a lock of an open database whose schema is converted", () => {
  it.skipIf(!available)(
    `stays held, as the connection stays, and is told to nobody as lost${note}`,
    slow,
    async () => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = (await openLab(server.remote)).unwrap();
      await using other = await openAny(server.remote);
      const lock = (await db.lock("mine", options)).unwrap();
      const told: string[] = [];
      lock.events.on("lost", (why) => told.push(why));
      (await db.getServerId(options)).unwrap();
      (await other.convert(converted("1.1.0", {}), options)).unwrap();
      await expect.poll(() => db.schema.version).toBe("1.1.0");
      (await db.port.ready(options)).unwrap();
      (await db.getServerId(options)).unwrap();
      expect([lock.isHeld, told]).toEqual([true, []]);
      const queued = await other.lock("mine", { operation: "test", timeoutMs: 100 });
      expect(queued).toMatchObject({ error: { kind: "timeout" } });
      await lock.release();
      expect((await other.lock("mine", options)).unwrap().isHeld).toBe(true);
    },
  );

  it("may be released and asked for in the middle of it", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    await using other = await openAny(server.remote);
    const lock = (await db.lock("mine", options)).unwrap();
    (await db.getServerId(options)).unwrap();
    server.fail("get_schema", { kind: "held" });
    const converting = other.convert(converted("1.1.0", {}), options);
    await expect.poll(() => [db.port.isReady, other.port.isReady]).toContain(false);
    const released = lock.release();
    const again = db.lock("mine", options);
    server.release();
    (await converting).unwrap();
    await released;
    const mine = (await again).unwrap();
    expect(mine.isHeld).toBe(true);
    await mine.release();
    expect((await other.lock("mine", options)).unwrap().isHeld).toBe(true);
  });

  it(
    "is lost with the connection, where that goes in the middle of it, and not held beside another's",
    slow,
    async () => {
      await using server = await serveLab();
      await using db = (await openLab(server.remote)).unwrap();
      const lock = (await db.lock("mine", options)).unwrap();
      const told: string[] = [];
      lock.events.on("lost", (why) => told.push(why));
      server.fail("get_schema", { kind: "held" });
      const converting = db.convert(converted("1.1.0", {}), options);
      await expect.poll(() => db.port.isReady).toBe(false);
      expect(lock.isHeld).toBe(true);
      await server.stop();
      await expect.poll(() => db.health.state).toBe("waiting");
      expect([lock.isHeld, told]).toEqual([false, ["disconnected"]]);
      await server.restart();
      await using other = await openAny(server.remote);
      const theirs = (await other.lock("mine", { ...options, steal: true })).unwrap();
      await converting;
      (await db.port.ready(options)).unwrap();
      // A round trip: the lock was asked for before it.
      (await db.getServerId(options)).unwrap();
      expect([lock.isHeld, theirs.isHeld]).toEqual([false, true]);
      await theirs.release();
      await expect.poll(() => lock.isHeld).toBe(true);
    },
  );

  it("is released where the server goes in the middle of it and does not come back", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    const lock = (await db.lock("mine", options)).unwrap();
    server.fail("get_schema", { kind: "held" });
    const converting = db.convert(converted("1.1.0", {}), options);
    await expect.poll(() => db.port.isReady).toBe(false);
    const released = lock.release();
    await server.stop();
    await released;
    expect(db.health.state).not.toBe("monitoring");
    await db.close();
    expect(await converting).toMatchObject({ error: { kind: "disconnected" } });
  });
});

describe("an open database whose server has an older schema than the program", () => {
  it("has what that lacks empty, writes none of it, and has it when the server has", slow, async () => {
    const { Root, Item } = labJson.tables;
    const { kind: _kind, ...columns } = Item.columns;
    const older = { ...labJson, version: "0.9.0", tables: { Root, Item: { ...Item, columns } } };
    await using server = await serveLab({ schemas: [older] });
    await using db = (await openLab(server.remote)).unwrap();
    expect(db.absent).toEqual(["Log", "Item.kind"]);
    const item = insert("Item", { name: "i" }, { uuidName: "i" });
    (await db.transact([item, insert("Root", { items: [named("i")] })], options)).unwrap();
    expect([...db.table("Item")]).toMatchObject([{ name: "i", kind: null }]);
    expect(db.table("Log").size).toBe(0);
    for (const write of [update("Item", [], { kind: "a" }), insert("Log", { k: 1 })])
      expect(await db.transact([write], options)).toMatchObject({
        error: { kind: "incompatible", why: "absent" },
      });
    await using other = await openAny(server.remote);
    (await other.convert(labJson, options)).unwrap();
    await expect.poll(() => db.absent).toEqual([]);
    (await db.port.ready(options)).unwrap();
    const both = [update("Item", [], { kind: "a" }), insert("Log", { k: 1 })] as const;
    (await db.transact(both, options)).unwrap();
    expect([...db.table("Item")]).toMatchObject([{ name: "i", kind: "a" }]);
    expect(seenLogs(db)).toEqual(["1 "]);
  });
});

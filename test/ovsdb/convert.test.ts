import { describe, expect, it } from "vitest";
import { openDatabase, operations } from "../../src/ovsdb/index.js";
import { OvsdbServer, type OvsdbFault } from "../../src/testing/index.js";
import { availableFlavours, startOvsdbCluster, startOvsdbServer } from "../support/openvswitch.js";
import { openLab } from "./lab-database.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const options = { operation: "test", timeoutMs: 10_000 };
const { Log } = labJson.tables;
const log = operations().insert("Log", { k: 5 });
const wider = {
  ...labJson,
  version: "1.1.0",
  tables: { ...labJson.tables, Log: { ...Log, columns: { ...Log.columns, extra: { type: "integer" } } } },
};

const open = async (remote: string, changeAware = true) =>
  (await openDatabase({ remote, database: "Lab", changeAware, timeoutMs: 10_000 })).unwrap();

describe("the conversion of a database", () => {
  it.skipIf(!available).each([true, false])(
    `by a real server is done when the rows are there by the new schema; told of changes: %s${note}`,
    { timeout: 30_000 },
    async (changeAware) => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = await open(server.remote, changeAware);
      (await db.transact([log], options)).unwrap();
      (await db.convert(wider, options)).unwrap();
      expect(db.schema.version).toBe("1.1.0");
      expect([...db.table("Log")]).toMatchObject([{ k: 5, extra: 0 }]);
      (await db.convert(labJson, options)).unwrap();
      expect(Object.keys([...db.table("Log")][0] ?? {})).not.toContain("extra");
    },
  );

  it.skipIf(!available)(
    `by a cluster of real servers is of persistent columns only: one that is ephemeral would stop it for ever${note}`,
    { timeout: 60_000 },
    async () => {
      await using cluster = await startOvsdbCluster({ schema: labJson, electionMs: 500 });
      const leader = await cluster.leader();
      await using db = await open(cluster.members.map(({ remote }) => remote).join(","));
      expect(db.health.remote).toBe(leader.remote);
      (await db.transact([log], options)).unwrap();
      (await db.convert(wider, { ...options, timeoutMs: 30_000 })).unwrap();
      expect(db.schema.version).toBe("1.1.0");
      expect([...db.table("Log")]).toMatchObject([{ k: 5, extra: 0 }]);
      (await db.transact([log], options)).unwrap();
      expect(db.table("Log").size).toBe(2);
    },
  );

  it.skipIf(!available)(
    `is refused by a real server whose rows do not fit, and nothing changes${note}`,
    async () => {
      await using server = await startOvsdbServer({ schema: labJson });
      await using db = await open(server.remote);
      (await db.transact([log], options)).unwrap();
      const stricter = {
        ...labJson,
        tables: {
          ...labJson.tables,
          Log: { ...Log, columns: { k: { type: { key: { type: "integer", maxInteger: 4 } } } } },
        },
      };
      const refused = await db.convert(stricter, options);
      expect(refused).toMatchObject({ error: { kind: "rejected", reason: "constraint violation" } });
      expect([...db.table("Log")]).toMatchObject([{ k: 5 }]);
      expect(db.health.state).toBe("monitoring");
    },
  );

  it.each<OvsdbFault | undefined>([undefined, { kind: "cut", afterBytes: 0 }])(
    "to what this program cannot use says so as soon as that is known, and that it was done; fault: %o",
    async (fault) => {
      await using server = await OvsdbServer.start({ schemas: [labJson] });
      await using db = (await openLab(server.remote)).unwrap();
      if (fault !== undefined) server.fail("convert", fault);
      const columns = { ...Log.columns, msg: { type: "integer" } };
      const unusable = {
        ...labJson,
        tables: { ...labJson.tables, Log: { ...Log, columns } },
      };
      const done = await db.convert(unusable, { ...options, timeoutMs: 60_000 });
      const message = expect.stringMatching(/^test: the conversion was done, but .*Log\.msg/u);
      expect(done).toMatchObject({ error: { kind: "incompatible", item: "Log.msg", message } });
      await using other = await open(server.remote);
      (await other.convert(labJson, options)).unwrap();
      (await db.port.ready(options)).unwrap();
    },
  );

  it("is not asked for with what is no schema, or another database's", async () => {
    await using server = await OvsdbServer.start({ schemas: [labJson] });
    await using db = await open(server.remote);
    const none = await db.convert({ name: "Lab", tables: { Log: {} } }, options);
    expect(none).toMatchObject({ error: { kind: "invalid", path: "schema.tables.Log.columns" } });
    const other = await db.convert({ ...labJson, name: "Other" }, options);
    expect(other).toMatchObject({ error: { kind: "invalid", path: "schema.name", got: '"Other"' } });
    expect(server.requests.of("convert")).toEqual([]);
  });

  it.each<readonly [string, OvsdbFault]>([
    ["does not come", { kind: "cut", afterBytes: 0 }],
    ["is none", { kind: "rubbish", bytes: Buffer.from("}") }],
  ])("whose answer %s is known by the schema that is there afterwards", async (_what, fault) => {
    await using server = await OvsdbServer.start({ schemas: [labJson] });
    await using db = await open(server.remote);
    server.fail("convert", fault);
    expect((await db.convert(wider, options)).isOk()).toBe(true);
    expect(db.schema.version).toBe("1.1.0");
    server.fail("convert", { kind: "lost" });
    const lost = await db.convert(labJson, options);
    expect(lost).toMatchObject({ error: { kind: "disconnected", outcome: "unknown" } });
    expect(db.schema.version).toBe("1.1.0");
  });
});

describe("what the present server says of itself", () => {
  it("is its id, another one after a restart, and its databases", async () => {
    await using server = await OvsdbServer.start({ schemas: [labJson] });
    await using db = await open(server.remote);
    const id = (await db.getServerId(options)).unwrap();
    expect((await db.getServerId(options)).unwrap()).toBe(id);
    expect((await db.listDbs(options)).unwrap().toSorted()).toEqual(["Lab", "_Server"]);
    const { generation } = db.health;
    await server.restart();
    await expect.poll(() => db.health.generation).toBe(generation + 1);
    expect((await db.getServerId(options)).unwrap()).not.toBe(id);
  });

  it("is not believed where it is none: the server is left, and the rows are read again", async () => {
    await using server = await OvsdbServer.start({ schemas: [labJson] });
    await using db = await open(server.remote);
    const last: unknown = [...server.requests].at(-1)?.id;
    const answer = JSON.stringify({ id: Number(last) + 1, result: 7, error: null });
    server.fail("get_server_id", { kind: "rubbish", bytes: Buffer.from(answer) });
    expect(await db.getServerId(options)).toMatchObject({ error: { kind: "protocol" } });
    expect(db.port.isReady).toBe(false);
    await db.port.ready(options);
    expect((await db.getServerId(options)).isOk()).toBe(true);
  });

  it("where it breaks the protocol, makes nobody try again before the time", async () => {
    await using server = await OvsdbServer.start({ schemas: [labJson] });
    await using db = await open(server.remote);
    server.fail("get_server_id", { kind: "rubbish", bytes: Buffer.from("}") });
    expect(await db.getServerId(options)).toMatchObject({ error: { kind: "protocol" } });
    expect(db.health.state).toBe("waiting");
  });
});

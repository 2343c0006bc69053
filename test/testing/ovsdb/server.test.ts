/** What the server does beyond answering: what a test can make it do. */
import { describe, expect, it } from "vitest";

import { connectOvsdb, operations } from "../../../src/ovsdb/index.js";
import { isArray, isObject } from "../../../src/ovsdb/json.js";
import { OvsdbServer } from "../../../src/testing/index.js";
import { labJson } from "../../ovsdb/lab.js";
import { labSchema, type LabDatabase } from "../../ovsdb/lab-rows.js";
import { RawClient, type Message } from "./raw-client.js";

const { insert, select } = operations<LabDatabase>();
const zero = "00000000-0000-0000-0000-000000000000";
const aText: unknown = expect.any(String);

const start = (options: object = {}) => OvsdbServer.start({ schemas: [labJson], ...options });
const log = (msg: string) => ({ op: "insert", table: "Log", row: { msg } });
const aware = (client: RawClient) => client.request("set_db_change_aware", [true]);

function resultOf(messages: readonly (Message | "closed")[]): unknown {
  const last = messages.at(-1);
  if (last === undefined || last === "closed") throw new Error("closed");
  return last["result"];
}

/** What is there in a value of JSON. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path)
    found = isArray(found) ? found[Number(step)] : isObject(found) ? found[String(step)] : undefined;
  return found;
}

function membersOf(value: unknown): readonly unknown[] {
  return isObject(value) ? Object.values(value) : [];
}

describe("a server in this process", () => {
  it("serves the client of this library, over a unix socket and tcp", async () => {
    await using server = await start({ tcp: true });
    for (const remote of [server.remote, server.tcpRemote]) {
      const connected = await connectOvsdb({ remote, database: "Lab", schema: labSchema });
      await using client = connected.unwrap();
      (await client.transact([insert("Log", { msg: remote })], { operation: "test" })).unwrap();
    }
    expect(server.dump("Lab")["Log"]).toMatchObject([{ msg: server.remote }, { msg: server.tcpRemote }]);
    expect(server.requests.of("transact")).toHaveLength(2);
  });

  it("is changed from outside, and tells those who watch", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await client.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    const [inserted] = server.transact("Lab", log("x"));
    expect(inserted).toEqual({ uuid: ["uuid", aText] });
    expect(await client.settled()).toMatchObject([{ method: "update2", params: ["m", { Log: {} }] }]);
  });

  it("asks over tcp for a sign of life, and hangs up without one", async () => {
    await using server = await start({ tcp: true, probeIntervalMs: 50 });
    using client = await RawClient.connect(server.tcpRemote);
    expect(await client.next()).toEqual({ id: "echo", method: "echo", params: [] });
    expect(await client.next()).toBe("closed");
  });

  it("keeps what it holds over a restart, but for what is ephemeral", async () => {
    await using server = await start();
    const references = { name: "r", items: ["named-uuid", "i"] };
    server.transact(
      "Lab",
      { op: "insert", table: "Root", row: references },
      { op: "insert", table: "Item", row: { name: "i", n: 3, eph: 7 }, "uuid-name": "i" },
    );
    const { remote } = server;
    await server.restart();
    expect(server.remote).toBe(remote);
    expect(server.dump("Lab")["Item"]).toMatchObject([{ name: "i", n: 3, eph: 0 }]);
  });

  it("merges changes for a client that does not read", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await client.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    server.transact("Lab", log("long".repeat(1_000_000)));
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < 20; n++) server.transact("Lab", log(`short ${n}`));
    const updates = await client.settled();
    expect(updates).toHaveLength(2);
    expect(membersOf(at(updates[1], "params", 1, "Log"))).toHaveLength(20);
  });
});

describe("a cluster", () => {
  const cluster = () => start({ model: "clustered" });

  it("gives back what was missed, if it still knows it", async () => {
    await using server = await cluster();
    using client = await RawClient.connect(server.remote);
    const request = { Log: [{ columns: ["msg"] }] };
    const since = (monitor: string, id: unknown) =>
      client.request("monitor_cond_since", ["Lab", monitor, request, id]).then(resultOf);
    const first = at(await since("a", zero), 1);
    expect(first).toEqual(aText);
    server.transact("Lab", log("one"));
    server.transact("Lab", log("two"));
    const missed = await since("b", first);
    const last = at(missed, 1);
    expect(at(missed, 0)).toBe(true);
    const rows = membersOf(at(missed, 2, "Log"));
    expect(rows).toEqual([{ insert: { msg: "one" } }, { insert: { msg: "two" } }]);
    expect(await since("c", last)).toEqual([true, last, {}]);
    server.fail("monitor_cond_since", { kind: "not-found" });
    expect(await since("d", last)).toMatchObject([false, last, { Log: {} }]);
    server.forgetHistory("Lab");
    expect(await since("e", last)).toMatchObject([false, aText, { Log: {} }]);
  });

  it("has members that share the rows, and each its own part", async () => {
    await using leader = await cluster();
    await using follower = await OvsdbServer.start({ shares: leader });
    follower.setStatus("Lab", { leader: false });
    const roles = async (remote: string) => {
      using client = await RawClient.connect(remote);
      const columns = ["leader", "cid", "model"];
      const where = [["name", "==", "Lab"]];
      const monitor = { Database: [{ columns, where }] };
      const updates = resultOf(await client.request("monitor_cond", ["_Server", 1, monitor]));
      const [row] = membersOf(at(updates, "Database"));
      return at(row, "initial");
    };
    const first = await roles(leader.remote);
    const second = await roles(follower.remote);
    expect(first).toMatchObject({ leader: true, model: "clustered" });
    expect(second).toEqual({ cid: at(first, "cid"), model: "clustered" });
    using watcher = await RawClient.connect(follower.remote);
    await watcher.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    leader.transact("Lab", log("x"));
    expect(await watcher.settled()).toMatchObject([{ method: "update2" }]);
  });

  it("tells in _Server of a change of leader", async () => {
    await using server = await cluster();
    using client = await RawClient.connect(server.remote);
    await client.request("monitor_cond", ["_Server", "s", { Database: [{ columns: ["leader"] }] }]);
    server.setStatus("Lab", { leader: false });
    const [update] = await client.settled();
    expect(JSON.stringify(update)).toContain('{"modify":{"leader":false}}');
  });
});

describe("another schema", () => {
  const wider = {
    ...labJson,
    version: "1.1.0",
    tables: {
      ...labJson.tables,
      Log: { isRoot: true, columns: { ...labJson.tables.Log.columns, extra: { type: "string" } } },
    },
  };

  it("is announced to those who are aware; all others are disconnected, also who asked for it", async () => {
    await using server = await start();
    server.transact("Lab", log("kept"));
    using plain = await RawClient.connect(server.remote);
    using other = await RawClient.connect(server.remote);
    await aware(other);
    await other.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    const [answer] = await plain.request("convert", ["Lab", wider]);
    expect(answer).toMatchObject({ id: 1, result: {} });
    expect(await plain.next()).toBe("closed");
    expect(await other.settled()).toEqual([{ id: null, method: "monitor_canceled", params: ["m"] }]);
    expect(server.dump("Lab")["Log"]).toMatchObject([{ msg: "kept", extra: "" }]);
  });

  it("is refused where it is none, or of another database, or the rows do not fit", async () => {
    await using server = await start();
    server.transact("Lab", log("kept"));
    using client = await RawClient.connect(server.remote);
    const refused = async (schema: unknown) => {
      const [answer] = await client.request("convert", ["Lab", schema]);
      return answer === "closed" || answer === undefined ? answer : answer["error"];
    };
    expect(await refused({ ...wider, name: "Other" })).toMatchObject({ error: "invalid parameters" });
    expect(await refused({ name: "Lab", tables: { X: { columns: {} } } })).toMatchObject({
      error: "syntax error",
    });
    const Log = { isRoot: true, columns: { msg: { type: "integer" } } };
    expect(await refused({ ...wider, tables: { ...labJson.tables, Log } })).toMatchObject({
      error: "syntax error",
    });
    expect(server.dump("Lab")["Log"]).toMatchObject([{ msg: "kept" }]);
  });

  it("a database comes and goes", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await aware(client);
    await client.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    server.removeDatabase("Lab");
    expect(await client.settled()).toMatchObject([{ method: "monitor_canceled", params: ["m"] }]);
    expect(resultOf(await client.request("list_dbs", []))).toEqual(["_Server"]);
    server.addDatabase(labJson);
    expect(resultOf(await client.request("list_dbs", []))).toEqual(["Lab", "_Server"]);
  });
});

describe("faults", () => {
  const twice = async (server: OvsdbServer) => {
    const client = await RawClient.connect(server.remote);
    client.send({ method: "transact", params: ["Lab", log("x")], id: 1 });
    return client;
  };

  it("an answer that is missing, held or late: the transaction is done all the same", async () => {
    await using server = await start();
    for (const fault of [{ kind: "missing" }, { kind: "held" }, { kind: "late", ms: 30 }] as const) {
      server.fail("transact", fault);
      using client = await twice(server);
      expect(await client.settled()).toEqual([]);
      if (fault.kind === "missing") continue;
      server.release();
      expect(await client.next()).toMatchObject({ id: 1, error: null });
    }
    expect(server.dump("Lab")["Log"]).toHaveLength(3);
  });

  it("a connection cut in the answer, and before the request is carried out", async () => {
    await using server = await start();
    server.fail("transact", { kind: "cut", afterBytes: 10 });
    server.fail("transact", { kind: "lost" });
    using cut = await twice(server);
    expect(await cut.next()).toBe("closed");
    expect(server.dump("Lab")["Log"]).toHaveLength(1);
    using lost = await twice(server);
    expect(await lost.next()).toBe("closed");
    expect(server.dump("Lab")["Log"]).toHaveLength(1);
  });

  it("a refusal, rubbish, and methods that an older server lacks", async () => {
    await using server = await start({ unknownMethods: ["monitor_cond_since"] });
    using client = await RawClient.connect(server.remote);
    const [old] = await client.request("monitor_cond_since", ["Lab", 1, {}, zero]);
    expect(old).toEqual({ id: 1, error: "unknown method" });
    server.fail("transact", { kind: "refused", error: "canceled" });
    expect(await client.request("transact", ["Lab", log("x")])).toEqual([{ id: 1, error: "canceled" }]);
    server.fail(undefined, { kind: "rubbish", bytes: Buffer.from('{"id":1,"result":"?","error":null}') });
    expect(resultOf(await client.request("list_dbs", []))).toBe("?");
    expect(server.dump("Lab")["Log"]).toEqual([]);
  });

  it("an update of a row that there never was", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await client.request("monitor_cond", ["Lab", "m", { Log: [{ columns: ["msg"] }] }]);
    server.corrupt("Lab", "Log");
    const [update] = await client.settled();
    expect(JSON.stringify(update)).toContain('{"delete":null}');
  });

  it("silence, until it speaks again", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await client.settled();
    server.silence(true);
    client.send({ method: "list_dbs", params: [], id: 1 });
    using late = await RawClient.connect(server.remote);
    late.send({ method: "list_dbs", params: [], id: 2 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    server.silence(false);
    expect(await client.next()).toMatchObject({ id: 1 });
    expect(await late.next()).toMatchObject({ id: 2 });
  });

  it("one byte at a time", async () => {
    await using server = await start();
    server.chop(1);
    const connected = await connectOvsdb({ remote: server.remote, database: "Lab", schema: labSchema });
    await using client = connected.unwrap();
    const [{ rows }] = (await client.transact([select("Log", [])], { operation: "test" })).unwrap();
    expect(rows).toEqual([]);
  });

  it("all connections ended", async () => {
    await using server = await start();
    using client = await RawClient.connect(server.remote);
    await client.settled();
    expect(server.clients).toBe(1);
    server.disconnect();
    expect(await client.next()).toBe("closed");
  });
});

import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { NotificationObject } from "jsonrpc-lite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { JsonRpcConnection, type JsonRpcOptions } from "../../src/jsonrpc/connection.js";
import { dial, type TlsOptions } from "../../src/net/dial.js";
import { startOvsdbServer, type OvsdbServer } from "../support/openvswitch.js";
import { theRemote } from "../support/scripted-peer.js";

const schema = {
  name: "Lab",
  version: "1.0.0",
  tables: { Log: { isRoot: true, columns: { msg: { type: "string" }, k: { type: "integer" } } } },
};

let server: OvsdbServer;
const connections: JsonRpcConnection[] = [];

beforeAll(async () => {
  server = await startOvsdbServer({ schema, listen: ["tcp", "ssl"] });
});

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
});

afterAll(() => server.stop());

async function connect(
  text = server.remote,
  options: JsonRpcOptions & { readonly tls?: TlsOptions } = {},
): Promise<JsonRpcConnection> {
  const signal = new AbortController().signal;
  const stream = await dial(theRemote(text), { operation: "connect", signal, tls: options.tls });
  const connection = new JsonRpcConnection(stream.unwrap(), options);
  connections.push(connection);
  return connection;
}

const options = { operation: "test", timeoutMs: 10_000 };

/** An operation that the server does not answer before there is a row with this `k`. */
const waitFor = (k: number): object => ({
  op: "wait",
  table: "Log",
  where: [["k", "==", k]],
  columns: ["k"],
  until: "==",
  rows: [{ k }],
  timeout: 10_000,
});

describe("JsonRpcConnection to a real ovsdb-server", () => {
  it("calls, and gets results", async () => {
    const connection = await connect();
    expect((await connection.call("list_dbs", [], options)).unwrap()).toEqual(["Lab", "_Server"]);
    expect((await connection.call("transact", ["Lab"], options)).unwrap()).toEqual([]);
  });

  it.each(["tcp", "ssl"] as const)("calls over %s", async (kind) => {
    const { authority = "", client } = server.certificates ?? {};
    const tls = { ca: authority, cert: client?.certificate, key: client?.key };
    const connection = await connect(server.remotes[kind], { tls });
    expect((await connection.call("echo", [{ a: 1 }], options)).unwrap()).toEqual([{ a: 1 }]);
  });

  it("brings integers of 64 bits there and back exactly", async () => {
    const connection = await connect();
    const integers = [9223372036854775807n, -9223372036854775808n, 9007199254740993n, 9007199254740991, -1];
    expect((await connection.call("echo", integers, options)).unwrap()).toEqual(integers);
    const insert = { op: "insert", table: "Log", row: { msg: "big", k: 9007199254740993n } };
    const select = { op: "select", table: "Log", where: [["k", "==", 9007199254740993n]], columns: ["k"] };
    expect((await connection.call("transact", ["Lab", insert, select], options)).unwrap()).toMatchObject([
      {},
      { rows: [{ k: 9007199254740993n }] },
    ]);
  });

  it("brings text of every kind there and back", async () => {
    const connection = await connect();
    const texts = ["größe 網路 😀", '"\\/\b\f\n\r\t', "\u0001\u007f\u2028", String.raw`\u0000`, ""];
    expect((await connection.call("echo", texts, options)).unwrap()).toEqual(texts);
  });

  it("tells a refusal that is an object from one that is a string; neither has a result", async () => {
    const connection = await connect();
    const unknownDatabase = (await connection.call("get_schema", ["Nope"], options)).unwrapErr();
    expect(unknownDatabase).toMatchObject({
      kind: "rejected",
      operation: "test",
      reason: "unknown database",
      details: "get_schema request specifies unknown database Nope",
    });
    expect(unknownDatabase.message).toMatch(
      /refused get_schema: unknown database: get_schema request.*"Nope"/,
    );
    expect((await connection.call("frobnicate", [], options)).unwrapErr()).toMatchObject({
      kind: "rejected",
      reason: "unknown method",
      details: "",
    });
  });

  it("matches replies to calls that are answered out of order", async () => {
    const connection = await connect();
    const released = connection.call("transact", ["Lab", waitFor(424242)], options);
    expect((await connection.call("echo", ["first"], options)).unwrap()).toEqual(["first"]);
    await connection.call("transact", ["Lab", { op: "insert", table: "Log", row: { k: 424242 } }], options);
    expect((await released).unwrap()).toEqual([{}]);
  });

  it("gives notifications, before the reply to the call that caused them", async () => {
    const connection = await connect();
    const heard: unknown[] = [];
    connection.events.on("notification", (notification) => heard.push(notification));
    await connection.call("monitor", ["Lab", "m", { Log: { columns: ["msg"] } }], options);
    const insert = { op: "insert", table: "Log", row: { msg: "seen" } };
    await connection.call("transact", ["Lab", insert], options).then(() => heard.push("reply"));
    expect(heard).toEqual([expect.any(NotificationObject), "reply"]);
    expect(heard[0]).toMatchObject({ method: "update", params: ["m", { Log: {} }] });
  });

  it("survives a call that timed out and one that was aborted, and drops what is answered late", async () => {
    const connection = await connect();
    const controller = new AbortController();
    const late = connection.call("transact", ["Lab", waitFor(777)], { ...options, timeoutMs: 20 });
    const aborted = connection.call("transact", ["Lab", waitFor(777)], {
      ...options,
      signal: controller.signal,
    });
    expect((await late).unwrapErr()).toMatchObject({ kind: "timeout", outcome: "unknown", timeoutMs: 20 });
    controller.abort("enough");
    expect((await aborted).unwrapErr()).toMatchObject({
      kind: "aborted",
      outcome: "unknown",
      cause: "enough",
    });
    await connection.call("transact", ["Lab", { op: "insert", table: "Log", row: { k: 777 } }], options);
    expect((await connection.call("echo", ["alive"], options)).unwrap()).toEqual(["alive"]);
    expect(connection.closed).toBeUndefined();
  });

  it("names the call for a cancel, which the server never answers", async () => {
    const connection = await connect();
    const controller = new AbortController();
    const waiting = connection.call("transact", ["Lab", waitFor(888)], {
      ...options,
      signal: controller.signal,
    });
    const id = connection.lastCallId;
    controller.abort();
    connection.notify("cancel", [id], "test").unwrap();
    expect((await waiting).unwrapErr()).toMatchObject({ kind: "aborted" });
    const insert = { op: "insert", table: "Log", row: { k: 888 } };
    expect((await connection.call("transact", ["Lab", insert], options)).isOk()).toBe(true);
    expect(connection.closed).toBeUndefined();
  });

  it("takes as many levels as the server does, and refuses one more before it is sent", async () => {
    const nested = (levels: number): unknown[] => (levels === 1 ? [] : [nested(levels - 1)]);
    const connection = await connect();
    expect((await connection.call("echo", nested(999), options)).isOk()).toBe(true);
    expect((await connection.call("echo", nested(1000), options)).unwrapErr()).toMatchObject({
      kind: "invalid",
    });
    expect(connection.closed).toBeUndefined();
  });

  it("sends and receives megabytes", async () => {
    const connection = await connect();
    const params = Array.from({ length: 20_000 }, (_, k) => ({
      name: `größe ${k}`,
      text: "x".repeat(100),
      k,
    }));
    expect((await connection.call("echo", params, options)).unwrap()).toEqual(params);
  });

  it("keeps a pipeline of calls in order", async () => {
    const connection = await connect();
    const calls = Array.from({ length: 500 }, (_, k) => connection.call("echo", [k], options));
    const results = await Promise.all(calls);
    expect(results.map((result) => result.unwrap())).toEqual(Array.from({ length: 500 }, (_, k) => [k]));
  });

  it("learns that the server has died, and settles what waits", async () => {
    await using other = await startOvsdbServer({ schema });
    const connection = await connect(other.remote);
    const reason = new Promise((resolve) => connection.events.on("close", resolve));
    await connection.call("list_dbs", [], options);
    process.kill(other.pid, "SIGSTOP");
    const call = connection.call("list_dbs", [], options);
    await other.killServer();
    expect((await call).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "unknown" });
    expect(await reason).toBe(connection.closed);
    expect((await connection.call("list_dbs", [], options)).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
  });

  it("tells that the server refuses us for want of a certificate, and that nothing was done", async () => {
    const connection = await connect(server.remotes.ssl, { tls: { ca: server.certificates?.authority } });
    const error = (await connection.call("list_dbs", [], options)).unwrapErr();
    expect(error).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(error.message).toMatch(/demands a certificate from us: give tls\.cert and tls\.key/);
  });

  it("answers the server's probe, and is not dropped for its silence", async () => {
    await using probing = await startOvsdbServer({
      args: ["--remote=db:Open_vSwitch,Open_vSwitch,manager_options"],
    });
    const manager = { target: "ptcp:0:127.0.0.1", inactivity_probe: 1000 };
    const port = await addManager(probing, manager);
    const connection = await connect(`tcp:127.0.0.1:${port}`, { probeIntervalMs: 0 });
    // The server probes after 1 s and hangs up after another: a client that says nothing shows when that is.
    const silent = connectSocket({ host: "127.0.0.1", port });
    silent.resume();
    await once(silent, "close");
    expect((await connection.call("list_dbs", [], options)).isOk()).toBe(true);
  });

  it("probes the server, which answers", async () => {
    const connection = await connect(server.remotes.tcp, { probeIntervalMs: 1000 });
    // Probes take ids as calls do. Had the first not been answered, the second would not be sent.
    while (connection.lastCallId < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await connection.call("list_dbs", [], options)).isOk()).toBe(true);
  });

  it("does not hold against the server that this process was too busy to read its answer", async () => {
    const connection = await connect(server.remotes.tcp, { probeIntervalMs: 1000 });
    while (connection.lastCallId < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    // The event loop stands still until long after the answer to the probe was due.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
    expect((await connection.call("list_dbs", [], options)).isOk()).toBe(true);
  });
});

/** Has the server listen as the row of its Manager table says. Gives the port. */
async function addManager(ovsdbServer: OvsdbServer, manager: object): Promise<number> {
  const connection = await connect(ovsdbServer.remote);
  const operations = [
    { op: "insert", table: "Manager", row: manager, "uuid-name": "m" },
    { op: "insert", table: "Open_vSwitch", row: { manager_options: ["named-uuid", "m"] } },
  ];
  (await connection.call("transact", ["Open_vSwitch", ...operations], options)).unwrap();
  await ovsdbServer.appctl("ovsdb-server/list-remotes");
  return Number(/listening on port (\d+)/.exec(ovsdbServer.log())?.[1]);
}

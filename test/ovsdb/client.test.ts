import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operations, type OvsdbClient } from "../../src/ovsdb/index.js";
import type { PeerConnection } from "../support/scripted-peer.js";
import type { LabDatabase } from "./lab-rows.js";
import { ScriptedServer } from "./scripted-server.js";

const { comment, insert, update } = operations<LabDatabase>();
const id = "ba0dc8a8-4b74-46e2-8b08-0ba23d3703c5";
const options = { operation: "test", timeoutMs: 10_000 };

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

const reply = (request: Record<string, unknown>, body: object): string =>
  JSON.stringify({ id: request["id"], ...body });

describe("a transaction", () => {
  it("goes out in the server's words and comes back in ours", async () => {
    const result = client.transact(
      [insert("Log", { k: 9_007_199_254_740_993n }), update("Log", [], { msg: "é" })],
      options,
    );
    const request = await peer.answer([{ uuid: ["uuid", id] }, { count: 3 }]);
    expect(request).toMatchObject({
      method: "transact",
      params: ["Lab", { op: "insert" }, { op: "update" }],
    });
    expect(peer.received).toContain('"k":9007199254740993}');
    const [inserted, updated] = (await result).unwrap();
    expect(inserted.uuid).toBe(id);
    expect(updated.count).toBe(3);
  });

  it("is read as it was sent, whatever becomes of the list meanwhile", async () => {
    const operations = [insert("Log", {})];
    const result = client.transact(operations, options);
    operations.length = 0;
    await peer.answer([{ uuid: ["uuid", id] }]);
    expect((await result).unwrap()).toEqual([{ uuid: id }]);
  });

  it("is not sent at all where the server would refuse it", async () => {
    const result = await client.transact([update("Item", [], { n: 101 })], options);
    expect(result.unwrapErr()).toMatchObject({ kind: "invalid", path: "Item.n" });
    const echoed = client.echo(options);
    expect(await peer.answer([])).toMatchObject({ method: "echo" });
    (await echoed).unwrap();
  });

  it.each<[string, unknown, object]>([
    ["a text", "canceled", { reason: "canceled", details: "" }],
    [
      "an object",
      { error: "unknown database", details: "gone" },
      { reason: "unknown database", details: "gone" },
    ],
  ])("may be refused as a whole, by %s and without a result member", async (_what, error, fields) => {
    const result = client.transact([comment("x")], options);
    peer.send(reply(await peer.next(), { error }));
    expect((await result).unwrapErr()).toMatchObject({ kind: "rejected", operation: "test", ...fields });
  });

  it("ends the client where its result is none: nothing of such a server can be relied on", async () => {
    const result = client.transact([insert("Log", {})], options);
    await peer.answer([{}]);
    const error = (await result).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol", operation: "test" });
    expect(client.closed).toBe(error);
    await peer.ended;
  });

  it("that gets no answer in time is cancelled: a notification, which is never answered", async () => {
    const result = client.transact([comment("x")], { operation: "test", timeoutMs: 50 });
    const request = await peer.next();
    expect((await result).unwrapErr()).toMatchObject({ kind: "timeout", outcome: "unknown", timeoutMs: 50 });
    expect(await peer.next()).toEqual({ id: null, method: "cancel", params: [request["id"]] });
    // An answer that comes all the same is nobody's, and does no harm.
    peer.send(reply(request, { result: [{}], error: null }));
    const echoed = client.echo(options);
    await peer.answer([]);
    (await echoed).unwrap();
  });

  it("is cancelled when the signal fires", async () => {
    const abort = new AbortController();
    const result = client.transact([comment("x")], { ...options, signal: abort.signal });
    const request = await peer.next();
    abort.abort();
    expect((await result).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "unknown" });
    expect(await peer.next()).toMatchObject({ method: "cancel", params: [request["id"]] });
  });

  it("is not sent where the signal has fired", async () => {
    const result = await client.transact([comment("x")], { ...options, signal: AbortSignal.abort() });
    expect(result.unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent" });
  });

  it("may have been done or not when the connection breaks under it; afterwards it is not sent", async () => {
    const result = client.transact([comment("x")], options);
    await peer.next();
    peer.socket.destroy();
    expect((await result).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "unknown",
      operation: "test",
    });
    expect((await client.transact([comment("x")], options)).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
  });
});

describe("the other calls", () => {
  it("list the databases, tell the server's id", async () => {
    const names = client.listDbs(options);
    await peer.answer(["Lab", "_Server"]);
    expect((await names).unwrap()).toEqual(["Lab", "_Server"]);
    const serverId = client.getServerId(options);
    // Not null, which ovsdb-server(7) tells but which ends the session.
    expect(await peer.answer(id)).toMatchObject({ method: "get_server_id", params: [] });
    expect((await serverId).unwrap()).toBe(id);
  });

  it.each<[string, unknown, (client: OvsdbClient<LabDatabase>) => Promise<unknown>]>([
    ["names that are none", ["Lab", 7], async (client) => (await client.listDbs(options)).unwrapErr()],
    ["no names", "Lab", async (client) => (await client.listDbs(options)).unwrapErr()],
    ["an id that is none", "zzz", async (client) => (await client.getServerId(options)).unwrapErr()],
  ])("end the client on %s", async (_what, answer, call) => {
    const error = call(client);
    await peer.answer(answer);
    expect(await error).toMatchObject({ kind: "protocol", operation: "test" });
    expect(client.closed).toMatchObject({ kind: "protocol" });
  });
});

describe("the end of a client", () => {
  it("close ends it at once, whatever the server does, and can be called again", async () => {
    const result = client.transact([comment("x")], options);
    await client.close();
    await client.close();
    expect((await result).unwrapErr()).toMatchObject({ kind: "disconnected" });
    expect(client.closed).toMatchObject({ kind: "disconnected" });
    await peer.ended;
  });

  it("is told once, with the reason", async () => {
    const reasons: unknown[] = [];
    client.events.on("close", (reason) => reasons.push(reason));
    peer.end();
    await client.echo(options);
    await client.close();
    expect(reasons).toEqual([client.closed]);
  });

  it("comes with the scope that holds it", async () => {
    {
      await using held = client;
      expect(held.closed).toBeUndefined();
    }
    expect(client.closed).toMatchObject({ kind: "disconnected" });
  });
});

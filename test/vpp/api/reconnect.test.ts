import { describe, expect, test } from "vitest";

import { readyAgain, toyApi, requestFields, toyClient, toyServer } from "../../support/vpp-toy-api.js";
import { VppServer } from "../../../src/testing/vpp/index.js";

describe("a connection that is lost", () => {
  test("is made again: other message ids, another generation, the same calls", async () => {
    await using server = await toyServer();
    const generations: number[] = [];
    await using client = await toyClient(server, { onReady: (generation) => generations.push(generation) });
    expect(client.generation).toBe(1);
    const before = client.capability("thing_add");
    await server.restart();
    await readyAgain(client, 2);
    expect(client.capability("thing_add")).not.toStrictEqual(before);
    expect((await client.call("thing_add", { name: "a", size: 4 })).unwrap()["index"]).toBe(4);
    expect(generations).toStrictEqual([1, 2]);
  });

  test("settles what was under way: sent is unknown, not sent is not sent", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 1 });
    server.fail("thing_version", { kind: "missing" });
    const [sent, queued] = [client.call("thing_version"), client.call("thing_add", { name: "a" })];
    await expect.poll(() => server.requests.of("thing_version").length).toBe(1);
    await server.stop();
    expect((await sent).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "unknown" });
    expect((await queued).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect((await client.call("thing_version")).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
    expect(client.state).toBe("connecting");
  });

  test("numbers of the earlier connection are not sent on the new one, if the caller says so", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const { generation } = client;
    await server.restart();
    await readyAgain(client, 2);
    const stale = await client.call("thing_start", { index: 1 }, { generation });
    expect(stale.unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(stale.unwrapErr().message).toContain("meant for connection 1 and this is 2");
    expect(server.requests.of("thing_start")).toStrictEqual([]);
  });

  test("events are asked for again, before anybody else gets through, and a gap is told", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.requests.clear();
    await server.restart();
    expect((await events.next()).value).toStrictEqual({
      kind: "gap",
      why: "reconnected",
      generation: 2,
      missed: 0,
    });
    expect(server.requests.names()[0]).toBe("want_thing_events");
    server.emit("thing_event", { index: 7 });
    expect((await events.next()).value).toMatchObject({ kind: "event", value: { index: 7 } });
  });

  test("the gap is told before any event of the new VPP, whose numbers mean other things", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.fail("want_thing_events", { kind: "held" });
    server.requests.clear();
    await server.restart();
    await expect.poll(() => server.requests.of("want_thing_events").length).toBe(1);
    server.emit("thing_event", { index: 7 });
    server.release();
    expect((await events.next()).value).toMatchObject({ kind: "gap", why: "reconnected", generation: 2 });
    // What the gap says to read anew is newer than the first.
    server.emit("thing_event", { index: 8 });
    expect((await events.next()).value).toMatchObject({ kind: "event", value: { index: 8 } });
  });

  test("the gap is told when calls go out again: what is to be read anew can be", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    await using moves = (await client.events("want_thing_moves", { index: 1 })).unwrap();
    server.fail("want_thing_moves", { kind: "late", ms: 50 });
    await server.restart();
    expect((await events.next()).value).toMatchObject({ kind: "gap", generation: 2 });
    expect((await client.call("thing_version")).isOk()).toBe(true);
    expect((await moves.next()).value).toMatchObject({ kind: "gap", generation: 2 });
  });

  test("events that the new VPP does not have are lost, with the reason", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const events = (await client.events("want_thing_events")).unwrap();
    server.handle("want_thing_events", () => -9);
    await server.restart();
    expect((await events.next()).value).toMatchObject({ kind: "lost", error: { kind: "rejected" } });
    expect((await events.next()).done).toBe(true);
    await readyAgain(client, 2);
  });

  test("is told of, and waited for", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const told: string[] = [];
    client.on("lost", (reason) => told.push(reason.message));
    await server.stop();
    await expect.poll(() => told).toHaveLength(1);
    expect((await client.whenReady({ timeoutMs: 20 })).unwrapErr()).toMatchObject({ kind: "timeout" });
    const waiting = client.whenReady({ timeoutMs: 15_000 });
    await server.restart();
    expect((await waiting).unwrap()).toBe(2);
  });

  test("can be given up while it is tried for", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    await server.stop();
    await expect.poll(() => client.state).toBe("connecting");
    const waiting = client.whenReady({ timeoutMs: 60_000 });
    await client.close();
    expect((await waiting).unwrapErr().kind).toBe("disconnected");
  });

  test("stays lost when that is wanted: the client is closed, and says why", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false });
    const events = (await client.events("want_thing_events")).unwrap();
    const closed = new Promise((resolve) => client.on("close", resolve));
    await server.stop();
    expect(await closed).toBeInstanceOf(Error);
    expect(client.state).toBe("closed");
    expect((await events.next()).done).toBe(true);
  });

  test("another release behind the same socket: its own messages and layouts", async () => {
    await using first = await toyServer();
    const path = first.remote.slice("unix:".length);
    await using client = await toyClient(first);
    await first.stop();
    const changed = toyApi({ thing_add: [...requestFields, ["u64", "name"]] });
    await using second = (await VppServer.start({ api: changed, path })).unwrap();
    expect(second.clients.length).toBeLessThan(2);
    await readyAgain(client, 2);
    expect((await client.call("thing_add", { name: "a" })).unwrapErr()).toMatchObject({
      kind: "incompatible",
      why: "other-layout",
      item: "thing_add",
    });
  });
});

describe("the health check", () => {
  test("tells when VPP has stopped answering and when it goes on, and keeps the connection", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { healthCheck: { intervalMs: 10, timeoutMs: 20 } });
    const told: string[] = [];
    client.on("not-responding", () => told.push("not-responding"));
    client.on("responding", () => told.push("responding"));
    server.fail("control_ping", { kind: "held" });
    await expect.poll(() => client.state, { timeout: 5000 }).toBe("not-responding");
    // One ping at a time: a VPP that hangs is not heaped with them.
    expect(server.clients).toHaveLength(1);
    server.release();
    await expect.poll(() => client.state, { timeout: 5000 }).toBe("ready");
    expect(told).toStrictEqual(["not-responding", "responding"]);
    expect(client.generation).toBe(1);
  });
});

import { describe, expect, test } from "vitest";

import type { Capability } from "../../../src/vpp/api/capability.js";
import type { EventStream, VppEvent } from "../../../src/vpp/api/event-stream.js";
import type { MessageValue } from "../../../src/vpp/schema/index.js";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import type { VppServer } from "../../../src/testing/vpp/index.js";
import { toyApi, toyClient, toyServer } from "../../support/vpp-toy-api.js";

/** What the server was asked about events: message and whether on or off. */
function asked(server: VppServer, message = "want_thing_events"): readonly unknown[] {
  return server.requests.of(message).map(({ value }) => value["enable_disable"] ?? value["enable"]);
}

async function next(stream: EventStream<MessageValue>): Promise<VppEvent<MessageValue> | undefined> {
  return (await stream.next()).value;
}

describe("events", () => {
  test("come as they happen, with their message and values", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.emit("thing_event", { index: 5 });
    server.emit("thing_event", { index: 6 });
    const value = { pid: process.pid, index: 5 };
    expect(await next(events)).toStrictEqual({ kind: "event", message: "thing_event", value });
    expect(await next(events)).toMatchObject({ value: { index: 6 } });
  });

  test("have no context: the word in its place is the subscriber's index, which answers no call", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.fail("thing_version", { kind: "held" });
    const call = client.call("thing_version");
    server.emit("thing_event", { index: 1 });
    expect(await next(events)).toMatchObject({ value: { index: 1 } });
    await client.ping();
    server.release();
    expect((await call).isOk()).toBe(true);
  });

  test("by codec, with a boolean switch and fields of their own", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const codec = new ApiCodecs(toyApi()).subscribe("want_thing_moves").unwrap();
    await using moves = (await client.events(codec, { index: 3 })).unwrap();
    expect(server.requests.of("want_thing_moves")[0]?.value).toStrictEqual({
      enable: true,
      pid: process.pid,
      index: 3,
    });
    server.emit("thing_move", { index: 3 });
    expect(await next(moves)).toMatchObject({ message: "thing_move", value: { index: 3 } });
  });

  test("are asked for once for all who read them, and turned off by the last to leave", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const [first, second] = await Promise.all([
      client.events("want_thing_events"),
      client.events("want_thing_events"),
    ]);
    const third = await client.events("want_thing_events");
    server.emit("thing_event", { index: 1 });
    for (const stream of [first, second, third]) {
      expect(await next(stream.unwrap())).toMatchObject({ value: { index: 1 } });
    }
    await first.unwrap().return();
    await second.unwrap().return();
    await client.ping();
    expect(asked(server)).toStrictEqual([1]);
    await third.unwrap().return();
    await client.ping();
    expect(asked(server)).toStrictEqual([1, 0]);
    await using again = (await client.events("want_thing_events")).unwrap();
    server.emit("thing_event", { index: 2 });
    expect(await next(again)).toMatchObject({ value: { index: 2 } });
  });

  test("of requests that differ are asked for apart", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("want_thing_moves", () => 0);
    await using one = (await client.events("want_thing_moves", { index: 1 })).unwrap();
    await using two = (await client.events("want_thing_moves", { index: 2 })).unwrap();
    expect(server.requests.of("want_thing_moves")).toHaveLength(2);
    await one.return();
    await client.ping();
    expect(server.requests.of("want_thing_moves").map(({ value }) => value["enable"])).toStrictEqual([
      true,
      true,
      false,
    ]);
    expect(two).toBeDefined();
  });

  test("leaving a loop turns them off", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const events = (await client.events("want_thing_events")).unwrap();
    server.emit("thing_event", { index: 1 });
    for await (const event of events) {
      expect(event.kind).toBe("event");
      break;
    }
    await client.ping();
    expect(asked(server)).toStrictEqual([1, 0]);
    expect(await events.next()).toStrictEqual({ done: true, value: undefined });
  });

  test("that come with the answer to the request for them are not missed", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("want_thing_events", { kind: "held" });
    const asking = client.events("want_thing_events");
    await client.ping();
    server.emit("thing_event", { index: 9 });
    server.release();
    expect(await next((await asking).unwrap())).toMatchObject({ value: { index: 9 } });
  });

  test("are waited for by each who asks for the same as long as he says", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("want_thing_events", { kind: "late", ms: 200 });
    const [hasty, patient, hastier] = await Promise.all(
      [50, 5000, 20].map((timeoutMs) => client.events("want_thing_events", {}, { timeoutMs })),
    );
    expect([hasty, hastier]).toMatchObject([
      { error: { kind: "timeout", timeoutMs: 50, outcome: "unknown" } },
      { error: { kind: "timeout", timeoutMs: 20 } },
    ]);
    const events = patient?.unwrap();
    server.emit("thing_event", { index: 3 });
    expect(events && (await next(events))).toMatchObject({ value: { index: 3 } });
  });

  test("are refused: rejected, and nothing stays behind", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("want_thing_events", () => -9);
    expect((await client.events("want_thing_events")).unwrapErr()).toMatchObject({ reason: "UNIMPLEMENTED" });
  });

  test("are on already for our index, left by a client before us: that is as good as asked for", async () => {
    await using server = await toyServer({ keepSubscriptions: true });
    const before = await toyClient(server);
    (await before.events("want_thing_events")).unwrap();
    // It dies without a word, and VPP before 22.02 keeps its subscription for whoever gets its index.
    server.fail("thing_version", { kind: "cut" });
    await before.call("thing_version");
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.emit("thing_event", { index: 4 });
    expect(await next(events)).toMatchObject({ value: { index: 4 } });
    await before.close();
  });

  test("are turned off before the client closes, for the sake of the next with its index", async () => {
    await using server = await toyServer({ keepSubscriptions: true });
    const client = await toyClient(server);
    const events = (await client.events("want_thing_events")).unwrap();
    await client.close();
    expect(asked(server)).toStrictEqual([1, 0]);
    expect(await events.next()).toStrictEqual({ done: true, value: undefined });
  });

  test("that nobody has asked for are dropped", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_version", { kind: "wrong-type", message: "thing_event" });
    await client.call("thing_version", {}, { timeoutMs: 30 });
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test("too many for a slow reader: dropped, and the reader is told how many", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { maxQueuedEvents: 3 });
    await using events = (await client.events("want_thing_events")).unwrap();
    for (let index = 0; index < 5; index++) server.emit("thing_event", { index });
    await client.ping();
    expect(await next(events)).toStrictEqual({ kind: "gap", why: "overflow", generation: 1, missed: 3 });
    expect(await next(events)).toMatchObject({ value: { index: 3 } });
    expect(await next(events)).toMatchObject({ value: { index: 4 } });
  });

  test("that cannot be read end the stream with the error", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await using events = (await client.events("want_thing_events")).unwrap();
    server.fail("thing_version", { kind: "rubbish", bytes: shortEvent(client.capability("thing_event")) });
    await client.call("thing_version", {}, { timeoutMs: 30 });
    const lost = await next(events);
    expect(lost).toMatchObject({ kind: "lost", error: { kind: "protocol" } });
    expect(await events.next()).toStrictEqual({ done: true, value: undefined });
  });

  test.each([
    [{ index: "all" }, "index", "invalid"],
    [{}, "index", "invalid"],
  ])("asked for with %j: the field at fault is named", async (request, path, kind) => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.events("want_thing_moves", request)).unwrapErr()).toMatchObject({ kind, path });
  });

  test("waiting for the answer can be cancelled; what VPP does then is taken back", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("want_thing_events", { kind: "held" });
    const controller = new AbortController();
    const asking = client.events("want_thing_events", {}, { signal: controller.signal });
    await client.ping();
    controller.abort();
    expect((await asking).unwrapErr()).toMatchObject({ kind: "aborted" });
    server.release();
    await client.ping();
    expect(asked(server)).toStrictEqual([1, 0]);
  });
});

describe("a request that does something and brings events", () => {
  test("is called like any other", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_start", { index: 1 })).isOk()).toBe(true);
  });

  test("brings its events; leaving does not do it again, nor does a reconnect", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_start", () => 0);
    const events = (await client.events("thing_start", { index: 8 })).unwrap();
    await events.return();
    await client.ping();
    expect(server.requests.of("thing_start")).toHaveLength(1);
  });
});

/** An event frame without its last field. */
function shortEvent(capability: Capability | undefined): Buffer {
  const id = capability?.state === "available" ? capability.id : 0;
  const frame = Buffer.alloc(16 + 10);
  frame.writeUInt32BE(10, 8);
  frame.writeUInt16BE(id, 16);
  frame.writeUInt32BE(0x8000_0001, 18);
  return frame;
}

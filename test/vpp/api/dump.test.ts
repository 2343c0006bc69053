import { describe, expect, test } from "vitest";

import type { Dump } from "../../../src/vpp/api/details.js";
import type { MessageValue } from "../../../src/vpp/schema/index.js";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { haveThings, toyApi, toyClient, toyServer } from "../../support/vpp-toy-api.js";

/** The indices that a dump gives, then the kind of its error. */
async function read(dump: Dump<MessageValue>): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for await (const details of dump) seen.push(details.isOk() ? details.value["index"] : details.error.kind);
  return seen;
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe.each([
  ["a dump", "thing_dump"],
  ["a cursor stream", "thing_get"],
])("%s", (_what, name) => {
  test("gives all details, iterated or collected", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 1000);
    expect(await read(client.dump(name))).toStrictEqual(numbers(1000));
    const all = (await client.dump(name).all()).unwrap();
    expect(all[999]).toStrictEqual({ index: 999, name: "thing999" });
    expect(all).toHaveLength(1000);
  });

  test("of nothing is empty, and no error", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 0);
    expect(await read(client.dump(name))).toStrictEqual([]);
    expect((await client.dump(name).all()).unwrap()).toStrictEqual([]);
  });

  test("is sent when it is read, and anew each time", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 2);
    const dump = client.dump(name);
    await client.ping();
    expect(server.requests.of(name)).toStrictEqual([]);
    await read(dump);
    haveThings(server, 3);
    expect(await read(dump)).toStrictEqual([0, 1, 2]);
  });

  test("left early is drained: the next call on the connection gets its own answer", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 1 });
    haveThings(server, 500);
    for await (const details of client.dump(name)) {
      expect(details.unwrap()["index"]).toBe(0);
      break;
    }
    expect((await client.call("thing_add", { name: "a", size: 3 })).unwrap()["index"]).toBe(3);
    expect(await read(client.dump(name))).toHaveLength(500);
  });

  test("loses nothing to a slow reader, who holds up nobody", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 2000);
    const seen: unknown[] = [];
    for await (const details of client.dump(name)) {
      seen.push(details.unwrap()["index"]);
      if (seen.length % 400 === 1) (await client.call("thing_version")).unwrap();
    }
    expect(seen).toStrictEqual(numbers(2000));
  });

  test("several at once do not mix", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 300);
    server.chop(1000);
    const dumps = await Promise.all([1, 2, 3].map(() => read(client.dump(name))));
    for (const dump of dumps) expect(dump).toStrictEqual(numbers(300));
  });

  test("cut in the middle: what came is given, then the error", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false });
    haveThings(server, 100);
    server.fail(name, { kind: "cut", afterDetails: 3 }, 2);
    expect(await read(client.dump(name))).toStrictEqual([0, 1, 2, "disconnected"]);
  });

  test("collected and cut in the middle is an error: half a list is none", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false });
    haveThings(server, 100);
    server.fail(name, { kind: "cut", afterDetails: 3 });
    expect((await client.dump(name).all()).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "unknown",
    });
  });

  test("whose end does not come: timeout, after what came", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 2);
    server.fail(name, { kind: "missing" });
    // The end of a dump is a ping's answer, which nothing holds back here: of a stream it is its own.
    if (name === "thing_dump") server.fail("control_ping", { kind: "missing" });
    expect(await read(client.dump(name, {}, { timeoutMs: 40 }))).toStrictEqual(["timeout"]);
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test("with details that are cut short: protocol", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 3);
    server.fail(name, { kind: "truncated", bytes: 1 }, 2);
    expect(await read(client.dump(name))).toStrictEqual(["protocol"]);
    expect((await client.dump(name).all()).unwrapErr().kind).toBe("protocol");
    expect(await read(client.dump(name))).toStrictEqual([0, 1, 2]);
  });

  test("answered with messages of another type: protocol", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail(name, { kind: "wrong-type", message: "thing_version_reply" });
    expect(await read(client.dump(name))).toStrictEqual(["protocol"]);
  });

  test("cancelled: what came is given, then the error", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 5);
    server.fail(name, { kind: "held" });
    if (name === "thing_dump") server.fail("control_ping", { kind: "held" });
    const controller = new AbortController();
    const reading = read(client.dump(name, {}, { signal: controller.signal }));
    await client.call("thing_version");
    controller.abort();
    expect(await reading).toStrictEqual(["aborted"]);
    server.release();
    expect(await read(client.dump(name))).toHaveLength(5);
  });

  test("that outgrows what may wait for a slow reader ends with an error, not with the process", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { maxBacklogBytes: 1000 });
    haveThings(server, 200);
    const iterator = client.dump(name)[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(first.value?.isOk()).toBe(true);
    await client.ping();
    const seen: string[] = [];
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      seen.push(step.value.isOk() ? "details" : step.value.error.message);
    }
    expect(seen.at(-1)).toContain("maxBacklogBytes");
  });

  test("meant for another connection: the error is the only item, and nothing is sent", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect(await read(client.dump(name, {}, { generation: 9 }))).toStrictEqual(["disconnected"]);
    expect([...server.requests]).toStrictEqual([]);
  });
});

describe("a dump", () => {
  test("is the request and a ping behind it, under one context", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 1);
    await read(client.dump("thing_dump"));
    const sent = [...server.requests].map(({ message, context }) => ({ message, context }));
    expect(sent).toStrictEqual([
      { message: "thing_dump", context: 1 },
      { message: "control_ping", context: 1 },
    ]);
  });

  test("sends the API's defaults: with zeros some dumps of VPP are always empty", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await read(client.dump("thing_dump"));
    expect(server.requests.of("thing_dump")[0]?.value).toStrictEqual({ index: 0xffff_ffff });
  });

  test("that cannot be sent: the error is the only item, with the path of the field", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const error = (await client.dump("thing_dump", { index: "all" }).all()).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "index" });
    // Nor does the ping go out that would have marked its end.
    expect([...server.requests]).toStrictEqual([]);
  });

  test("by codec has the types of its details", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 2);
    const codec = new ApiCodecs(toyApi()).dump("thing_dump").unwrap();
    const all = (await client.dump(codec, {}).all()).unwrap();
    expect(all.map(({ name }) => name)).toStrictEqual(["thing0", "thing1"]);
  });
});

describe("a cursor stream", () => {
  test("is followed from page to page", async () => {
    await using server = await toyServer({ pageSize: 30 });
    await using client = await toyClient(server);
    haveThings(server, 100);
    expect(await read(client.dump("thing_get"))).toStrictEqual(numbers(100));
    expect(server.requests.of("thing_get").map(({ value }) => value["cursor"])).toStrictEqual([
      0, 30, 60, 90,
    ]);
  });

  test("of an empty pool ends although its cursor is whatever was in memory", async () => {
    await using server = await toyServer({ emptyStreams: "pool" });
    await using client = await toyClient(server);
    haveThings(server, 0);
    expect(await read(client.dump("thing_get"))).toStrictEqual([]);
    expect(server.requests.of("thing_get")).toHaveLength(1);
  });

  test("whose end went away between two pages ends", async () => {
    await using server = await toyServer({ pageSize: 10 });
    await using client = await toyClient(server);
    haveThings(server, 20);
    const seen: unknown[] = [];
    for await (const details of client.dump("thing_get")) {
      seen.push(details.isOk() ? details.value["index"] : details.error.kind);
      // The second page is asked for when the first has come: answer it from a list that has shrunk.
      haveThings(server, 5);
    }
    expect(seen.filter((item) => typeof item !== "number")).toStrictEqual([]);
    expect(seen.slice(0, 10)).toStrictEqual(numbers(10));
  });

  test("that is refused: rejected", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 0);
    server.fail("thing_get", { kind: "refused", retval: -73 });
    expect((await client.dump("thing_get").all()).unwrapErr()).toMatchObject({
      kind: "rejected",
      reason: "INVALID_ARGUMENT",
    });
  });

  test("left early asks for no more pages", async () => {
    await using server = await toyServer({ pageSize: 1 });
    await using client = await toyClient(server);
    haveThings(server, 1000);
    for await (const _details of client.dump("thing_get")) break;
    await client.ping();
    const asked = server.requests.of("thing_get").length;
    await client.ping();
    expect(server.requests.of("thing_get")).toHaveLength(asked);
    expect(asked).toBeLessThan(1000);
  });

  test("that never ends is ended by its deadline", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    haveThings(server, 0);
    server.fail("thing_get", { kind: "refused", retval: -165 }, 1_000_000);
    expect((await client.dump("thing_get", {}, { timeoutMs: 100 }).all()).unwrapErr().kind).toBe("timeout");
  });
});

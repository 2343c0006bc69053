import { describe, expect, test } from "vitest";
import { Ok } from "../../src/index.js";
import { busyCode, errorCodes } from "../../src/service/index.js";
import { startBench, type Reply } from "./bench.js";

const tap = { type: "tap", name: "t0" };

describe("the verbs", () => {
  test("run by name, with their options beside their arguments", async () => {
    await using bench = await startBench({ vswitch: { owner: "lab" } });
    using client = await bench.client();
    const created = await client.call("createInterface", {
      spec: { ...tap, attach: { bridge: "br0", tag: 7 } },
      timeoutMs: 5000,
    });
    expect(created).toMatchObject({
      jsonrpc: "2.0",
      id: 1,
      result: {
        created: true,
        name: "t0",
        bridge: "br0",
        vlan: { tag: 7 },
        mark: { owner: "lab", key: "t0" },
      },
    });
    expect(
      (await client.call("attachToBridge", { name: "t0", attachment: { bridge: "br1" } })).result,
    ).toMatchObject({ moved: true, bridge: "br1" });
    expect(
      (await client.call("setAddresses", { name: "t0", addresses: ["192.0.2.1/24"] })).result,
    ).toMatchObject({ addresses: ["192.0.2.1/24"] });
    expect((await client.call("detachFromBridge", { name: "t0" })).result).toMatchObject({ bridge: null });
    expect((await client.call("getInterface", { name: "t0" })).result).toMatchObject({ name: "t0" });
    expect((await client.call("listInterfaces", { ownOnly: true })).result).toMatchObject([{ name: "t0" }]);
    expect((await client.call("ensureBridge", { spec: { name: "br2" } })).result).toMatchObject({
      created: true,
    });
    expect((await client.call("listBridges")).result).toMatchObject([{ name: "br2" }]);
    expect((await client.call("deleteBridge", { name: "br2" })).result).toEqual({ deleted: true });
    expect((await client.call("capabilities", {})).result).toMatchObject({ engine: "memory" });
    expect((await client.call("collectGarbage", { valid: [] })).result).toEqual({
      deleted: ["t0"],
      kept: [],
      failed: [],
    });
    expect((await client.call("deleteInterface", { name: "t0" })).result).toEqual({ deleted: false });
  });

  test("counters of 64 bits keep all their digits", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    await client.call("createInterface", { spec: tap });
    bench.memory.changeInterface("t0", { statistics: { rx_packets: 18_446_744_073_709_551_615n } });
    const raw = new Promise<string>((resolve) => client.socket.once("data", (data) => resolve(String(data))));
    client.send({ jsonrpc: "2.0", id: 9, method: "getInterface", params: { name: "t0" } });
    expect(await raw).toContain('"rx_packets":18446744073709551615');
  });

  test("about tells what there is", async () => {
    await using bench = await startBench({ methods: () => new Map([["extra.sum", () => Ok(3)]]) });
    using client = await bench.client();
    const { result } = await client.call("about");
    expect(result).toMatchObject({ protocol: 1, limits: { maxMessageBytes: 1_048_576, maxInFlight: 64 } });
    expect(result).toMatchObject({
      methods: expect.arrayContaining(["about", "createInterface", "extra.sum", "unwatch", "watch"]),
    });
    expect((await client.call("extra.sum")).result).toBe(3);
  });
});

describe("errors", () => {
  test.each<[string, unknown, keyof typeof errorCodes, object]>([
    ["getInterface", { name: "none" }, "not-found", { object: "interface none" }],
    ["createInterface", { spec: { type: "tap", name: "a/b" } }, "invalid", { path: "spec.name" }],
    ["createInterface", { spec: tap, rolback: true }, "invalid", { path: "rolback" }],
    ["createInterface", {}, "invalid", { path: "spec" }],
    ["createInterface", [tap], "invalid", { expected: "an object, with the arguments by their names" }],
    ["collectGarbage", { valid: "t0" }, "invalid", { path: "valid" }],
    ["attachToBridge", { name: "none", attachment: { bridge: "br0" } }, "not-found", {}],
    ["deleteBridge", { name: "foreign" }, "conflict", { object: "bridge foreign" }],
    ["capabilities", { timeoutMs: 0 }, "invalid", { path: expect.stringContaining("timeoutMs") }],
  ])("%s %j is %s, with the whole error in data", async (method, params, kind, data) => {
    await using bench = await startBench();
    bench.memory.addForeignBridge("foreign");
    using client = await bench.client();
    const { error } = await client.call(method, params);
    expect(error).toMatchObject({ code: errorCodes[kind], data: { kind, operation: method, ...data } });
    expect(error?.data).toHaveProperty("message", error?.message);
  });

  test("already-exists lists the differences", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    await client.call("createInterface", { spec: tap });
    const { error } = await client.call("createInterface", { spec: { ...tap, mtu: 9000 } });
    expect(error?.data).toMatchObject({
      kind: "already-exists",
      differences: [{ path: "mtu", wanted: 9000 }],
    });
  });

  test.each<[string, string, number, unknown]>([
    ["no JSON", "{", -32700, null],
    ["no object", "7", -32600, null],
    ["no version", '{"id":1,"method":"about"}', -32600, 1],
    ["version 1", '{"jsonrpc":"1.0","id":1,"method":"about"}', -32600, 1],
    ["a null id", '{"jsonrpc":"2.0","id":null,"method":"about"}', -32600, null],
    ["an object as id", '{"jsonrpc":"2.0","id":{},"method":"about"}', -32600, null],
    ["a number as method", '{"jsonrpc":"2.0","id":"x","method":5}', -32600, "x"],
    ["text as params", '{"jsonrpc":"2.0","id":2,"method":"about","params":"x"}', -32600, 2],
    ["an unknown method", '{"jsonrpc":"2.0","id":3,"method":"toString"}', -32601, 3],
    ["a method of Object", '{"jsonrpc":"2.0","id":3,"method":"__proto__"}', -32601, 3],
    ["an empty batch", "[]", -32600, null],
  ])("%s is refused, and the connection goes on", async (_what, text, code, id) => {
    await using bench = await startBench();
    using client = await bench.client();
    client.write(`${text}\n`);
    expect(await client.next()).toMatchObject({ jsonrpc: "2.0", id, error: { code } });
    expect(await client.call("listInterfaces")).toMatchObject({ result: [] });
  });

  test("a text nested a hundred thousand deep is refused", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    client.write(`{"jsonrpc":"2.0","id":1,"method":"createInterface","params":${deep}}\n`);
    expect((await client.next()).error?.code).toBeLessThan(-32000);
    client.write(`${"[".repeat(100_000)}${"]".repeat(100_000)}\n`);
    expect((await client.nextValue()) ?? "gone").not.toBe("gone");
    expect(await client.call("listInterfaces")).toMatchObject({ result: [] });
  });

  test("a method that throws is an internal error, told in the log and not to the client", async () => {
    const methods = () =>
      new Map([
        [
          "extra.broken",
          (): never => {
            throw new Error("the reason");
          },
        ],
      ]);
    await using bench = await startBench({ methods });
    using client = await bench.client();
    const { error } = await client.call("extra.broken");
    expect(error?.code).toBe(-32603);
    expect(JSON.stringify(error)).not.toContain("the reason");
    expect(bench.log.join()).toContain("the reason");
    expect(await client.call("listInterfaces")).toMatchObject({ result: [] });
  });

  test("a switch that is not there is unreachable, until it is", async () => {
    const { UnreachableError, Err } = await import("../../src/index.js");
    let there = false;
    const inner = new (await import("../../src/testing/index.js")).MemorySwitch();
    await using bench = await startBench({
      connect: async () =>
        there
          ? Ok(inner.connect())
          : Err(
              new UnreachableError({
                operation: "connect",
                address: "x",
                errno: "ENOENT",
                hint: "start it",
                message: "connect: not there; start it",
              }),
            ),
    });
    using client = await bench.client();
    expect(await client.call("listBridges")).toMatchObject({
      error: {
        code: errorCodes.unreachable,
        message: "connect: not there; start it",
        data: { hint: "start it" },
      },
    });
    there = true;
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
  });
});

describe("requests", () => {
  test("run side by side and are answered as they end", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    bench.memory.delay("createInterface", 300);
    client.send({ jsonrpc: "2.0", id: "slow", method: "createInterface", params: { spec: tap } });
    client.send({ jsonrpc: "2.0", id: "fast", method: "listBridges" });
    expect([await client.next(), await client.next()].map(({ id }) => id)).toEqual(["fast", "slow"]);
  });

  test("a batch is answered by a batch, without its notifications", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    client.send([
      { jsonrpc: "2.0", id: 1, method: "createInterface", params: { spec: tap } },
      { jsonrpc: "2.0", method: "ensureBridge", params: { spec: { name: "br0" } } },
      { jsonrpc: "2.0", id: 2, method: "none" },
      5,
    ]);
    expect(await client.nextValue()).toMatchObject([
      { id: 1, result: { created: true } },
      { id: 2, error: { code: -32601 } },
      { id: null, error: { code: -32600 } },
    ]);
    expect((await client.call("listBridges")).result).toMatchObject([{ name: "br0" }]);
  });

  test("are cancelled by their id, and undone", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    bench.memory.delay("createInterface", 60_000);
    client.send({ jsonrpc: "2.0", id: 5, method: "createInterface", params: { spec: tap } });
    client.send({ jsonrpc: "2.0", method: "cancel", params: { id: 5 } });
    expect(await client.next()).toMatchObject({
      id: 5,
      error: { code: errorCodes.aborted, data: { kind: "aborted" } },
    });
    expect(bench.memory.interfaces()).toEqual([]);
  });

  test("have a deadline", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    bench.memory.delay("createInterface", 60_000);
    expect(await client.call("createInterface", { spec: tap, timeoutMs: 20 })).toMatchObject({
      error: { code: errorCodes.timeout, data: { timeoutMs: 20 } },
    });
  });

  test("with the id of one that runs are refused", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    bench.memory.delay("listBridges", 200);
    client.send({ jsonrpc: "2.0", id: 5, method: "listBridges" });
    client.send({ jsonrpc: "2.0", id: 5, method: "listBridges" });
    expect(await client.next()).toMatchObject({ id: 5, error: { code: -32600 } });
    expect(await client.next()).toMatchObject({ id: 5, result: [] });
  });

  test("of a client that has gone are carried out: it cannot be told from one that only waits", async () => {
    await using bench = await startBench();
    const client = await bench.client();
    bench.memory.delay("createInterface", 100);
    client.send({ jsonrpc: "2.0", id: 5, method: "createInterface", params: { spec: tap } });
    await client.call("listBridges");
    client.socket.destroy();
    await expect.poll(() => bench.memory.interfaces()).toMatchObject([{ name: "t0" }]);
    await bench.service.close();
  });

  test("who closes its side after asking still gets the answer, and then the end", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    client.socket.end('{"jsonrpc":"2.0","id":1,"method":"listBridges"}');
    expect(await client.next()).toMatchObject({ id: 1, result: [] });
    expect(await client.nextValue()).toBeUndefined();
  });
});

describe("limits", () => {
  test("a message that is too long is told and ends the connection", async () => {
    await using bench = await startBench({ limits: { maxMessageBytes: 100 } });
    using client = await bench.client();
    client.write("x".repeat(101));
    expect(await client.next()).toMatchObject({
      id: null,
      error: { code: -32600, data: expect.stringContaining("longer than 100 bytes") },
    });
    expect(await client.nextValue()).toBeUndefined();
  });

  test("a message that is too long and does not end is told all the same, while it is still written", async () => {
    await using bench = await startBench({ limits: { maxMessageBytes: 100 } });
    using client = await bench.client();
    client.write("x".repeat(16 * 1024 * 1024));
    expect(await client.next()).toMatchObject({ error: { data: expect.stringContaining("longer than") } });
    expect(await client.nextValue()).toBeUndefined();
  });

  test("a client that never ends its message, and its side, is ended after the grace time", async () => {
    await using bench = await startBench({ limits: { maxMessageBytes: 100, graceMs: 50 } });
    using client = await bench.client();
    const closed = new Promise((resolve) => client.socket.once("close", resolve));
    const timer = setInterval(() => client.socket.write("x".repeat(100)), 5);
    await closed.finally(() => clearInterval(timer));
    using other = await bench.client();
    expect(await other.call("listBridges")).toMatchObject({ result: [] });
  });

  test("a client that breaks the rules and does not read is ended too", async () => {
    await using bench = await startBench({ limits: { maxMessageBytes: 200, maxClients: 1, graceMs: 50 } });
    using deaf = await bench.client();
    deaf.socket.pause();
    const ask = (id: number): string => `${JSON.stringify({ jsonrpc: "2.0", id, method: "about" })}\n`;
    for (let id = 0; id < 5000; id += 1) deaf.write(ask(id));
    deaf.write("x".repeat(201));
    await expect
      .poll(async () => {
        using next = await bench.client();
        return await next.call("listBridges");
      })
      .toMatchObject({ result: [] });
  });

  test("more requests at a time are refused, at once", async () => {
    await using bench = await startBench({ limits: { maxInFlight: 2 } });
    using client = await bench.client();
    bench.memory.delay("listBridges", 300);
    for (const id of [1, 2, 3]) client.send({ jsonrpc: "2.0", id, method: "listBridges" });
    expect(await client.next()).toMatchObject({ id: 3, error: { code: busyCode } });
    const answered = [await client.next(), await client.next()].map(({ id, result }) => ({ id, result }));
    expect(answered).toEqual([
      { id: 1, result: [] },
      { id: 2, result: [] },
    ]);
  });

  test("more clients are told and sent away; those who are there stay", async () => {
    await using bench = await startBench({ limits: { maxClients: 1 } });
    using first = await bench.client();
    await first.call("about");
    using second = await bench.client();
    expect(await second.next()).toMatchObject({ id: null, error: { code: busyCode } });
    expect(await second.nextValue()).toBeUndefined();
    expect(await first.call("listBridges")).toMatchObject({ result: [] });
    first[Symbol.dispose]();
    await expect
      .poll(async () => {
        using third = await bench.client();
        return await third.call("listBridges");
      })
      .toMatchObject({ result: [] });
  });

  test("a client that does not read is not read any further, and harms nobody", async () => {
    await using bench = await startBench({ limits: { maxInFlight: 10_000, graceMs: 50 } });
    using deaf = await bench.client();
    deaf.socket.pause();
    for (let i = 0; i < 40; i += 1) {
      await bench.memory.connect().createInterface({ type: "tap", name: `t${i}` });
    }
    const ask = `${JSON.stringify({ jsonrpc: "2.0", id: 0, method: "listInterfaces" })}\n`;
    for (let i = 0; i < 5000; i += 1) deaf.write(ask.replace('"id":0', `"id":${i}`));
    using other = await bench.client();
    expect(await other.call("listBridges")).toMatchObject({ result: [] });
    expect(process.memoryUsage().rss).toBeLessThan(1024 ** 3);
  });

  test.each([{ maxClients: 0 }, { maxInFlight: 1.5 }, { maxMessageBytes: Number.NaN }])(
    "%j is no limit",
    async (limits) => {
      await expect(startBench({ limits })).rejects.toThrow(/expected an integer from 1/u);
    },
  );
});

describe("watch", () => {
  const told = ({ method, params }: Reply): unknown => ({ method, params });

  test("answers with its number, then tells what is there and every change, until unwatch", async () => {
    await using bench = await startBench();
    await bench.memory.connect().createInterface({ type: "tap", name: "t0" });
    using client = await bench.client();
    expect((await client.call("watch")).result).toEqual({ watch: 1 });
    expect(told(await client.next())).toMatchObject({
      method: "watchEvent",
      params: { watch: 1, event: { kind: "current", interface: { name: "t0" } } },
    });
    expect(told(await client.next())).toMatchObject({ params: { watch: 1, event: { kind: "ready" } } });
    await bench.memory.connect().deleteInterface("t0");
    expect(told(await client.next())).toMatchObject({ params: { event: { kind: "removed", name: "t0" } } });
    expect((await client.call("unwatch", { watch: 1 })).result).toEqual({ ended: true });
    await bench.memory.connect().createInterface({ type: "tap", name: "t1" });
    expect(await client.call("listBridges")).toMatchObject({ result: [] });
    expect((await client.call("unwatch", { watch: 1 })).result).toEqual({ ended: false });
  });

  test("counts among what is under way", async () => {
    await using bench = await startBench({ limits: { maxInFlight: 1 } });
    using client = await bench.client();
    expect((await client.call("watch")).result).toEqual({ watch: 1 });
    await client.next();
    expect(await client.call("listBridges")).toMatchObject({ error: { code: busyCode } });
    expect((await client.call("unwatch", { watch: 1 })).result).toEqual({ ended: true });
    await expect.poll(() => client.call("listBridges")).toMatchObject({ result: [] });
  });

  test("tells when the switch is lost; asking again finds it again", async () => {
    await using bench = await startBench();
    using client = await bench.client();
    await client.call("watch");
    await client.next();
    bench.memory.disconnect();
    expect(told(await client.next())).toMatchObject({
      params: { event: { kind: "lost", error: { kind: "disconnected" } } },
    });
    expect((await client.call("watch")).result).toEqual({ watch: 2 });
  });
});

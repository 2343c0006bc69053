import { describe, expect, test } from "vitest";

import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { toyApi, toyClient, toyServer } from "../../support/vpp-toy-api.js";

const codecs = new ApiCodecs(toyApi());

describe("a call", () => {
  test("by codec gives the reply", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const reply = await client.call(codecs.call("thing_add").unwrap(), { name: "a", size: 12 });
    expect(reply.unwrap()).toStrictEqual({ retval: 0, index: 12 });
  });

  test("by name gives the same", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_add", { name: "a", size: 12 })).unwrap()).toStrictEqual({
      retval: 0,
      index: 12,
    });
  });

  test("sends the defaults of the API for what is left out: a zero would mean delete", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await client.call("thing_add", { name: "a" });
    expect(server.requests.of("thing_add")[0]?.value).toStrictEqual({ name: "a", size: 7, is_add: true });
  });

  test("contexts begin at 1 and count up", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    await client.call("thing_add", { name: "a" });
    await Promise.all([client.call("thing_add", { name: "b" }), client.call("thing_version")]);
    expect([...server.requests].map(({ context }) => context)).toStrictEqual([1, 2, 3]);
  });

  test("finds the context by its name: in some replies it stands behind a client index", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_odd")).unwrap()).toStrictEqual({ retval: 0 });
  });

  test("a message that begins with bytes that could be another context still finds its call", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const replies = await Promise.all([
      client.call("thing_version"),
      client.call("thing_odd"),
      client.call("thing_place"),
    ]);
    expect(replies.every((reply) => reply.isOk())).toBe(true);
  });
});

describe("a refusal", () => {
  test("is named, numbered and classed", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_add", () => -68);
    const error = (await client.call("thing_add", { name: "a" })).unwrapErr();
    expect(error).toMatchObject({
      kind: "rejected",
      operation: "thing_add",
      reason: "SUBIF_ALREADY_EXISTS",
      code: -68,
      class: "exists",
    });
    expect(error.message).toBe("thing_add: VPP refused it with SUBIF_ALREADY_EXISTS (-68)");
  });

  test("keeps a number that has no name", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_add", () => -4242);
    expect((await client.call("thing_add", { name: "a" })).unwrapErr()).toMatchObject({
      reason: "UNKNOWN",
      code: -4242,
      class: "other",
    });
  });

  test("is seen before the rest of the reply is read: VPP leaves rubbish there, counts included", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_names", { kind: "refused", retval: -6 });
    expect((await client.call("thing_names")).unwrapErr()).toMatchObject({ reason: "NO_SUCH_ENTRY" });
  });

  test("is found where the return value is not the first field", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_place", () => ({ index: 0xffff_ff9d, retval: -2 }));
    expect((await client.call("thing_place")).unwrapErr()).toMatchObject({ reason: "INVALID_SW_IF_INDEX" });
  });

  test("cannot be where there is no return value: a large number is a number", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_version", () => ({ major: 0xffff_fffe, minor: 1 }));
    expect((await client.call("thing_version")).unwrap()).toStrictEqual({ major: 0xffff_fffe, minor: 1 });
  });
});

describe("a request that cannot be sent", () => {
  const cases: readonly (readonly [string, object, string, string])[] = [
    ["a field of the wrong type", { name: 5 }, "name", "5"],
    ["a field that is missing", {}, "name", "undefined"],
    ["a number out of range", { name: "a", size: 2 ** 32 }, "size", "4294967296"],
    ["a fraction", { name: "a", size: 1.5 }, "size", "1.5"],
    ["a text with a NUL", { name: "a\0b" }, "name", '"a\\u0000b"'],
    ["a text that is too long, in bytes", { name: "é".repeat(8) }, "name", '"éééééééé"'],
    ["a number for a truth", { name: "a", is_add: 1 }, "is_add", "1"],
  ];
  test.each(cases)(
    "%s: invalid, with the path of the field, and nothing is sent",
    async (_what, request, path, got) => {
      await using server = await toyServer();
      await using client = await toyClient(server);
      const error = (await client.call("thing_add", { ...request })).unwrapErr();
      expect(error).toMatchObject({ kind: "invalid", path, got });
      expect(error.message).toContain("Nothing was sent");
      expect([...server.requests]).toStrictEqual([]);
      // What the failed one had begun to write is gone.
      expect((await client.call("thing_add", { name: "good" })).isOk()).toBe(true);
    },
  );

  test("no object at all", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const wrong: unknown = null;
    // @ts-expect-error: JavaScript can do it.
    expect((await client.call("thing_add", wrong)).unwrapErr()).toMatchObject({ kind: "invalid" });
  });

  test("a message that nobody has defined", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_fly")).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "thing_fly",
    });
  });

  test("a name without definitions", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { api: undefined });
    const error = (await client.call("thing_add")).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid" });
    expect(error.message).toContain("give api");
  });

  test("a dump is not called, and a call is not dumped", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_dump")).unwrapErr().message).toContain('is answered as "dump"');
    expect((await client.dump("thing_add").all()).unwrapErr().message).toContain('is answered as "call"');
  });

  test.each(["rpc_call", "sock_init_shm", "memclnt_create"])(
    "%s is for others, unless it is allowed",
    async (name) => {
      await using server = await toyServer();
      await using client = await toyClient(server);
      const codec = {
        ...codecs.message(name).unwrap(),
        service: "call" as const,
        replies: [codecs.message("rpc_call_reply").unwrap()],
      };
      expect((await client.call(codec, {})).unwrapErr()).toMatchObject({
        kind: "unsupported",
        feature: name,
      });
      await using daring = await toyClient(server, { allowUnsafe: [name] });
      await daring.call(codec, {}, { timeoutMs: 30 });
      expect(server.requests.names()).toStrictEqual([name]);
    },
  );

  test("sockclnt_delete would end the connection under the client", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { allowUnsafe: ["sockclnt_delete"] });
    const codec = {
      ...codecs.message("sockclnt_delete").unwrap(),
      service: "call" as const,
      replies: [codecs.message("sockclnt_delete_reply").unwrap()],
    };
    expect((await client.call(codec, { index: 1 })).unwrapErr()).toMatchObject({ kind: "unsupported" });
  });

  test.each([0, -1, Number.NaN, 2 ** 31])("a deadline of %d ms", async (timeoutMs) => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_version", {}, { timeoutMs })).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "timeoutMs",
    });
  });

  test("a request meant for another connection", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    expect((await client.call("thing_version", {}, { generation: 1 })).isOk()).toBe(true);
    const error = (await client.call("thing_version", {}, { generation: 2 })).unwrapErr();
    expect(error).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(server.requests.of("thing_version")).toHaveLength(1);
  });
});

describe("an answer that does not come, or not as it should", () => {
  test("missing: timeout, of unknown outcome", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_version", { kind: "missing" });
    expect((await client.call("thing_version", {}, { timeoutMs: 30 })).unwrapErr()).toMatchObject({
      kind: "timeout",
      timeoutMs: 30,
      outcome: "unknown",
    });
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test("late: it is nobody's, and the next call gets its own", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.handle("thing_add", ({ size }) => ({ index: Number(size) }));
    server.fail("thing_add", { kind: "held" });
    expect((await client.call("thing_add", { name: "a", size: 1 }, { timeoutMs: 30 })).isErr()).toBe(true);
    const second = client.call("thing_add", { name: "b", size: 2 });
    server.release();
    expect((await second).unwrap()).toMatchObject({ index: 2 });
  });

  test("stale: an answer to a context that is over changes nothing", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_add", { kind: "stale" }, 3);
    for (const size of [1, 2, 3]) {
      expect((await client.call("thing_add", { name: "a", size })).unwrap()).toMatchObject({ index: size });
    }
  });

  test("out of order: each call gets its own answer", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_add", { kind: "held" }, 2);
    const first = client.call("thing_add", { name: "a", size: 1 });
    const second = client.call("thing_add", { name: "b", size: 2 });
    expect((await client.call("thing_add", { name: "c", size: 3 })).unwrap()).toMatchObject({ index: 3 });
    server.release();
    expect((await first).unwrap()).toMatchObject({ index: 1 });
    expect((await second).unwrap()).toMatchObject({ index: 2 });
  });

  test("truncated: protocol, for that call alone", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_add", { kind: "truncated", bytes: 3 });
    const others = [client.call("thing_version"), client.call("thing_version")];
    const error = (await client.call("thing_add", { name: "a" })).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol" });
    expect(error.message).toContain("thing_add_reply");
    expect((await Promise.all(others)).every((reply) => reply.isOk())).toBe(true);
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test("so short that its context is missing: it is nobody's", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_add", { kind: "truncated", bytes: 12 });
    expect((await client.call("thing_add", { name: "a" }, { timeoutMs: 30 })).unwrapErr().kind).toBe(
      "timeout",
    );
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test.each(["thing_add_reply", "thing_names_reply"])("of another type (%s): protocol", async (message) => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_version", { kind: "wrong-type", message });
    const error = (await client.call("thing_version")).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol" });
    expect(error.message).toContain(`answered with ${message}_0000000`);
    expect(error.message).toContain("instead of thing_version_reply");
  });

  test("an event instead: it has no context and answers nothing", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_version", { kind: "wrong-type", message: "thing_event" });
    expect((await client.call("thing_version", {}, { timeoutMs: 50 })).unwrapErr().kind).toBe("timeout");
  });

  test("chopped into single bytes: the same", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.chop(1);
    expect((await client.call("thing_add", { name: "a", size: 5 })).unwrap()).toMatchObject({ index: 5 });
  });

  test("rubbish: the connection is over, and the calls on it are told why", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false });
    server.fail("thing_version", { kind: "rubbish", bytes: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") });
    const [first, second] = await Promise.all([client.call("thing_version"), client.call("thing_names")]);
    expect(first.unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "unknown",
      cause: { kind: "protocol" },
    });
    expect(first.unwrapErr().message).toContain("broke the protocol");
    expect(second?.isErr()).toBe(true);
  });

  test("cut: disconnected, of unknown outcome", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false });
    server.fail("thing_version", { kind: "cut" });
    expect((await client.call("thing_version")).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "unknown",
    });
    expect((await client.call("thing_version")).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
  });

  test("larger than the limit: the connection is over", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { reconnect: false, maxFrameBytes: 10_000 });
    server.handle("thing_names", () => ({ names: Array.from({ length: 5000 }, (_, index) => index) }));
    const error = (await client.call("thing_names")).unwrapErr();
    expect(error).toMatchObject({ kind: "disconnected" });
    expect(error.message).toContain("the limit is 10000");
  });
});

describe("cancelling", () => {
  test("before: nothing is sent", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const signal = AbortSignal.abort(new Error("never"));
    expect((await client.call("thing_version", {}, { signal })).unwrapErr()).toMatchObject({
      kind: "aborted",
      outcome: "not-sent",
      cause: new Error("never"),
    });
    expect([...server.requests]).toStrictEqual([]);
  });

  test("while waiting: of unknown outcome, and the answer is nobody's", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    server.fail("thing_version", { kind: "held" });
    const controller = new AbortController();
    const call = client.call("thing_version", {}, { signal: controller.signal });
    await client.ping();
    controller.abort();
    expect((await call).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "unknown" });
    server.release();
    expect((await client.call("thing_version")).isOk()).toBe(true);
  });

  test("leaves no listener on a signal that is used for many calls", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...listened: Parameters<typeof add>): void => {
      listeners++;
      add(...listened);
    };
    signal.removeEventListener = (...listened: Parameters<typeof remove>): void => {
      listeners--;
      remove(...listened);
    };
    for (let i = 0; i < 5; i++) await client.call("thing_version", {}, { signal });
    expect(listeners).toBe(0);
  });
});

describe("the window", () => {
  test("holds back what is too much, and sends it in order when there is room", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 4 });
    server.fail("thing_add", { kind: "held" }, 4);
    const calls = Array.from({ length: 10 }, (_, size) => client.call("thing_add", { name: "a", size }));
    await expect.poll(() => server.requests.of("thing_add").length).toBe(4);
    server.release();
    const replies = await Promise.all(calls);
    expect(replies.map((reply) => reply.unwrap()["index"])).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(server.requests.of("thing_add").map(({ value }) => value["size"])).toStrictEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  test("a call that waits for room and gives up was not sent", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 1 });
    server.fail("thing_add", { kind: "held" });
    const first = client.call("thing_add", { name: "a" });
    const late = await client.call("thing_version", {}, { timeoutMs: 30 });
    expect(late.unwrapErr()).toMatchObject({ kind: "timeout", outcome: "not-sent" });
    expect(late.unwrapErr().message).toContain("has not answered any of the 1 requests before it");
    const controller = new AbortController();
    const cancelled = client.call("thing_version", {}, { signal: controller.signal });
    controller.abort();
    expect((await cancelled).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent" });
    server.release();
    expect((await first).isOk()).toBe(true);
    expect(server.requests.of("thing_version")).toStrictEqual([]);
  });

  test("is not widened by calls that gave up: a VPP that hangs is not heaped with requests", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 2 });
    server.fail("thing_version", { kind: "missing" }, 100);
    for (let i = 0; i < 5; i++) await client.call("thing_version", {}, { timeoutMs: 20 });
    expect(server.requests.of("thing_version")).toHaveLength(2);
  });

  test("is not lost to requests that are never answered, once later ones are", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server, { window: 2 });
    server.fail("thing_version", { kind: "missing" });
    await client.call("thing_version", {}, { timeoutMs: 20 });
    for (let i = 0; i < 5; i++) expect((await client.call("thing_place")).isOk()).toBe(true);
    server.fail("thing_add", { kind: "held" }, 2);
    const two = [client.call("thing_add", { name: "a" }), client.call("thing_add", { name: "b" })];
    await expect.poll(() => server.requests.of("thing_add").length).toBe(2);
    server.release();
    expect((await Promise.all(two)).every((reply) => reply.isOk())).toBe(true);
  });

  test("10,000 calls at once are all answered, each with its own", async () => {
    await using server = await toyServer();
    await using client = await toyClient(server);
    const replies = await Promise.all(
      Array.from({ length: 10_000 }, (_, size) =>
        client.call("thing_add", { name: "a", size }, { timeoutMs: 60_000 }),
      ),
    );
    expect(replies.findIndex((reply, size) => reply.unwrap()["index"] !== size)).toBe(-1);
  });
});

import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { JsonRpcError, NotificationObject } from "jsonrpc-lite";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import {
  JsonRpcConnection,
  type ConnectionClosed,
  type JsonRpcOptions,
} from "../../src/jsonrpc/connection.js";
import { FrameScanner } from "../../src/jsonrpc/frame-scanner.js";
import { dial } from "../../src/net/dial.js";
import { ScriptedPeer, theRemote, type PeerConnection } from "../support/scripted-peer.js";

const options = { operation: "createInterface", timeoutMs: 10_000 };

let peer: ScriptedPeer;
const connections: JsonRpcConnection[] = [];

beforeEach(async () => {
  peer = await ScriptedPeer.listen("unix");
});

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await peer[Symbol.asyncDispose]();
});

/** A connection, the peer's end of it, and what it tells. */
async function connect(rpcOptions?: JsonRpcOptions, remote = peer.remote) {
  const signal = new AbortController().signal;
  const stream = (await dial(remote, { operation: "connect", signal })).unwrap();
  const connection = new JsonRpcConnection(stream, rpcOptions);
  connections.push(connection);
  const notifications: NotificationObject[] = [];
  const closings: ConnectionClosed[] = [];
  connection.events.on("notification", (notification) => notifications.push(notification));
  connection.events.on("close", (reason) => closings.push(reason));
  const closed = new Promise<ConnectionClosed>((resolve) => connection.events.once("close", resolve));
  return { connection, notifications, closings, closed };
}

async function connectBoth(rpcOptions?: JsonRpcOptions) {
  const ours = await connect(rpcOptions);
  return { ...ours, theirs: await peer.connection() };
}

/** A round trip: everything that was sent before it has been dealt with. */
async function settled(connection: JsonRpcConnection, theirs: PeerConnection): Promise<void> {
  const call = connection.call("echo", [], options);
  await theirs.answer([]);
  await call;
}

describe("what goes out", () => {
  it("is a request with three members, and no more than the server admits", async () => {
    const { connection, theirs } = await connectBoth();
    const call = connection.call("transact", ["Lab", { op: "comment", comment: 'ö"' }], options);
    expect(await theirs.answer([{}])).toEqual({
      id: 1,
      method: "transact",
      params: ["Lab", { op: "comment", comment: 'ö"' }],
    });
    expect((await call).unwrap()).toEqual([{}]);
    expect(theirs.received).toBe(
      '{"id":1,"method":"transact","params":["Lab",{"op":"comment","comment":"ö\\""}]}',
    );
  });

  it("is a notification with a null id", async () => {
    const { connection, theirs } = await connectBoth();
    connection.notify("cancel", [7], "commit").unwrap();
    expect(await theirs.next()).toEqual({ id: null, method: "cancel", params: [7] });
  });

  it("has bigints as plain digits", async () => {
    const { connection, theirs } = await connectBoth();
    connection.notify("n", [9223372036854775807n], "test").unwrap();
    await theirs.next();
    expect(theirs.received).toBe('{"id":null,"method":"n","params":[9223372036854775807]}');
  });

  it("has ids that count up, of which the last is told", async () => {
    const { connection, theirs } = await connectBoth();
    expect(connection.lastCallId).toBe(0);
    for (const id of [1, 2, 3]) {
      const call = connection.call("m", [], options);
      expect(connection.lastCallId).toBe(id);
      expect(await theirs.answer(0)).toMatchObject({ id });
      await call;
    }
    await connection.call("m", [undefined], options);
    expect(connection.lastCallId).toBe(3);
  });

  it.each([
    ["undefined", [{ name: undefined }], "params[0].name"],
    ["NaN", [Number.NaN], "params[0]"],
    ["a NUL", ["a\0"], "params[0]"],
    ["a lone surrogate", [["\ud800"]], "params[0][0]"],
  ])("never is %s: it is refused before anything is sent", async (_name, params, path) => {
    const { connection, theirs } = await connectBoth();
    const error = (await connection.call("transact", params, options)).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", operation: "createInterface", path });
    expect(error.message).toContain(`transact was not sent: ${path} should be `);
    expect(connection.notify("cancel", params, "test").unwrapErr()).toMatchObject({ kind: "invalid", path });
    await settled(connection, theirs);
    expect(theirs.received).toBe('{"id":1,"method":"echo","params":[]}');
  });

  it("never is a method with a NUL", async () => {
    const { connection } = await connectBoth();
    expect((await connection.call("a\0", [], options)).unwrapErr()).toMatchObject({ path: "method" });
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31])("waits no %d milliseconds", async (timeoutMs) => {
    const { connection } = await connectBoth();
    const error = (await connection.call("m", [], { ...options, timeoutMs })).unwrapErr();
    expect(error).toMatchObject({ kind: "invalid", path: "timeoutMs" });
  });
});

describe("what comes in", () => {
  it("is taken apart and put together wherever the stream is cut", async () => {
    const { connection, notifications, theirs } = await connectBoth();
    const call = connection.call("m", [], options);
    await theirs.next();
    theirs.socket.setNoDelay();
    const bytes = Buffer.from(
      '{"id":null,"method":"n","params":["網"]} {"id":1,"result":["ö"],"error":null}',
    );
    for (const byte of bytes) {
      theirs.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await call).unwrap()).toEqual(["ö"]);
    expect(notifications).toEqual([new NotificationObject("n", ["網"])]);
  });

  it("tells that a call is answered before anything that came after the answer", async () => {
    const { connection, theirs } = await connectBoth();
    const told: string[] = [];
    connection.events.on("notification", ({ method }) => told.push(method));
    const outcomes: unknown[] = [];
    const id = connection.request("transact", [], options, (outcome) => {
      told.push("answered");
      outcomes.push(outcome.unwrap());
    });
    expect(id).toBe(1);
    await theirs.next();
    theirs.send(
      '{"id":null,"method":"before","params":[]}{"id":1,"result":[1],"error":null}{"id":null,"method":"after","params":[]}',
    );
    await settled(connection, theirs);
    expect(outcomes).toEqual([[1]]);
    expect(told).toEqual(["before", "answered", "after"]);
  });

  it("gives the notifications of some methods to who takes them, from beginning to end, and tells the others", async () => {
    const { connection, notifications, theirs } = await connectBoth();
    const taken: unknown[] = [];
    connection.takeNotifications({
      methods: "update",
      depth: 2,
      begin: (method, params) => void taken.push([method, params]),
      take: () => void taken.push("more"),
      end: () => void taken.push("end"),
    });
    theirs.send('{"id":null,"method":"update2","params":[1]}{"id":null,"method":"locked","params":["l"]}');
    theirs.send(`{"id":null,"method":"update","params":[["${"x".repeat(40_000)}"],2]}`);
    await settled(connection, theirs);
    expect(taken).toEqual([["update2", [1]], "end", ["update", [["x".repeat(40_000)]]], "more", "end"]);
    expect(notifications).toEqual([new NotificationObject("locked", ["l"])]);
  });

  it("has integers beyond ±(2^53 - 1) as bigints", async () => {
    const { connection, notifications, theirs } = await connectBoth();
    const call = connection.call("m", [], options);
    await theirs.next();
    theirs.send('{"method":"n","params":[-9223372036854775808]}{"result":9007199254740993,"id":1}');
    expect((await call).unwrap()).toBe(9007199254740993n);
    expect(notifications).toMatchObject([{ params: [-9223372036854775808n] }]);
  });

  it.each([
    ["a string", '"error":"unknown method"', "unknown method", ""],
    ["a string and a null result", '"error":"canceled","result":null', "canceled", ""],
    ["an object", '"error":{"error":"not owner","details":"no lock"}', "not owner", "no lock"],
    ["an object with no details", '"error":{"error":"timed out"}', "timed out", ""],
    ["an object with odd details", '"error":{"error":"x","details":7,"more":[]}', "x", ""],
    ["an object with no tag", '"error":{"code":1}', '{"code":1}', ""],
    ["a number", '"error":7', "7", ""],
    ["false", '"error":false', "false", ""],
  ])("may be an error that is %s", async (_name, error, reason, details) => {
    const { connection, theirs } = await connectBoth();
    const call = connection.call("transact", [], options);
    await theirs.next();
    theirs.send(`{"id":1,${error}}`);
    const rejected = (await call).unwrapErr();
    expect(rejected).toMatchObject({ kind: "rejected", operation: "createInterface", reason, details });
    expect(rejected.message).toContain(`the server refused transact: ${reason}`);
    expect(rejected.cause).toBeInstanceOf(JsonRpcError);
  });

  it("may be an error with a syntax, which the message quotes and the cause has whole", async () => {
    const { connection, theirs } = await connectBoth();
    const call = connection.call("transact", [], options);
    await theirs.next();
    theirs.send(`{"id":1,"error":{"error":"syntax error","details":"bad","syntax":"${"x".repeat(500)}"}}`);
    const { message, cause } = (await call).unwrapErr();
    expect(message).toMatch(/refused transact: syntax error: bad: x{200}$/);
    expect(cause).toMatchObject({ data: { syntax: "x".repeat(500) } });
  });

  it.each([100, 100_000])(
    "may be an error of %d characters, of a call whose answer comes in parts",
    async (length) => {
      const { connection, theirs } = await connectBoth();
      const taken: unknown[] = [];
      const take = (part: unknown): void => void taken.push(part);
      const parts = { depth: 3, take, end: () => take("end") };
      const call = connection.call("monitor", [], { ...options, parts });
      const { id } = await theirs.next();
      const error = { error: "syntax error", details: "no", syntax: "x".repeat(length) };
      // In the order of ovsdb-server.
      theirs.send(JSON.stringify({ id, result: null, error }));
      expect((await call).unwrapErr()).toMatchObject({ kind: "rejected", reason: "syntax error" });
      expect(taken).toEqual([]);
    },
  );

  it("may be false, 0 or an empty text as a result", async () => {
    const { connection, theirs } = await connectBoth();
    for (const result of [false, 0, "", []]) {
      const call = connection.call("m", [], options);
      await theirs.answer(result);
      expect((await call).unwrap()).toEqual(result);
    }
  });

  it("may be an echo request, of any id, which is answered once with what it brought", async () => {
    const { connection, theirs } = await connectBoth();
    theirs.send('{"id":"echo","method":"echo","params":[]}');
    theirs.send(
      '{"id":{"a":[0]},"method":"echo","params":[9007199254740993,"\\ud800",{"x":null}],"result":null}',
    );
    theirs.send(
      '{"id":false,"method":"echo","params":[1.5]}{"id":18446744073709551616,"method":"echo","params":[]}',
    );
    for (let n = 0; n < 4; n++) await theirs.next();
    await settled(connection, theirs);
    expect(theirs.received).toBe(
      '{"id":"echo","result":[],"error":null}' +
        '{"id":{"a":[0]},"result":[9007199254740993,"\\ud800",{"x":null}],"error":null}' +
        '{"id":false,"result":[1.5],"error":null}{"id":18446744073709551616,"result":[],"error":null}' +
        '{"id":1,"method":"echo","params":[]}',
    );
  });

  it("may be an echo notification, which is not answered", async () => {
    const { connection, notifications, theirs } = await connectBoth();
    theirs.send('{"id":null,"method":"echo","params":[]}{"method":"echo","params":[]}');
    await settled(connection, theirs);
    expect(theirs.received).toBe('{"id":1,"method":"echo","params":[]}');
    expect(notifications).toHaveLength(2);
  });

  it("may be another request, which is refused", async () => {
    const { connection, theirs } = await connectBoth();
    theirs.send('{"id":5,"method":"steal","params":["L"]}');
    expect(await theirs.next()).toEqual({ id: 5, result: null, error: "unknown method" });
    expect(connection.closed).toBeUndefined();
  });

  it("may have members that we do not know", async () => {
    const { connection, theirs } = await connectBoth();
    const call = connection.call("m", [], options);
    await theirs.next();
    theirs.send('{"jsonrpc":"2.0","result":[1],"id":1}');
    expect((await call).unwrap()).toEqual([1]);
  });

  it.each([
    [
      "a reply that nobody asked for",
      '{"id":99,"result":[],"error":null}',
      /request 99, which does not wait/,
    ],
    ["a reply to request 0", '{"id":0,"result":[],"error":null}', /request 0, which does not wait/],
    ["a reply to half a request", '{"id":0.5,"result":[],"error":null}', /request 0\.5, which does not wait/],
    [
      "a reply with a text as its id",
      '{"id":"1","result":[],"error":null}',
      /the id "1", which is none of ours/,
    ],
    ["a reply with a big id", '{"id":9007199254740993,"result":1}', /the id 9007199254740993, which is none/],
    ["a reply with no id", '{"result":[],"error":null}', /which is none of ours/],
    ["a reply with a null id", '{"id":null,"result":[]}', /which is none of ours/],
    ["both a result and an error", '{"id":1,"result":[],"error":"x"}', /both a result and an error/],
    ["neither a result nor an error", '{"id":1,"result":null,"error":null}', /no result and no error/],
    ["an empty object", "{}", /which is none of ours/],
    ["a method that is a number", '{"method":7,"params":[]}', /a method that is no string/],
    ["params that are an object", '{"method":"update","params":{}}', /"update" has no array of params/],
    ["no params", '{"method":"update"}', /"update" has no array of params/],
    ["a method with a result", '{"method":"x","params":[],"result":1}', /has a result or an error/],
    ["an array", "[]", /a JSON array is no JSON-RPC 1\.0 message/],
    ["bad JSON", '{"method":}', /a message is not JSON/],
    ["deep nesting", `{"a":${"[".repeat(1000)}`, /more than 1000 deep/],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", /not an OVSDB server/],
  ])("ends the session when it is %s", async (_name, text, words) => {
    const { connection, closings, closed, theirs } = await connectBoth();
    const call = connection.call("transact", ["Lab"], options);
    await theirs.next();
    theirs.send(text);
    const reason = await closed;
    expect(reason).toMatchObject({ kind: "protocol", operation: "connection" });
    expect(reason.message).toMatch(words);
    expect(reason.message).toContain(`${peer.remote.text}: the server broke the protocol: `);
    expect(connection.closed).toBe(reason);
    expect(closings).toEqual([reason]);
    const error = (await call).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol", operation: "createInterface", cause: reason });
    expect(error.message).toContain("no answer to transact");
    await theirs.ended;
  });

  it("ends the session when it is longer than admitted", async () => {
    const { closed, theirs } = await connectBoth({ maxMessageBytes: 100 });
    theirs.send(`{"method":"n","params":["${"x".repeat(100)}`);
    expect((await closed).message).toMatch(/longer than 100 bytes/);
  });

  it("ends the session when it answers a call twice", async () => {
    const { connection, closed, theirs } = await connectBoth();
    const call = connection.call("m", [], options);
    await theirs.next();
    theirs.send('{"id":1,"result":1}{"id":1,"result":2}');
    expect((await call).unwrap()).toBe(1);
    expect((await closed).message).toMatch(/request 1, which does not wait/);
  });

  it("is delivered up to the place where it breaks the protocol", async () => {
    const { notifications, closed, theirs } = await connectBoth();
    theirs.send('{"method":"a","params":[]}{"method":"b","params":[]}!{"method":"c","params":[]}');
    await closed;
    expect(notifications.map(({ method }) => method)).toEqual(["a", "b"]);
  });
});

describe("a call that is given up", () => {
  it("times out, and its late answer is dropped", async () => {
    const { connection, theirs } = await connectBoth();
    const slow = connection.call("transact", [], { ...options, timeoutMs: 5 });
    const error = (await slow).unwrapErr();
    expect(error).toMatchObject({
      kind: "timeout",
      operation: "createInterface",
      outcome: "unknown",
      timeoutMs: 5,
    });
    expect(error.message).toContain("no answer to transact within 5 ms");
    await theirs.answer("late");
    await settled(connection, theirs);
    expect(connection.closed).toBeUndefined();
  });

  it("times out by its own deadline, whatever the order of the calls", async () => {
    const { connection } = await connectBoth();
    const deadlines = [60, 10, 30, 20, 50, 40];
    const calls = deadlines.map((timeoutMs) => connection.call("m", [], { ...options, timeoutMs }));
    const errors = (await Promise.all(calls)).map((result) => result.unwrapErr());
    expect(errors).toMatchObject(deadlines.map((timeoutMs) => ({ kind: "timeout", timeoutMs })));
  });

  it("still times out after an earlier call with a nearer deadline was answered", async () => {
    const { connection, theirs } = await connectBoth();
    const first = connection.call("m", [], { ...options, timeoutMs: 500 });
    const second = connection.call("m", [], { ...options, timeoutMs: 600 });
    await theirs.answer(1);
    expect((await first).unwrap()).toBe(1);
    expect((await second).unwrapErr()).toMatchObject({ kind: "timeout" });
  });

  it("ends with its signal, and its late answer is dropped", async () => {
    const { connection, theirs } = await connectBoth();
    const controller = new AbortController();
    const call = connection.call("transact", [], { ...options, signal: controller.signal });
    await theirs.next();
    controller.abort("enough");
    expect((await call).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "unknown", cause: "enough" });
    theirs.send('{"id":1,"error":"canceled"}');
    await settled(connection, theirs);
    expect(connection.closed).toBeUndefined();
  });

  it("lets no more late answers pass than calls were given up", async () => {
    const { connection, closed, theirs } = await connectBoth();
    (await connection.call("m", [], { ...options, timeoutMs: 1 })).unwrapErr();
    theirs.send('{"id":1,"result":1}{"id":1,"result":1}');
    expect((await closed).message).toMatch(/request 1, which does not wait/);
  });

  it("is forgotten in time, where its answer was to come in parts: each would be looked for in every message", async () => {
    const wanted = vi.spyOn(FrameScanner.prototype, "wantParts");
    onTestFinished(() => wanted.mockRestore());
    const { connection, theirs } = await connectBoth();
    const controller = new AbortController();
    const taken: unknown[] = [];
    const parts = { depth: 2, take: (part: unknown) => void taken.push(part), end: () => undefined };
    const giveUp = { ...options, signal: controller.signal, parts };
    const calls = Array.from({ length: 1000 }, () => connection.call("monitor", [], giveUp));
    controller.abort();
    for (const call of calls) expect((await call).unwrapErr()).toMatchObject({ kind: "aborted" });
    expect(wanted.mock.lastCall?.[0].length).toBeLessThan(50);
    // The first one's answer comes whole now, the last one's in parts.
    const rows = Array.from({ length: 100 }, () => ["x".repeat(1000)]);
    for (const id of [1, 1000]) theirs.send(JSON.stringify({ id, result: rows, error: null }));
    const awaited = connection.call("monitor", [], { ...options, parts });
    for (let at = 0; at < 1000; at += 1) await theirs.next();
    await theirs.answer([]);
    (await awaited).unwrap();
    expect(taken).toEqual([[]]);
    expect(connection.closed).toBeUndefined();
  });

  it("is not sent when its signal has fired before", async () => {
    const { connection, theirs } = await connectBoth();
    const call = connection.call("m", [], { ...options, signal: AbortSignal.abort("early") });
    expect((await call).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent", cause: "early" });
    await settled(connection, theirs);
    expect(theirs.received).toBe('{"id":1,"method":"echo","params":[]}');
  });

  it("ends together with the others of its signal, and only with them", async () => {
    const { connection, theirs } = await connectBoth();
    const controller = new AbortController();
    const { signal } = controller;
    const mine = [1, 2, 3].map((n) => connection.call("mine", [n], { ...options, signal }));
    const other = connection.call("other", [], { ...options, signal: new AbortController().signal });
    await theirs.answer("done");
    expect((await mine[0])?.unwrap()).toBe("done");
    controller.abort();
    for (const call of mine.slice(1)) expect((await call).unwrapErr()).toMatchObject({ kind: "aborted" });
    theirs.send('{"id":4,"result":"alive"}');
    expect((await other).unwrap()).toBe("alive");
  });

  it("leaves no listener on the signal, however it ends; hundreds may share one", async () => {
    const { connection, theirs } = await connectBoth();
    const warned = vi.fn<(warning: Error) => void>();
    process.on("warning", warned);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 200 }, () => connection.call("m", [], { ...options, signal }));
    await theirs.answer(1);
    await calls[0];
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    connection.close();
    await Promise.all(calls);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warned);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe("the end", () => {
  it("comes with close(), once, and settles every call at once", async () => {
    const { connection, closings, theirs } = await connectBoth();
    const calls = [1, 2, 3].map((n) => connection.call("m", [n], options));
    connection.close();
    connection.close();
    expect(closings).toHaveLength(1);
    expect(closings[0]).toMatchObject({ kind: "disconnected", operation: "connection" });
    expect(connection.closed).toBe(closings[0]);
    for (const result of await Promise.all(calls)) {
      expect(result.unwrapErr()).toMatchObject({
        kind: "disconnected",
        operation: "createInterface",
        outcome: "unknown",
      });
    }
    await theirs.ended;
  });

  it("comes with the end of the block that uses it", async () => {
    const { connection } = await connectBoth();
    {
      using _connection = connection;
    }
    expect(connection.closed).toBeDefined();
  });

  it("lets a last word out", async () => {
    const { connection, theirs } = await connectBoth();
    connection.notify("cancel", [1], "test").unwrap();
    connection.close();
    expect(await theirs.next()).toMatchObject({ method: "cancel" });
  });

  it("lets the process end", async () => {
    await using tcp = await ScriptedPeer.listen("tcp");
    const program = `
      import { JsonRpcConnection } from "./src/jsonrpc/connection.ts";
      import { dial } from "./src/net/dial.ts";
      const remote = ${JSON.stringify(tcp.remote)};
      const { signal } = new AbortController();
      const stream = (await dial(remote, { operation: "test", signal })).unwrap();
      const connection = new JsonRpcConnection(stream);
      const options = { operation: "test", timeoutMs: 60_000, signal };
      (await connection.call("answered", [], options)).unwrap();
      const unanswered = connection.call("unanswered", [], options);
      connection.close();
      (await unanswered).unwrapErr();`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", program];
    const child = spawn(process.execPath, args, { stdio: "inherit" });
    const exited = once(child, "exit");
    await (await tcp.connection()).answer("result");
    expect(await exited).toEqual([0, null]);
  });

  it("lets nothing be sent any more", async () => {
    const { connection } = await connectBoth();
    connection.close();
    const error = (await connection.call("m", [], options)).unwrapErr();
    expect(error).toMatchObject({ kind: "disconnected", outcome: "not-sent", cause: connection.closed });
    expect(error.message).toContain("m was not sent");
    expect(connection.notify("m", [], "test").unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "not-sent",
    });
  });

  it("lets no event come any more, not even one that had come before", async () => {
    const { connection, notifications, closings, theirs } = await connectBoth();
    connection.events.on("notification", () => connection.close());
    theirs.send('{"method":"a","params":[]}{"method":"b","params":[]}{');
    await theirs.ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(notifications.map(({ method }) => method)).toEqual(["a"]);
    expect(closings).toHaveLength(1);
  });

  it("comes when the server closes the connection", async () => {
    const { connection, closed, theirs } = await connectBoth();
    await settled(connection, theirs);
    const call = connection.call("transact", [], options);
    await theirs.next();
    theirs.end();
    const reason = await closed;
    expect(reason).toMatchObject({ kind: "disconnected" });
    expect(reason.message).toContain("the server closed the connection; its log may say why");
    expect((await call).unwrapErr()).toMatchObject({
      kind: "disconnected",
      outcome: "unknown",
      cause: reason,
    });
  });

  it("wonders whether it is the right server when that closes without a word", async () => {
    const { closed, theirs } = await connectBoth();
    theirs.end();
    expect((await closed).message).toMatch(/without a word: is it an OVSDB server\?/);
  });

  it("comes with the operating system's words when the connection breaks", async () => {
    await using tcp = await ScriptedPeer.listen("tcp");
    const { closed } = await connect({}, tcp.remote);
    (await tcp.connection()).socket.resetAndDestroy();
    const reason = await closed;
    expect(reason).toMatchObject({ kind: "disconnected", outcome: "unknown" });
    expect(reason.message).toMatch(/the connection broke: .*ECONNRESET/);
  });

  it("is a broken protocol when it comes in the middle of a message", async () => {
    const { closed, theirs } = await connectBoth();
    theirs.send('{"method":"update","params":["m",{"Port"');
    theirs.end();
    const reason = await closed;
    expect(reason).toMatchObject({ kind: "protocol" });
    expect(reason.message).toMatch(/in the middle of a message, after 40 bytes/);
  });

  it("leaves the session whole when a listener throws, and brings the error to light", async () => {
    const { connection, notifications, theirs } = await connectBoth();
    const surfaced = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
    connection.events.on("notification", () => {
      throw new Error("a bug of the listener's");
    });
    theirs.send('{"method":"a","params":[]}{"method":"b","params":[]}');
    await settled(connection, theirs);
    const thrown = surfaced.mock.calls.map(([task]) => task);
    surfaced.mockRestore();
    expect(notifications).toHaveLength(2);
    expect(thrown).toHaveLength(2);
    for (const task of thrown) expect(task).toThrow("a bug of the listener's");
    expect(connection.closed).toBeUndefined();
  });
});

describe("a peer that is no JSON-RPC server", () => {
  it("is told for an HTTP server", async () => {
    const http = createHttpServer().listen({ host: "127.0.0.1", port: 0 });
    await once(http, "listening");
    const address = http.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { connection } = await connect({}, theRemote(`tcp:127.0.0.1:${port}`));
    const error = (await connection.call("list_dbs", [], options)).unwrapErr();
    expect(error).toMatchObject({ kind: "protocol" });
    expect(error.message).toMatch(/not an OVSDB server.*"HTTP\/1\.1 400.*it is an HTTP server/);
    http.close();
  });

  it("is waited for no longer than the deadline when it says nothing", async () => {
    const { connection } = await connectBoth();
    const error = (await connection.call("list_dbs", [], { ...options, timeoutMs: 20 })).unwrapErr();
    expect(error).toMatchObject({ kind: "timeout" });
  });
});

describe("a peer that does not read", () => {
  it("shows in writableBytes", async () => {
    const { connection, theirs } = await connectBoth();
    theirs.socket.pause();
    for (let n = 0; n < 40; n++) connection.notify("n", ["x".repeat(100_000)], "test").unwrap();
    await new Promise((resolve) => setImmediate(resolve));
    expect(connection.writableBytes).toBeGreaterThan(1_000_000);
    theirs.socket.resume();
    for (let n = 0; n < 40; n++) expect(await theirs.next()).toMatchObject({ method: "n" });
    expect(connection.writableBytes).toBe(0);
  });

  it("gets what is long in pieces and in order with what is short", async () => {
    const { connection, theirs } = await connectBoth();
    connection.notify("a", ["ö".repeat(200_000)], "test").unwrap();
    connection.notify("b", [], "test").unwrap();
    connection.notify("c", ["網".repeat(200_000)], "test").unwrap();
    expect(await theirs.next()).toMatchObject({ method: "a", params: ["ö".repeat(200_000)] });
    expect(await theirs.next()).toMatchObject({ method: "b" });
    expect(await theirs.next()).toMatchObject({ method: "c", params: ["網".repeat(200_000)] });
  });

  it("cannot fill our memory with requests", async () => {
    const { closed, theirs } = await connectBoth();
    theirs.socket.pause();
    const echo = `{"id":1,"method":"echo","params":["${"x".repeat(1_000_000)}"]}`;
    for (let n = 0; n < 30; n++) theirs.send(echo);
    const reason = await closed;
    expect(reason).toMatchObject({ kind: "protocol" });
    expect(reason.message).toMatch(/sends requests and does not read the answers/);
  });
});

describe("a peer that has vanished", () => {
  it("is found by a probe over tcp", async () => {
    await using tcp = await ScriptedPeer.listen("tcp");
    const { connection, closed } = await connect({ probeIntervalMs: 1000 }, tcp.remote);
    const theirs = await tcp.connection();
    const call = connection.call("transact", [], options);
    await theirs.next();
    expect(await theirs.next()).toEqual({ id: 2, method: "echo", params: [] });
    expect((await closed).message).toMatch(/no sign of life/);
    expect((await call).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "unknown" });
  });

  it("is not looked for over a unix socket, nor where that is switched off", async () => {
    await using tcp = await ScriptedPeer.listen("tcp");
    const timers = vi.spyOn(globalThis, "setTimeout");
    await connect({ probeIntervalMs: 0 }, tcp.remote);
    await connectBoth({ probeIntervalMs: 1000 });
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
  });
});

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, onTestFinished, test } from "vitest";

import type { VppClient } from "../../../src/vpp/api/client.js";
import { connectVpp } from "../../../src/vpp/api/connect.js";
import type { VppConnectOptions } from "../../../src/vpp/api/options.js";
import { asNobody } from "../../support/scripted-peer.js";
import { frameOf, pingEntries, VppPeer, welcomeOf } from "../../support/vpp-peer.js";
import { toyClient, toyServer } from "../../support/vpp-toy-api.js";

/** What Node cannot do, make sockets of other types and leave one behind, Python does. */
const hasPython = spawnSync("python3", ["-c", ""]).status === 0;
const unlessPython = hasPython ? "" : " (skipped: no python3)";

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), "vpp-connect-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The error of a connection that fails. */
async function failure(options: VppConnectOptions): Promise<{ kind: string; message: string }> {
  const result = await connectVpp(options);
  if (result.isOk()) await result.value.close();
  return result.unwrapErr();
}

/** Ends a connection to a peer that does not answer the farewell. */
async function end(client: VppClient, peer: VppPeer): Promise<void> {
  const closing = client.close();
  peer.hangUp();
  await closing;
}

describe("the handshake", () => {
  test("is one frame of 86 bytes with id 15, a context and the name, and no client index", async () => {
    await using peer = await VppPeer.listen();
    const connecting = connectVpp({ remote: peer.remote, name: "node" });
    const hello = await peer.next();
    expect(hello).toHaveLength(70);
    expect(hello.readUInt16BE(0)).toBe(15);
    expect(hello.toString("utf8", 6)).toBe(`node${"\0".repeat(60)}`);
    peer.send(frameOf(welcomeOf(pingEntries)));
    await end((await connecting).unwrap(), peer);
  });

  test("the index of the reply goes into every later request, whatever stands where replies have it else", async () => {
    await using peer = await VppPeer.listen();
    const connecting = connectVpp({ remote: peer.remote });
    await peer.welcome();
    const client = (await connecting).unwrap();
    const ping = client.ping();
    const message = await peer.next();
    expect(message.toString("hex")).toBe("00178000000100000001");
    peer.send(frameOf(Buffer.from("001800000001000000000000000000001a7e", "hex")));
    expect((await ping).isOk()).toBe(true);
    await end(client, peer);
  });

  test("a name is cut at its first NUL: old servers leave bytes of other names behind it", async () => {
    await using peer = await VppPeer.listen();
    const connecting = connectVpp({ remote: peer.remote });
    await peer.welcome([["control_ping_51077d14\0old_bytes_12345678", 23], ...pingEntries.slice(1)]);
    const client = (await connecting).unwrap();
    expect([...client.messages()]).toStrictEqual(["control_ping", "control_ping_reply"]);
    await end(client, peer);
  });

  test("the table may come in any pieces", async () => {
    await using server = await toyServer();
    server.chop(7);
    await using client = await toyClient(server);
    expect((await client.ping()).isOk()).toBe(true);
  });
});

describe("what is no VPP", () => {
  test.each([
    ["sends text", Buffer.from("220 welcome to the mail server\r\n"), "2 bytes was announced|limit"],
    ["sends another first message", frameOf(Buffer.from("001100000000000000000000", "hex")), "has the id 17"],
    [
      "sends a welcome of 18.04, without a table",
      frameOf(Buffer.alloc(18, "0010", "hex").fill(0, 2)),
      "no message table",
    ],
    ["sends another context", frameOf(welcomeOf(pingEntries, { context: 5 })), "does not repeat the context"],
    [
      "announces more messages than it sends",
      frameOf(welcomeOf(pingEntries, { count: 60_000 })),
      "60000 messages",
    ],
    ["has no ping", frameOf(welcomeOf([["show_version_51077d14", 9]])), "no control_ping"],
    ["announces 4 GiB", Buffer.alloc(16, 0xff), "4294967295 bytes was announced"],
  ])("%s: protocol, and the socket to give instead", async (_what, bytes, why) => {
    await using peer = await VppPeer.listen();
    const connecting = failure({ remote: peer.remote });
    await peer.next();
    peer.send(bytes);
    const error = await connecting;
    expect(error.kind).toBe("protocol");
    expect(error.message).toMatch(new RegExp(why));
    expect(error.message).toContain("give the socket of the socksvr stanza");
    await peer.ended();
  });

  test("refuses us: the return value says why", async () => {
    await using peer = await VppPeer.listen();
    const connecting = failure({ remote: peer.remote });
    await peer.next();
    peer.send(frameOf(welcomeOf(pingEntries, { response: -31 })));
    expect(await connecting).toMatchObject({ kind: "rejected", reason: "INVALID_REGISTRATION", code: -31 });
  });

  test("hangs up at once", async () => {
    await using peer = await VppPeer.listen();
    const connecting = failure({ remote: peer.remote });
    await peer.next();
    peer.hangUp();
    const error = await connecting;
    expect(error).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(error.message).toContain("either VPP is ending, or this is not the socket");
  });

  test("says nothing: timeout", async () => {
    await using peer = await VppPeer.listen();
    const error = await failure({ remote: peer.remote, timeoutMs: 50 });
    expect(error).toMatchObject({ kind: "timeout", outcome: "not-sent" });
    expect(error.message).toContain("waiting for the message table of VPP");
  });
});

describe("giving up while the welcome is on its way", () => {
  test("a VPP that answers late is told goodbye before the socket closes", async () => {
    await using peer = await VppPeer.listen();
    const connecting = failure({ remote: peer.remote, timeoutMs: 50 });
    await peer.next();
    expect((await connecting).kind).toBe("timeout");
    peer.send(frameOf(welcomeOf(pingEntries)));
    const goodbye = await peer.next();
    expect(goodbye.readUInt16BE(0)).toBe(17);
    peer.send(frameOf(Buffer.from("00120000000100000001", "hex")));
    await peer.ended();
  });

  test("the caller's signal ends it at once", async () => {
    await using peer = await VppPeer.listen();
    const controller = new AbortController();
    const connecting = failure({ remote: peer.remote, signal: controller.signal });
    await peer.next();
    controller.abort(new Error("no more"));
    expect(await connecting).toMatchObject({
      kind: "aborted",
      outcome: "not-sent",
      cause: new Error("no more"),
    });
  });
});

describe("a socket that cannot be used", () => {
  test("is not there", async () => {
    const error = await failure({ remote: `unix:${temporary()}/api.sock` });
    expect(error).toMatchObject({ kind: "unreachable", errno: "ENOENT" });
    expect(error.message).toContain("is VPP running, and is this where it listens?");
    expect(error.message).toContain("socksvr");
  });

  test.skipIf(!hasPython)(`is left over from a VPP that died${unlessPython}`, async () => {
    const path = `${temporary()}/stale.sock`;
    const script = `import socket; s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(path)})`;
    await once(spawn("python3", ["-c", script], { stdio: "inherit" }), "exit");
    const error = await failure({ remote: `unix:${path}` });
    expect(error).toMatchObject({ kind: "unreachable", errno: "ECONNREFUSED" });
    expect(error.message).toContain("VPP has died and left it");
  });

  test("is a file", async () => {
    const path = `${temporary()}/file`;
    writeFileSync(path, "");
    expect((await failure({ remote: `unix:${path}` })).message).toContain("is not a socket");
  });

  test.skipIf(!hasPython)(
    `is of type SEQPACKET: VPP before 19.08, or the stats socket${unlessPython}`,
    async () => {
      const path = `${temporary()}/seqpacket.sock`;
      const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(${JSON.stringify(path)}); s.listen(1)
print("ready", flush=True); sys.stdin.read()`;
      const python = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
      onTestFinished(() => void python.kill());
      await once(python.stdout, "data");
      const error = await failure({ remote: `unix:${path}` });
      expect(error).toMatchObject({ kind: "unreachable", errno: "EPROTOTYPE" });
      expect(error.message).toContain("older than 19.08");
      expect(error.message).toContain("stats.sock");
    },
  );

  test("belongs to others", async () => {
    await using server = await toyServer();
    const error = await asNobody(() => failure({ remote: server.remote }));
    if (error === undefined) return;
    expect(error).toMatchObject({ kind: "unreachable", errno: "EACCES" });
    expect(error.message).toContain("run as root or as a member of");
  });
});

describe("options that cannot be right are refused before anything is opened", () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ["a misspelt option", { timeout: 5 }, "timeout"],
    ["no time at all", { timeoutMs: 0 }, "timeoutMs"],
    ["a name with a NUL", { name: "a\0b" }, "name"],
    ["a name of 64 bytes", { name: "x".repeat(64) }, "name"],
    ["a name of 63 bytes that are 32 characters", { name: "é".repeat(32) }, "name"],
    ["no window", { window: 0 }, "window"],
    ["a path as api", { api: "/usr/share/vpp/api" }, "api"],
    ["a path without unix:", { remote: "/run/vpp/api.sock" }, "remote"],
    ["a path that is too long", { remote: `unix:/${"x".repeat(200)}` }, "remote"],
  ];
  test.each(cases)("%s", async (_what, options, path) => {
    const error = await failure(options);
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain(path);
  });

  test("an API directory without files, and one that is not there", async () => {
    await using server = await toyServer();
    const directory = temporary();
    const empty = await failure({ remote: server.remote, api: { directory } });
    expect(empty).toMatchObject({ kind: "invalid" });
    expect(empty.message).toContain("holds no *.api.json");
    const absent = await failure({ remote: server.remote, api: { directory: `${directory}/none` } });
    expect(absent).toMatchObject({ kind: "unreachable", errno: "ENOENT" });
  });

  test("a VPP that cannot tell its own API", async () => {
    await using server = await toyServer();
    const error = await failure({ remote: server.remote, api: "bootstrap" });
    expect(error).toMatchObject({ kind: "unsupported" });
    expect(error.message).toContain("came with 24.06");
  });
});

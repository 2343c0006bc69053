import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Deadline } from "../../src/core/call.js";
import { dial, dialAny, type DialAnyOptions } from "../../src/net/dial.js";
import { parseRemotes } from "../../src/net/remote.js";
import type { ByteStream } from "../../src/net/stream.js";
import { asNobody, ScriptedPeer, theRemote } from "../support/scripted-peer.js";

const never = new AbortController().signal;
const options: DialAnyOptions = { operation: "connect", signal: never, server: "ovsdb-server" };
const failureOf = async (text: string, more: Partial<DialAnyOptions> = {}) =>
  (await dial(theRemote(text), { ...options, ...more })).unwrapErr();

const python = "/usr/bin/python3";

/** Runs Python that prints a line once its socket is there, and keeps the socket until the test ends. */
async function holdSocket(script: string): Promise<AsyncDisposable> {
  const child = spawn(python, ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** A port of loopback where nobody listens. */
async function closedPort(): Promise<number> {
  await using peer = await ScriptedPeer.listen("tcp");
  return peer.port;
}

function firstChunk(stream: ByteStream): Promise<string> {
  return new Promise((resolve) => {
    stream.start({ data: (chunk) => resolve(chunk.toString()), close: () => resolve("closed") });
  });
}

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "net-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe("dial", () => {
  it.each(["unix", "tcp", "tcp6"] as const)("connects over %s", async (place) => {
    await using peer = await ScriptedPeer.listen(place);
    const stream = (await dial(peer.remote, options)).unwrap();
    expect(stream).toMatchObject({ remote: peer.remote, needsProbes: place !== "unix" });
    const connection = await peer.connection();
    stream.write('{"hello":1}');
    expect(await connection.next()).toEqual({ hello: 1 });
    connection.send("welcome");
    expect(await firstChunk(stream)).toBe("welcome");
    stream.destroy();
  });

  it("connects by name", async () => {
    await using peer = await ScriptedPeer.listen("tcp");
    const stream = (await dial(theRemote(`tcp:localhost:${peer.port}`), options)).unwrap();
    stream.write("{}");
    expect(await (await peer.connection()).next()).toEqual({});
    stream.destroy();
  });

  it("says that no socket is there, and where else it may be", async () => {
    const error = await failureOf(`unix:${dir}/db.sock`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "ENOENT", address: `unix:${dir}/db.sock` });
    expect(error.message).toMatch(/is ovsdb-server running.*OVS_RUNDIR/);
    const ofVpp = await failureOf(`unix:${dir}/db.sock`, { server: "vpp", whereToLook: "See startup.conf" });
    expect(ofVpp.message).toMatch(/is vpp running.*See startup\.conf/);
  });

  it("tells a socket that its server left behind", async () => {
    {
      await using _peer = await ScriptedPeer.listen({ path: join(dir, "live") });
      renameSync(join(dir, "live"), join(dir, "stale"));
    }
    const error = await failureOf(`unix:${dir}/stale`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "ECONNREFUSED" });
    expect(error.message).toMatch(/nobody listens: ovsdb-server has died/);
  });

  it("tells a file that is no socket", async () => {
    writeFileSync(join(dir, "conf.db"), "");
    expect((await failureOf(`unix:${dir}/conf.db`)).message).toMatch(/conf\.db is not a socket/);
    expect((await failureOf(`unix:${dir}/conf.db/x`)).message).toMatch(/is not a socket/);
  });

  it.skipIf(!existsSync(python))("tells a socket of another type", async () => {
    await using _held = await holdSocket(
      `import socket; s=socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("${dir}/dgram"); print(1, flush=True); s.recv(1)`,
    );
    const error = await failureOf(`unix:${dir}/dgram`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "EPROTOTYPE" });
    expect(error.message).toMatch(/another type/);
  });

  it.skipIf(!existsSync(python))("tells a server that accepts no more connections", async () => {
    await using _held = await holdSocket(
      `import socket,time; s=socket.socket(socket.AF_UNIX); s.bind("${dir}/full"); s.listen(0); print(1, flush=True); time.sleep(60)`,
    );
    (await dial(theRemote(`unix:${dir}/full`), options)).unwrap().destroy();
    const error = await failureOf(`unix:${dir}/full`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "EAGAIN" });
    expect(error.message).toMatch(/accepts no more connections/);
  });

  it.skipIf(process.geteuid?.() !== 0)("tells who owns a socket that may not be opened", async () => {
    await using _peer = await ScriptedPeer.listen({ path: join(dir, "s") });
    chmodSync(join(dir, "s"), 0o700);
    chmodSync(dir, 0o755);
    const denied = await asNobody(() => failureOf(`unix:${dir}/s`));
    expect(denied).toMatchObject({ kind: "unreachable", errno: "EACCES" });
    expect(denied?.message).toMatch(
      /runs as uid 65534 and the socket belongs to uid 0, gid \d+, mode 0700; run as/,
    );
  });

  it.skipIf(process.geteuid?.() !== 0)("tells which directory on the way is closed", async () => {
    await using _peer = await ScriptedPeer.listen({ path: join(dir, "s") });
    chmodSync(dir, 0o700);
    const denied = await asNobody(() => failureOf(`unix:${dir}/s`));
    expect(denied).toMatchObject({ kind: "unreachable", errno: "EACCES" });
    expect(denied?.message).toContain(`may not enter ${dir};`);
  });

  it("refuses a path that no socket address holds, also when it was not parsed", async () => {
    const path = `/${"a".repeat(107)}`;
    const refused = (await dial({ kind: "unix", path, text: `unix:${path}` }, options)).unwrapErr();
    expect(refused).toMatchObject({ kind: "invalid", got: path });
    expect(refused.message).toMatch(/shorter path/);
  });

  it("reaches a socket by a link to its directory, as that refusal proposes", async () => {
    await using peer = await ScriptedPeer.listen({ path: join(dir, "s") });
    symlinkSync(dir, join(dir, "link"));
    const stream = (await dial(theRemote(`unix:${dir}/link/s`), options)).unwrap();
    stream.write("{}");
    expect(await (await peer.connection()).next()).toEqual({});
    stream.destroy();
  });

  it("says that nobody listens on a port", async () => {
    const port = await closedPort();
    const error = await failureOf(`tcp:127.0.0.1:${port}`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "ECONNREFUSED" });
    expect(error.message).toMatch(new RegExp(`nobody listens on port ${port}.*set-manager ptcp:${port}`));
  });

  it("tells each address of a name that failed", async () => {
    const error = await failureOf(`tcp:localhost:${await closedPort()}`);
    expect(error).toMatchObject({ kind: "unreachable", errno: "ECONNREFUSED" });
    expect(error.message).toContain("127.0.0.1");
  });

  it("does not begin when the signal has fired", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const error = await failureOf(peer.remote.text, { signal: AbortSignal.abort("enough") });
    expect(error).toMatchObject({ kind: "aborted", outcome: "not-sent", cause: "enough" });
  });

  it("gives up when the signal fires, and leaves no connection", async () => {
    // A server that says nothing keeps the TLS handshake waiting for ever.
    await using silent = await ScriptedPeer.listen("tcp");
    const controller = new AbortController();
    const dialling = failureOf(`ssl:127.0.0.1:${silent.port}`, { signal: controller.signal });
    const connection = await silent.connection();
    controller.abort();
    expect(await dialling).toMatchObject({ kind: "aborted", outcome: "not-sent" });
    await connection.ended;
  });
});

describe("dialAny", () => {
  it("connects to the first that answers", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const remotes = parseRemotes(
      `unix:${dir}/none,tcp:127.0.0.1:${await closedPort()},${peer.remote.text}`,
      "test",
    ).unwrap();
    const stream = (await dialAny(remotes, options)).unwrap();
    expect(stream.remote).toEqual(peer.remote);
    stream.destroy();
  });

  it("names each that failed, and why", async () => {
    const port = await closedPort();
    const remotes = parseRemotes(`unix:${dir}/none,tcp:127.0.0.1:${port}`, "test").unwrap();
    const error = (await dialAny(remotes, options)).unwrapErr();
    expect(error).toMatchObject({
      kind: "unreachable",
      address: `unix:${dir}/none,tcp:127.0.0.1:${port}`,
      errno: "ENOENT,ECONNREFUSED",
    });
    expect(error.message).toContain(`unix:${dir}/none (ENOENT), tcp:127.0.0.1:${port} (ECONNREFUSED)`);
  });

  it("passes one by that never answers", async () => {
    await using silent = await ScriptedPeer.listen("tcp");
    await using peer = await ScriptedPeer.listen("unix");
    const first = `ssl:127.0.0.1:${silent.port}`;
    const remotes = parseRemotes(`${first},${peer.remote.text}`, "test").unwrap();
    const stream = (await dialAny(remotes, { ...options, attemptMs: 50 })).unwrap();
    expect(stream.remote).toEqual(peer.remote);
    stream.destroy();
    const others = parseRemotes(`${first},unix:${dir}/none`, "test").unwrap();
    const error = (await dialAny(others, { ...options, attemptMs: 50 })).unwrapErr();
    expect(error).toMatchObject({ kind: "unreachable", errno: "ETIMEDOUT,ENOENT" });
  });

  it("gives up when the deadline of its call is over, and no sooner", async () => {
    await using silent = await ScriptedPeer.listen("tcp");
    const remotes = parseRemotes(`ssl:127.0.0.1:${silent.port}`, "test").unwrap();
    using deadline = Deadline.start("connect", { timeoutMs: 50 }, 1000).unwrap();
    const late = (await dialAny(remotes, { ...options, signal: deadline })).unwrapErr();
    expect(late).toMatchObject({ kind: "timeout", operation: "connect", timeoutMs: 50, outcome: "not-sent" });
    const again = (await dialAny(remotes, { ...options, signal: deadline })).unwrapErr();
    expect(again).toMatchObject({ kind: "timeout" });
  });

  it("ends with the caller's signal, not with the next remote", async () => {
    await using silent = await ScriptedPeer.listen("tcp");
    await using peer = await ScriptedPeer.listen("unix");
    const controller = new AbortController();
    const remotes = parseRemotes(`ssl:127.0.0.1:${silent.port},${peer.remote.text}`, "test").unwrap();
    const dialling = dialAny(remotes, { ...options, attemptMs: 60_000, signal: controller.signal });
    await silent.connection();
    controller.abort();
    expect((await dialling).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent" });
  });

  it("refuses an empty list", async () => {
    expect((await dialAny([], options)).unwrapErr()).toMatchObject({ kind: "invalid", path: "remote" });
  });
});

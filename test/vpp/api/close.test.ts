import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { haveThings, toyClient, toyServer } from "../../support/vpp-toy-api.js";

describe("closing", () => {
  test("says goodbye with sockclnt_delete and waits for the answer: 16 rude ends at once hang VPP 26.06", async () => {
    await using server = await toyServer();
    const clients = await Promise.all(Array.from({ length: 20 }, () => toyClient(server)));
    expect(server.clients).toHaveLength(20);
    await Promise.all(clients.map((client) => client.close()));
    expect(server.clients).toStrictEqual([]);
    expect(server.rudeEnds).toBe(0);
  });

  test("with nothing under way sends nothing else", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    await client.call("thing_version");
    await client.close();
    expect(server.requests.names()).toStrictEqual(["thing_version"]);
  });

  test("waits for what is with VPP: one that writes to a closed socket dies, before 23.02", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    server.fail("thing_version", { kind: "late", ms: 50 });
    const call = client.call("thing_version");
    await client.close();
    expect((await call).isOk()).toBe(true);
    expect(server.endsUnderAnswers).toBe(0);
  });

  test("waits also for answers that nobody wants any more", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    haveThings(server, 3);
    server.fail("thing_dump", { kind: "late", ms: 50 });
    for await (const _details of client.dump("thing_dump", {}, { timeoutMs: 10 })) break;
    await client.close();
    // The ping went out before the farewell, and its answer came after the dump's.
    expect(server.requests.names().at(-1)).toBe("control_ping");
    expect(server.rudeEnds).toBe(0);
  });

  test("does not wait for ever: what is not answered by then ends with an unknown outcome", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    server.fail(undefined, { kind: "missing" }, 1000);
    const call = client.call("thing_version", {}, { timeoutMs: 60_000 });
    await client.close();
    expect((await call).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "unknown" });
  });

  test("ends what was not sent as not sent", async () => {
    await using server = await toyServer();
    const client = await toyClient(server, { window: 1 });
    server.fail("thing_version", { kind: "late", ms: 30 });
    const [first, second] = [client.call("thing_version"), client.call("thing_add", { name: "a" })];
    await client.close();
    expect((await first).isOk()).toBe(true);
    expect((await second).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(server.requests.of("thing_add")).toStrictEqual([]);
  });

  test("may be done twice, and every call after it says so", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    const closes: unknown[] = [];
    client.on("close", (reason) => closes.push(reason));
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(client.state).toBe("closed");
    expect(closes).toStrictEqual([undefined]);
    for (const result of [
      await client.call("thing_version"),
      await client.dump("thing_dump").all(),
      await client.events("want_thing_events"),
      await client.ping(),
    ]) {
      expect(result.unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
      expect(result.unwrapErr().message).toContain("the client was closed");
    }
    expect((await client.whenReady()).unwrapErr().kind).toBe("disconnected");
  });

  test("is done for whoever asks for it again no sooner than for the first", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    server.fail("thing_version", { kind: "late", ms: 50 });
    const call = client.call("thing_version");
    const first = client.close();
    await client.close();
    expect(server.clients).toStrictEqual([]);
    expect((await call).isOk()).toBe(true);
    await first;
  });

  test("stays closed when the connection breaks while subscriptions are taken back", async () => {
    await using server = await toyServer();
    const client = await toyClient(server);
    (await client.events("want_thing_events")).unwrap();
    const told: string[] = [];
    client.on("lost", () => told.push("lost"));
    client.on("close", () => told.push("close"));
    server.fail("want_thing_events", { kind: "cut" });
    await client.close();
    expect(client.state).toBe("closed");
    expect(told).toStrictEqual(["close"]);
    expect((await client.whenReady()).unwrapErr()).toMatchObject({ kind: "disconnected" });
  });

  test("of a connection that VPP has ended is done at once", async () => {
    await using server = await toyServer();
    const client = await toyClient(server, { reconnect: false });
    await server.stop();
    await client.close();
    expect(client.state).toBe("closed");
  });

  test("lets the process end, though calls have timed out and others were cancelled", async () => {
    await using server = await toyServer();
    server.fail("thing_version", { kind: "missing" });
    const script = join(import.meta.dirname, "../../support/vpp-short-life.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, server.remote], { stdio: "inherit" });
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(server.rudeEnds).toBe(0);
  });
});

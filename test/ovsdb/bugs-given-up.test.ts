/** Calls whose caller has waited enough, or whose server has gone, where other clients went on waiting or lied about it. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { calls } from "./lab-calls.js";
import { log, openLab, seenLogs, serveLab, storedLogs } from "./lab-database.js";
import { labJson } from "./lab.js";

const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 30_000 };

/** Those that come to an end by themselves. */
const asked = (...given: Parameters<typeof calls>) => {
  const { ready: _ready, changes: _changes, watch: _watch, ...all } = calls(...given);
  return Object.entries(all);
};

describe("what is asked of an open database", () => {
  it.each(["signal", "deadline"] as const)(
    "is waited for no longer than the caller wants to, though the server is silent: by %s",
    slow,
    async (by) => {
      await using server = await serveLab();
      await using db = (await openLab(server.remote)).unwrap();
      server.silence(true);
      const abort = new AbortController();
      const limits = by === "signal" ? { signal: abort.signal } : { timeoutMs: 100 };
      const waiting = asked(db, { operation: "test", ...limits }).map(
        async ([name, call]) => [name, await call()] as const,
      );
      await delay(20);
      abort.abort();
      const kind = by === "signal" ? "aborted" : "timeout";
      for (const [name, result] of await Promise.all(waiting))
        expect([name, result]).toMatchObject([name, { error: { kind } }]);
      expect(db.closed).toBeUndefined();
    },
  );

  it("is not begun for a caller who has given up already, and says so", async () => {
    await using server = await serveLab();
    log(server, 1);
    await using db = (await openLab(server.remote)).unwrap();
    (await db.listDbs(options)).unwrap();
    const before = [...server.requests].length;
    for (const [name, call] of asked(db, { operation: "test", signal: AbortSignal.abort() })) {
      const expected = { error: { kind: "aborted", outcome: "not-sent" } };
      expect([name, await call()]).toMatchObject([name, expected]);
    }
    (await db.getServerId(options)).unwrap();
    expect(Array.from(server.requests, ({ method }) => method).slice(before)).toEqual(["get_server_id"]);
    expect(seenLogs(db)).toEqual(["1 m1"]);
  });

  it("is not waited for in the middle either: the rows after a conversion", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    server.fail("get_schema", { kind: "held" });
    const abort = new AbortController();
    const schema = { ...labJson, version: "1.0.1" };
    const converting = db.convert(schema, { operation: "test", signal: abort.signal });
    await expect.poll(() => db.health.state).toBe("synchronizing");
    await delay(20);
    abort.abort();
    expect(await converting).toMatchObject({ error: { kind: "aborted", outcome: "unknown" } });
  });

  it("ends when the server dies under it; what the next server can do goes on with that", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    server.silence(true);
    const { transact, getServerId, listDbs, dryRun, lock, transaction, setConditions } = calls(db);
    const sent = { transact, getServerId, listDbs, dryRun, lock };
    const dying = Object.entries(sent).map(async ([name, call]) => [name, await call?.()] as const);
    const done = transaction?.();
    const held = setConditions?.();
    const waiting = db.waitFor((reader) => reader.table("Log").where([["k", "==", 7]])[0], options);
    await delay(20);
    await server.stop();
    for (const [name, result] of await Promise.all(dying))
      expect([name, result]).toMatchObject([name, { error: { kind: "disconnected", outcome: "unknown" } }]);
    server.silence(false);
    await server.restart();
    log(server, 7);
    expect(await done).toMatchObject({ outcome: "committed" });
    expect(await held).toMatchObject({ value: undefined });
    expect(await waiting).toMatchObject({ value: { k: 7 } });
    expect([seenLogs(db), storedLogs(server)]).toEqual([["7 m7"], ["1 ", "7 m7"]]);
  });
});

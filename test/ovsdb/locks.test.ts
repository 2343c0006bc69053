/** Locks of a real server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Locks, type Lock } from "../../src/ovsdb/locks.js";
import { ClientPort, type LabRows } from "./client-port.js";
import { LabServer, options } from "./lab-server.js";

let lab: LabServer;
let mine: { readonly port: ClientPort; readonly locks: Locks<LabRows> };
let theirs: { readonly port: ClientPort; readonly locks: Locks<LabRows> };

const open = async () => {
  const port = await ClientPort.open(lab.server.remote);
  return { port, locks: new Locks(port) };
};

beforeAll(async () => {
  lab = await LabServer.start();
});
beforeEach(async () => {
  mine = await open();
  theirs = await open();
});
afterEach(async () => {
  await mine.port.close();
  await theirs.port.close();
});
afterAll(() => lab[Symbol.asyncDispose]());

const take = async (side: typeof mine, more: object = {}): Promise<Lock> =>
  (await side.locks.lock("l", { ...options, ...more })).unwrap();

/** What a lock tells, in order. */
function told(lock: Lock): readonly string[] {
  const events: string[] = [];
  lock.events.on("acquired", () => events.push("acquired"));
  lock.events.on("lost", (why) => events.push(why));
  return events;
}

describe("a lock", () => {
  it("is held by one session at a time, and goes to the next when it is released", async () => {
    const first = await take(mine);
    expect(first.isHeld).toBe(true);
    const waiting = take(theirs);
    const queued = await (await open()).locks.lock("l", { operation: "lock", timeoutMs: 50 });
    expect(queued.unwrapErr()).toMatchObject({
      kind: "timeout",
      message: "lock: no answer within 50 ms while waiting for lock l, which another client holds",
    });
    await first.release();
    expect(first).toMatchObject({ isHeld: false, isReleased: true });
    expect((await waiting).isHeld).toBe(true);
  });

  it("is released when it goes out of scope", async () => {
    {
      await using lock = await take(mine);
      expect(lock.isHeld).toBe(true);
    }
    expect((await take(theirs)).isHeld).toBe(true);
  });

  it("is lost to who steals it, and comes back", async () => {
    const first = await take(mine);
    const events = told(first);
    const thief = await take(theirs, { steal: true });
    await expect.poll(() => events).toEqual(["stolen"]);
    expect(first.isHeld).toBe(false);
    await thief.release();
    await expect.poll(() => events).toEqual(["stolen", "acquired"]);
  });

  it("is told once, however often the server says so", async () => {
    const first = await take(mine);
    const events = told(first);
    // The server tells the owner again when another one leaves the queue.
    await theirs.locks.lock("l", { operation: "lock", timeoutMs: 50 });
    await mine.port.call("echo", [], options);
    expect(events).toEqual([]);
    expect(first.isHeld).toBe(true);
  });

  it("is lost with the connection, and asked for again with the next", async () => {
    const lock = await take(mine);
    const events = told(lock);
    await mine.port.cut();
    expect(events).toEqual(["disconnected"]);
    expect(lock.isHeld).toBe(false);
    await expect.poll(() => events).toEqual(["disconnected", "acquired"]);
    expect((await theirs.locks.lock("l", { operation: "lock", timeoutMs: 50 })).isErr()).toBe(true);
  });

  it("may be waited for in the background", async () => {
    const first = await take(mine);
    const second = await take(theirs, { waitUntilHeld: false });
    expect(second.isHeld).toBe(false);
    const events = told(second);
    await first.release();
    await expect.poll(() => events).toEqual(["acquired"]);
  });

  it("ends with the session", async () => {
    const first = await take(mine);
    const waiting = theirs.locks.lock("l", options);
    await theirs.port.call("echo", [], options);
    const events = told(first);
    await mine.port.close();
    expect(events).toEqual(["closed"]);
    expect(first.isReleased).toBe(true);
    expect((await waiting).isOk()).toBe(true);
  });

  it("is refused where its name is none, or this session has it", async () => {
    await take(mine);
    expect((await mine.locks.lock("l", options)).unwrapErr()).toMatchObject({
      kind: "conflict",
      object: "lock l",
    });
    expect((await mine.locks.lock("a b", options)).unwrapErr()).toMatchObject({
      kind: "invalid",
      path: "name",
    });
  });
});

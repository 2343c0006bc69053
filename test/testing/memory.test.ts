import { afterEach, describe, expect, test, vi } from "vitest";
import { DisconnectedError, NotFoundError, RejectedError } from "../../src/core/errors.js";
import type { InterfaceSpec } from "../../src/core/specs.js";
import type { WatchEvent } from "../../src/core/vswitch.js";
import { MemorySwitch } from "../../src/testing/index.js";

const tap: InterfaceSpec = { type: "tap", name: "tap0" };

const rejected = (operation: string): RejectedError =>
  new RejectedError({ operation, reason: "test", details: "planned", message: `${operation}: planned` });

afterEach(() => {
  vi.useRealTimers();
});

describe("one switch", () => {
  test("is shared by its connections, and is another than the next", async () => {
    const memory = new MemorySwitch();
    await using one = memory.connect({ owner: "one" });
    await using two = memory.connect({ owner: "two" });
    await using elsewhere = new MemorySwitch().connect({ owner: "one" });
    (await one.createInterface(tap)).unwrap();
    expect((await two.getInterface("tap0")).unwrap().mark).toEqual({ owner: "one", key: "tap0" });
    expect((await elsewhere.listInterfaces()).unwrap()).toEqual([]);
  });

  test("has the owner of the real drivers where none is named, and refuses what is none", () => {
    expect(new MemorySwitch().connect().owner).toBe("vswitch-drivers");
    expect(() => new MemorySwitch().connect({ owner: "a b" })).toThrow(
      'connect: owner is "a b"; expected 1 to 32 letters, digits, dots, underscores or hyphens',
    );
  });

  test("shows a test what is in it, without a call", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    (await vswitch.createInterface({ ...tap, attach: { bridge: "br0" } })).unwrap();
    expect(memory.interfaces()).toEqual((await vswitch.listInterfaces()).unwrap());
    expect(memory.bridges()).toEqual((await vswitch.listBridges()).unwrap());
  });

  test("needs no real time: verbs end under fake timers", async () => {
    vi.useFakeTimers();
    await using vswitch = new MemorySwitch().connect();
    expect((await vswitch.createInterface(tap)).unwrap().created).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("supports what it is made with", async () => {
    const memory = new MemorySwitch({ types: ["vhost-user"], addresses: false });
    await using vswitch = memory.connect();
    expect((await vswitch.createInterface(tap)).unwrapErr()).toMatchObject({
      kind: "unsupported",
      feature: "tap",
      message: "createInterface: tap is not supported: this in-memory switch was made without it",
    });
    const { interfaceTypes, addresses } = (await vswitch.capabilities()).unwrap();
    expect(interfaceTypes["vhost-user"].supported).toBe(true);
    expect(interfaceTypes.tap.supported).toBe(false);
    expect(addresses.supported).toBe(false);
    expect((await vswitch.setAddresses("tap0", [])).unwrapErr().kind).toBe("unsupported");
  });
});

describe("an interface", () => {
  test("has the defaults of its type, which are the same as given ones", async () => {
    await using vswitch = new MemorySwitch().connect();
    const memif: InterfaceSpec = { type: "memif", name: "m0", role: "master", socket: "/run/m0.sock" };
    (await vswitch.createInterface(memif)).unwrap();
    const same: InterfaceSpec = { ...memif, id: 0, mode: "ethernet", ringSize: 1024, mtu: 1500, key: "m0" };
    expect((await vswitch.createInterface(same)).unwrap().created).toBe(false);
    expect((await vswitch.createInterface({ ...same, ringSize: 2048 })).unwrapErr().kind).toBe(
      "already-exists",
    );
  });

  test("has a MAC address of its own, or the one that was asked for", async () => {
    await using vswitch = new MemorySwitch().connect();
    const made = await Promise.all([
      vswitch.createInterface({ ...tap, name: "a" }),
      vswitch.createInterface({ ...tap, name: "b" }),
      vswitch.createInterface({ ...tap, name: "c", mac: "02-00-5E-00-00-01" }),
    ]);
    expect(made.map((result) => result.unwrap().mac)).toEqual([
      "02:00:00:00:00:01",
      "02:00:00:00:00:02",
      "02:00:5e:00:00:01",
    ]);
  });

  test("of shared memory has its link down until a peer is there", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    const made = await vswitch.createInterface({ type: "vhost-user", name: "v0", mode: "server" });
    expect(made.unwrap()).toMatchObject({
      adminState: "up",
      linkState: "down",
      socket: "/run/memory-switch/v0",
    });
    memory.changeInterface("v0", { linkState: "up" });
    expect((await vswitch.getInterface("v0")).unwrap().linkState).toBe("up");
  });
});

describe("somebody else's things", () => {
  test("are there, and ours to look at only", async () => {
    const memory = new MemorySwitch();
    memory.addForeignBridge("br0", { externalIds: { note: "mine" } });
    memory.addForeignInterface("eth0", { bridge: "br0", externalIds: { port: "1" } });
    await using vswitch = memory.connect();
    expect((await vswitch.listBridges()).unwrap()).toMatchObject([
      { name: "br0", mark: null, lifetime: null, interfaces: ["eth0"], externalIds: { note: "mine" } },
    ]);
    expect((await vswitch.getInterface("eth0")).unwrap()).toMatchObject({
      type: "other",
      mark: null,
      bridge: "br0",
      externalIds: { port: "1" },
    });
    expect((await vswitch.deleteInterface("eth0")).unwrapErr()).toMatchObject({
      kind: "conflict",
      message:
        "deleteInterface: interface eth0 was made by somebody who does not use this library, not by owner vswitch-drivers; it was left as it is",
    });
  });

  test("go with the bridge that an administrator removes", async () => {
    const memory = new MemorySwitch();
    memory.addForeignBridge("br0");
    memory.addForeignInterface("eth0", { bridge: "br0" });
    await using vswitch = memory.connect();
    (await vswitch.createInterface({ ...tap, attach: { bridge: "br0" } })).unwrap();
    memory.removeBridge("br0");
    memory.removeInterface("eth0");
    expect(memory.interfaces()).toEqual([]);
    expect((await vswitch.deleteInterface("tap0")).unwrap()).toEqual({ deleted: false });
  });

  test("mistakes of a test are thrown", () => {
    const memory = new MemorySwitch();
    memory.addForeignBridge("br0");
    expect(() => memory.addForeignBridge("br0")).toThrow("br0 is taken");
    expect(() => memory.addForeignInterface("br0")).toThrow("br0 is taken");
    expect(() => memory.addForeignInterface("eth0", { bridge: "br1" })).toThrow("no bridge br1");
    expect(() => memory.changeInterface("eth0", { mtu: 9000 })).toThrow("no interface eth0");
    expect(() => memory.setExternalIds("eth0", {})).toThrow("no interface or bridge eth0");
  });
});

describe("a planned failure", () => {
  test("strikes the next call of that verb, on any connection, once", async () => {
    const memory = new MemorySwitch();
    await using one = memory.connect();
    await using two = memory.connect();
    const planned = rejected("createInterface");
    memory.failNext("createInterface", planned);
    expect((await one.listInterfaces()).unwrap()).toEqual([]);
    expect((await two.createInterface(tap)).unwrapErr()).toBe(planned);
    expect(memory.interfaces()).toEqual([]);
    expect((await one.createInterface(tap)).unwrap().created).toBe(true);
  });

  test("may be one of several, used in order", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    const gone = new NotFoundError({ operation: "getInterface", object: "interface tap0", message: "gone" });
    memory.failNext("getInterface", rejected("getInterface"));
    memory.failNext("getInterface", gone);
    expect((await vswitch.getInterface("tap0")).unwrapErr().kind).toBe("rejected");
    expect((await vswitch.getInterface("tap0")).unwrapErr()).toBe(gone);
  });

  test("after the fact is an answer that got lost: the thing is done", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    const message = "createInterface: the connection broke";
    const broken = new DisconnectedError({ operation: "createInterface", outcome: "unknown", message });
    memory.failNext("createInterface", broken, "after");
    expect((await vswitch.createInterface(tap)).unwrapErr()).toBe(broken);
    expect(memory.interfaces()).toMatchObject([{ name: "tap0" }]);
    expect((await vswitch.createInterface(tap)).unwrap().created).toBe(false);
  });

  test("waits for a call whose input is right", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    memory.failNext("createInterface", rejected("createInterface"));
    expect((await vswitch.createInterface({ ...tap, name: "" })).unwrapErr().kind).toBe("invalid");
    expect((await vswitch.createInterface(tap)).unwrapErr().kind).toBe("rejected");
  });
});

describe("a slow switch", () => {
  test("answers when its time has come", async () => {
    vi.useFakeTimers();
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    memory.delay("createInterface", 500);
    const call = vswitch.createInterface(tap);
    await vi.advanceTimersByTimeAsync(499);
    expect(memory.interfaces()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect((await call).unwrap().created).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is slow in one verb, until it is no more", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    memory.delay("createInterface", 1_000_000);
    expect((await vswitch.listInterfaces()).unwrap()).toEqual([]);
    memory.delay("createInterface", 0);
    expect((await vswitch.createInterface(tap)).unwrap().created).toBe(true);
  });

  test("meets deadlines, signals and the end of the connection; none leaves a timer", async () => {
    vi.useFakeTimers();
    const memory = new MemorySwitch();
    const vswitch = memory.connect();
    memory.delay("createInterface", 60_000);
    const controller = new AbortController();
    const late = vswitch.createInterface(tap, { timeoutMs: 100 });
    const defaultTime = vswitch.createInterface(tap);
    const cancelled = vswitch.createInterface(tap, { signal: controller.signal });
    await vi.advanceTimersByTimeAsync(100);
    expect((await late).unwrapErr()).toMatchObject({ kind: "timeout", timeoutMs: 100, outcome: "not-sent" });
    controller.abort();
    expect((await cancelled).unwrapErr()).toMatchObject({ kind: "aborted", outcome: "not-sent" });
    await vi.advanceTimersByTimeAsync(9_900);
    expect((await defaultTime).unwrapErr()).toMatchObject({ kind: "timeout", timeoutMs: 10_000 });
    const closed = vswitch.createInterface(tap);
    await vswitch.close();
    expect((await closed).unwrapErr()).toMatchObject({ kind: "disconnected", outcome: "not-sent" });
    expect(memory.interfaces()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a port that cannot work", () => {
  const text = "could not open network device tap0 (No such device)";

  test("is rejected with the words of the switch, and leaves nothing", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    memory.portError("tap0", text);
    expect((await vswitch.createInterface({ ...tap, attach: { bridge: "br0" } })).unwrapErr()).toMatchObject({
      kind: "rejected",
      details: text,
      leftBehind: [],
      message: `createInterface: the switch could not open interface tap0: ${text}; it was undone`,
    });
    expect(memory.interfaces()).toEqual([]);
    expect(memory.bridges()).toEqual([]);
    memory.portError("tap0", null);
    expect((await vswitch.createInterface(tap)).unwrap().error).toBeNull();
  });

  test("stays where it is when it cannot move", async () => {
    const memory = new MemorySwitch();
    await using vswitch = memory.connect();
    (await vswitch.createInterface({ ...tap, attach: { bridge: "br0" } })).unwrap();
    memory.portError("tap0", text);
    expect((await vswitch.getInterface("tap0")).unwrap()).toMatchObject({ bridge: "br0", error: text });
    expect((await vswitch.attachToBridge("tap0", { bridge: "br1" })).unwrapErr().kind).toBe("rejected");
    expect(memory.bridges()).toMatchObject([{ name: "br0", interfaces: ["tap0"] }]);
    const kept = await vswitch.attachToBridge("tap0", { bridge: "br1" }, { rollback: false });
    expect(kept.unwrapErr().leftBehind).toEqual(["interface tap0: kept, as rollback is false"]);
    expect(memory.bridges()).toMatchObject([{ name: "br1", interfaces: ["tap0"] }]);
  });
});

describe("a connection that breaks", () => {
  test("ends calls and watches; the switch keeps all, and takes new connections", async () => {
    const memory = new MemorySwitch();
    const vswitch = memory.connect();
    (await vswitch.createInterface(tap)).unwrap();
    const events = (await vswitch.watch()).unwrap();
    memory.delay("deleteInterface", 60_000);
    const call = vswitch.deleteInterface("tap0");
    memory.disconnect();

    expect((await call).unwrapErr()).toMatchObject({
      kind: "disconnected",
      message: "deleteInterface: the connection broke; connect again",
    });
    expect((await vswitch.listBridges()).unwrapErr().kind).toBe("disconnected");
    const told: WatchEvent["kind"][] = [];
    for await (const { kind } of events) told.push(kind);
    expect(told).toEqual(["current", "ready", "lost"]);

    await using again = memory.connect();
    expect((await again.getInterface("tap0")).unwrap().mark?.key).toBe("tap0");
  });

  test("closing it after is no mistake, and tells no more", async () => {
    const memory = new MemorySwitch();
    const vswitch = memory.connect();
    memory.disconnect();
    await vswitch.close();
    expect((await vswitch.listBridges()).unwrapErr().message).toBe(
      "listBridges: the connection broke; connect again",
    );
  });
});

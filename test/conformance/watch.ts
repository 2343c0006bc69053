import { expect, test } from "vitest";
import type { Watch } from "../../src/core/vswitch.js";
import type { Bench } from "./bench.js";
import { Follower } from "./follower.js";

export function watchTests(bench: Bench): void {
  const { cutConnections } = bench.target;

  const make = async (bridge?: string): Promise<string> => {
    const name = bench.name();
    const more = bridge === undefined ? {} : { attach: { bridge } };
    (await bench.vswitch.createInterface(bench.spec(name, more))).unwrap();
    return name;
  };

  test("tells what is there, whoever made it, then that this was all", async () => {
    const bridge = await bench.foreignBridge();
    const foreign = await bench.foreignInterface(bridge);
    const ours = await make();
    const follower = await Follower.of(bench.vswitch);
    const events = await follower.until(({ isReady }) => isReady);
    expect(events.at(-1)).toEqual({ kind: "ready" });
    expect(follower.world.get(ours)).toMatchObject({ bridge: null, mark: { key: ours } });
    expect(follower.world.get(foreign)).toMatchObject({ bridge, mark: null });
    expect(bench.since([...follower.world.values()]).toSorted()).toEqual([foreign, ours].toSorted());
  });

  test("tells what comes, changes and goes, in that order", async () => {
    const follower = await Follower.of(bench.vswitch);
    await follower.until(({ isReady }) => isReady);

    const name = await make();
    const [added] = await follower.until(({ world }) => world.has(name));
    expect(added).toMatchObject({ kind: "added", interface: { name } });

    const bridge = bench.name("br");
    (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    const changes = await follower.until(({ world }) => world.get(name)?.bridge === bridge);
    expect(changes.at(-1)).toMatchObject({ kind: "changed", interface: { name, bridge } });

    (await bench.vswitch.deleteInterface(name)).unwrap();
    const last = await follower.until(({ world }) => !world.has(name));
    expect(last.at(-1)).toEqual({ kind: "removed", name });
  });

  test("tells of what other connections and the administrator do", async () => {
    const follower = await Follower.of(bench.vswitch);
    const other = await bench.connect("other");
    const bridge = await bench.foreignBridge();
    const theirs = bench.name();
    (await other.createInterface(bench.spec(theirs))).unwrap();
    const foreign = await bench.foreignInterface(bridge);
    await follower.until(({ world }) => world.has(theirs) && world.has(foreign));
    await bench.target.administrator.removeInterface(foreign);
    await follower.until(({ world }) => !world.has(foreign));
    expect(bench.since([...follower.world.values()])).toEqual([theirs]);
  });

  test("says nothing of interfaces when nothing happens to them", async () => {
    const name = await make();
    const follower = await Follower.of(bench.vswitch);
    await follower.until(({ isReady }) => isReady);
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    (await bench.vswitch.ensureBridge({ name: bench.name("br") })).unwrap();
    (await bench.vswitch.detachFromBridge(name)).unwrap();
    const marker = await make();
    const told = await follower.until(({ world }) => world.has(marker));
    expect(told.filter((event) => event.kind === "added" && event.interface.name === name)).toEqual([]);
    expect(told.filter((event) => event.kind === "removed")).toEqual([]);
  });

  test("a slow reader misses states between, never the last", async () => {
    const follower = await Follower.of(bench.vswitch);
    await follower.until(({ isReady }) => isReady);
    const stays = await make();
    const goes = await make();
    for (let round = 0; round < 10; round += 1) {
      (await bench.vswitch.attachToBridge(stays, { bridge: bench.name("br") })).unwrap();
      (await bench.vswitch.attachToBridge(goes, { bridge: bench.name("br") })).unwrap();
    }
    const { bridge } = (await bench.vswitch.getInterface(stays)).unwrap();
    (await bench.vswitch.deleteInterface(goes)).unwrap();
    const marker = await make();
    const read = await follower.until(({ world }) => world.has(marker));
    expect(follower.world.get(stays)).toMatchObject({ bridge });
    expect(follower.world.has(goes)).toBe(false);
    expect(read.length).toBeLessThan(20);
  });

  test("several loops over one connection each hear all", async () => {
    const one = await Follower.of(bench.vswitch);
    const two = await Follower.of(bench.vswitch);
    const name = await make();
    await one.until(({ world }) => world.has(name));
    await one.leave();
    const next = await make();
    await two.until(({ world }) => world.has(name) && world.has(next));
    expect(one.world.has(next)).toBe(false);
  });

  test("a loop that is left ends; the connection goes on", async () => {
    const name = await make();
    const seen: string[] = [];
    const events = (await bench.vswitch.watch()).unwrap();
    for await (const event of events) {
      if (event.kind === "current") seen.push(event.interface.name);
      if (event.kind === "ready") break;
    }
    expect(seen).toContain(name);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(await bench.interfaces()).toEqual([name]);
  });

  test("a watch that goes out of scope ends", async () => {
    let left: Watch;
    {
      await using events = (await bench.vswitch.watch()).unwrap();
      left = events;
    }
    await make();
    expect(await left.next()).toEqual({ done: true, value: undefined });
  });

  test("a signal ends the loop without an error", async () => {
    const controller = new AbortController();
    const follower = await Follower.of(bench.vswitch, { signal: controller.signal });
    await follower.until(({ isReady }) => isReady);
    const end = follower.rest();
    controller.abort();
    expect(await end).toEqual([]);
    await make();
    expect(await follower.rest()).toEqual([]);
  });

  test("a deadline is for the beginning, not for the loop", async () => {
    const follower = await Follower.of(bench.vswitch, { timeoutMs: 1000 });
    await follower.until(({ isReady }) => isReady);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const name = await make();
    await follower.until(({ world }) => world.has(name));
    expect(follower.lost).toBeUndefined();
  });

  test("closing the connection ends the loop without an error", async () => {
    const vswitch = await bench.connect();
    const waiting = await Follower.of(vswitch);
    await waiting.until(({ isReady }) => isReady);
    const end = waiting.rest();
    await vswitch.close();
    expect(await end).toEqual([]);
  });

  test.skipIf(cutConnections === undefined)("a connection that breaks ends the loop with lost", async () => {
    const vswitch = await bench.connect();
    const follower = await Follower.of(vswitch);
    await follower.until(({ isReady }) => isReady);
    const end = follower.rest();
    await cutConnections?.();
    expect(await end).toMatchObject([{ kind: "lost", error: { kind: "disconnected", operation: "watch" } }]);
  });
}

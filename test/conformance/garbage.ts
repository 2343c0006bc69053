import { expect, test } from "vitest";
import type { Attachment } from "../../src/core/specs.js";
import { failure, owner, type Bench } from "./bench.js";

function* oneKey(): Generator<string> {
  yield "a";
}

function* brokenKeys(): Generator<string> {
  yield "b";
  throw new Error("the list ended early");
}

export function garbageTests(bench: Bench): void {
  const make = async (key: string, attach?: Attachment, vswitch = bench.vswitch): Promise<string> => {
    const name = bench.name();
    const more = attach === undefined ? { key } : { key, attach };
    (await vswitch.createInterface(bench.spec(name, more))).unwrap();
    return name;
  };

  test("what has no valid key is deleted, the rest is kept", async () => {
    const bridge = bench.name("br");
    const pod = [await make("pod-1"), await make("pod-1", { bridge })];
    const gone = [await make("pod-2", { bridge }), await make("pod-3")];
    expect((await bench.vswitch.collectGarbage(["pod-1", "never-seen"])).unwrap()).toEqual({
      deleted: gone.toSorted(),
      kept: pod.toSorted(),
      failed: [],
    });
    expect(await bench.interfaces()).toEqual(pod.toSorted());
    expect(await bench.bridges()).toEqual([bridge]);
  });

  test("the marks in the switch are all it needs", async () => {
    const stale = await make("pod-1", { bridge: bench.name("br") });
    await bench.vswitch.close();
    const later = await bench.connect(owner);
    expect((await later.collectGarbage(new Set<string>())).unwrap()).toEqual({
      deleted: [stale],
      kept: [],
      failed: [],
    });
    expect(await bench.target.administrator.interfaces()).toEqual([]);
    expect(await bench.target.administrator.bridges()).toEqual([]);
  });

  test("an interface without a key of its own has its name for one", async () => {
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    expect((await bench.vswitch.collectGarbage([name])).unwrap().kept).toEqual([name]);
    expect((await bench.vswitch.collectGarbage([])).unwrap().deleted).toEqual([name]);
  });

  test("others' things are not garbage", async () => {
    const bridge = await bench.foreignBridge();
    const foreign = await bench.foreignInterface(bridge);
    const theirBridge = bench.name("br");
    const other = await bench.connect("other");
    const theirs = await make("pod-1", { bridge: theirBridge }, other);
    const ours = await make("pod-1", { bridge });
    expect((await bench.vswitch.collectGarbage([])).unwrap()).toEqual({
      deleted: [ours],
      kept: [],
      failed: [],
    });
    expect(await bench.target.administrator.interfaces()).toHaveLength(2);
    expect(await bench.interfaces()).toEqual([foreign, theirs].toSorted());
    expect(await bench.bridges()).toEqual([bridge, theirBridge].toSorted());
  });

  test("an empty bridge made on demand is garbage, a persistent one is not", async () => {
    const persistent = bench.name("br");
    const onDemand = bench.name("br");
    (await bench.vswitch.ensureBridge({ name: persistent })).unwrap();
    const ours = await make("pod-1", { bridge: onDemand });
    await bench.target.administrator.removeInterface(ours);
    (await bench.vswitch.collectGarbage(["pod-1"])).unwrap();
    expect(await bench.bridges()).toEqual([persistent]);
  });

  test("nothing to collect is a success", async () => {
    expect((await bench.vswitch.collectGarbage([])).unwrap()).toEqual({ deleted: [], kept: [], failed: [] });
  });

  test("keys may come from any iterable, but not from a string", async () => {
    const name = await make("a");
    expect((await bench.vswitch.collectGarbage(oneKey())).unwrap().kept).toEqual([name]);
    failure(await bench.vswitch.collectGarbage("b"), "invalid");
    failure(await bench.vswitch.collectGarbage(brokenKeys()), "invalid");
    expect(await bench.interfaces()).toEqual([name]);
  });
}

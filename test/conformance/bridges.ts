import { describe, expect, test } from "vitest";
import type { BridgeInfo } from "../../src/core/vswitch.js";
import { failure, owner, type Bench } from "./bench.js";

export function bridgeTests(bench: Bench): void {
  const { features } = bench.target;

  const make = async (bridge: string, vswitch = bench.vswitch): Promise<string> => {
    const name = bench.name();
    (await vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
    return name;
  };
  const bridgeNamed = async (name: string): Promise<BridgeInfo | undefined> =>
    (await bench.vswitch.listBridges()).unwrap().find((bridge) => bridge.name === name);

  describe("made on demand", () => {
    test("is ours, and tells what is on it", async () => {
      const name = bench.name("br");
      const on = [await make(name), await make(name)];
      expect(await bridgeNamed(name)).toMatchObject({
        mark: { owner, key: name },
        lifetime: "on-demand",
        interfaces: on.toSorted(),
        error: null,
      });
      expect(await bench.target.administrator.bridges()).toEqual([name]);
    });

    test.each(["deleteInterface", "detachFromBridge"] as const)(
      "goes with the last of ours (%s)",
      async (verb) => {
        const name = bench.name("br");
        const first = await make(name);
        const last = await make(name);
        (await bench.vswitch[verb](first)).unwrap();
        expect(await bench.bridges()).toEqual([name]);
        (await bench.vswitch[verb](last)).unwrap();
        expect(await bench.bridges()).toEqual([]);
        expect(await bench.target.administrator.bridges()).toEqual([]);
      },
    );

    test("goes when the last of ours moves away", async () => {
      const from = bench.name("br");
      const to = bench.name("br");
      const moving = await make(from);
      (await bench.vswitch.attachToBridge(moving, { bridge: to })).unwrap();
      expect(await bench.bridges()).toEqual([to]);
    });

    test("stays while somebody else's interface is on it, and is garbage after", async () => {
      const name = bench.name("br");
      const ours = await make(name);
      const foreign = await bench.foreignInterface(name);
      (await bench.vswitch.deleteInterface(ours)).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ lifetime: "on-demand", interfaces: [foreign] });

      await bench.target.administrator.removeInterface(foreign);
      (await bench.vswitch.collectGarbage([])).unwrap();
      expect(await bench.bridges()).toEqual([]);
    });

    test("stays while another owner's interface is on it", async () => {
      const name = bench.name("br");
      const ours = await make(name);
      const others = await make(name, await bench.connect("other"));
      (await bench.vswitch.deleteInterface(ours)).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ mark: { owner }, interfaces: [others] });
    });

    test("is not another owner's to delete", async () => {
      const name = bench.name("br");
      const other = await bench.connect("other");
      const ours = await make(name);
      const others = await make(name, other);
      (await other.deleteInterface(others)).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ interfaces: [ours] });
      failure(await other.deleteBridge(name), "conflict");
    });

    test("becomes persistent when it is asked for by ensureBridge", async () => {
      const name = bench.name("br");
      const ours = await make(name);
      expect((await bench.vswitch.ensureBridge({ name })).unwrap()).toMatchObject({
        created: false,
        lifetime: "persistent",
        interfaces: [ours],
      });
      (await bench.vswitch.deleteInterface(ours)).unwrap();
      expect(await bench.bridges()).toEqual([name]);
    });
  });

  describe("made by ensureBridge", () => {
    test("is there once, ours and persistent", async () => {
      const name = bench.name("br");
      const bridge = {
        name,
        mark: { owner, key: name },
        lifetime: "persistent",
        interfaces: [],
        error: null,
      };
      expect((await bench.vswitch.ensureBridge({ name })).unwrap()).toMatchObject({
        ...bridge,
        created: true,
      });
      expect((await bench.vswitch.ensureBridge({ name })).unwrap()).toMatchObject({
        ...bridge,
        created: false,
      });
      expect(await bridgeNamed(name)).toMatchObject(bridge);
      expect(await bench.target.administrator.bridges()).toEqual([name]);
    });

    test("stays when the last interface leaves", async () => {
      const name = bench.name("br");
      (await bench.vswitch.ensureBridge({ name })).unwrap();
      (await bench.vswitch.deleteInterface(await make(name))).unwrap();
      (await bench.vswitch.collectGarbage([])).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ lifetime: "persistent", interfaces: [] });
    });

    test("is deleted once, then it is gone", async () => {
      const name = bench.name("br");
      (await bench.vswitch.ensureBridge({ name })).unwrap();
      expect((await bench.vswitch.deleteBridge(name)).unwrap()).toEqual({ deleted: true });
      expect(await bench.bridges()).toEqual([]);
      expect(await bench.target.administrator.bridges()).toEqual([]);
      expect((await bench.vswitch.deleteBridge(name)).unwrap()).toEqual({ deleted: false });
    });

    test("is not deleted with interfaces on it", async () => {
      const name = bench.name("br");
      (await bench.vswitch.ensureBridge({ name })).unwrap();
      const on = await make(name);
      const error = failure(await bench.vswitch.deleteBridge(name), "conflict");
      expect(error.message).toContain(on);
      expect(await bridgeNamed(name)).toMatchObject({ interfaces: [on] });
    });

    test.skipIf(!features.externalIds)("has its external ids, and they are part of the spec", async () => {
      const name = bench.name("br");
      const spec = { name, externalIds: { purpose: "lab" } };
      expect((await bench.vswitch.ensureBridge(spec)).unwrap().externalIds).toEqual({ purpose: "lab" });
      expect((await bench.vswitch.ensureBridge(spec)).unwrap().created).toBe(false);
      const other = await bench.vswitch.ensureBridge({ name, externalIds: { purpose: "trial" } });
      expect(failure(other, "already-exists").differences).toEqual([
        { path: "externalIds.purpose", wanted: "trial", present: "lab" },
      ]);
    });

    test.skipIf(!features.failMode)("does not become one with another failMode", async () => {
      const name = bench.name("br");
      (await bench.vswitch.ensureBridge({ name })).unwrap();
      expect((await bench.vswitch.ensureBridge({ name, failMode: "standalone" })).unwrap().created).toBe(
        false,
      );
      const other = await bench.vswitch.ensureBridge({ name, failMode: "secure" });
      expect(failure(other, "already-exists").differences.map(({ path }) => path)).toEqual(["failMode"]);
    });

    test.skipIf(!features.failMode)("may be made secure", async () => {
      const name = bench.name("br");
      (await bench.vswitch.ensureBridge({ name, failMode: "secure" })).unwrap();
      expect((await bench.vswitch.ensureBridge({ name, failMode: "secure" })).unwrap().created).toBe(false);
    });
  });

  describe("of the administrator", () => {
    test("is told as nobody's of ours", async () => {
      const name = await bench.foreignBridge();
      expect(await bridgeNamed(name)).toMatchObject({ name, mark: null, lifetime: null, interfaces: [] });
    });

    test("takes our interfaces and never goes", async () => {
      const name = await bench.foreignBridge();
      const attach = { bridge: name, createBridge: false };
      const ours = bench.name();
      (await bench.vswitch.createInterface(bench.spec(ours, { attach }))).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ mark: null, interfaces: [ours] });
      (await bench.vswitch.detachFromBridge(ours)).unwrap();
      (await bench.vswitch.attachToBridge(ours, attach)).unwrap();
      (await bench.vswitch.deleteInterface(ours)).unwrap();
      (await bench.vswitch.collectGarbage([])).unwrap();
      expect(await bridgeNamed(name)).toMatchObject({ mark: null, interfaces: [] });
    });

    test("is given by ensureBridge as it is, and is not ours to delete", async () => {
      const name = await bench.foreignBridge();
      const given = (await bench.vswitch.ensureBridge({ name })).unwrap();
      expect(given).toMatchObject({ created: false, mark: null, lifetime: null });
      expect(failure(await bench.vswitch.deleteBridge(name), "conflict").object).toContain(name);
      expect(await bench.target.administrator.bridges()).toEqual([name]);
    });
  });

  test("bridges are listed by name", async () => {
    const names = [bench.name("br"), bench.name("br"), bench.name("br")];
    for (const name of names.toReversed()) (await bench.vswitch.ensureBridge({ name })).unwrap();
    expect(await bench.bridges()).toEqual(names.toSorted());
  });

  test.skipIf(!features.sharedNames)("a bridge and an interface cannot have one name", async () => {
    const bridge = bench.name("br");
    const name = bench.name();
    (await bench.vswitch.ensureBridge({ name: bridge })).unwrap();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    failure(await bench.vswitch.createInterface(bench.spec(bridge)), "conflict");
    failure(await bench.vswitch.ensureBridge({ name }), "conflict");
    failure(await bench.vswitch.attachToBridge(name, { bridge: name }), "conflict");
    const both = bench.name();
    failure(await bench.vswitch.createInterface(bench.spec(both, { attach: { bridge: both } })), "conflict");
    expect(await bench.bridges()).toEqual([bridge]);
    expect(await bench.interfaces()).toEqual([name]);
  });
}

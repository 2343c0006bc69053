import { describe, expect, test } from "vitest";
import type { Attachment } from "../../src/core/specs.js";
import { failure, type Bench } from "./bench.js";

export function attachmentTests(bench: Bench): void {
  const { features } = bench.target;
  const reopened = features.moveReopens;

  const make = async (attach?: Attachment): Promise<string> => {
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name, attach === undefined ? {} : { attach }))).unwrap();
    return name;
  };
  const placeOf = async (name: string): Promise<object> => {
    const { bridge, vlan } = (await bench.vswitch.getInterface(name)).unwrap();
    return { bridge, vlan };
  };

  test("an isolated interface is put on a bridge", async () => {
    const name = await make();
    const bridge = bench.name("br");
    const moved = (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    expect(moved).toMatchObject({ name, bridge, vlan: {}, moved: true, reopened, error: null });
    expect(await placeOf(name)).toEqual({ bridge, vlan: {} });
    expect(await bench.interfaces()).toEqual([name]);
  });

  test("put there again, nothing moves", async () => {
    const name = await make();
    const bridge = bench.name("br");
    (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    const again = (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    expect(again).toMatchObject({ name, bridge, moved: false, reopened: false });
  });

  test("an attached interface moves to another bridge in one step", async () => {
    const from = bench.name("br");
    const to = bench.name("br");
    const name = await make({ bridge: from });
    const moved = (await bench.vswitch.attachToBridge(name, { bridge: to })).unwrap();
    expect(moved).toMatchObject({ name, bridge: to, moved: true, reopened });
    const bridges = (await bench.vswitch.listBridges()).unwrap();
    expect(bridges.map(({ name, interfaces }) => ({ name, interfaces }))).toEqual([
      { name: to, interfaces: [name] },
    ]);
  });

  test("a move keeps what the interface is", async () => {
    const name = bench.name();
    const made = (await bench.vswitch.createInterface(bench.spec(name, { key: "a-key" }))).unwrap();
    const moved = (await bench.vswitch.attachToBridge(name, { bridge: bench.name("br") })).unwrap();
    const { type, nativeType, mark, socket, externalIds } = made;
    expect(moved).toMatchObject({ type, nativeType, mark, socket, externalIds });
  });

  test("a detached interface is isolated again", async () => {
    const name = await make({ bridge: bench.name("br") });
    const detached = (await bench.vswitch.detachFromBridge(name)).unwrap();
    expect(detached).toMatchObject({ name, bridge: null, vlan: {}, moved: true, reopened });
    expect(await placeOf(name)).toEqual({ bridge: null, vlan: {} });
    const again = (await bench.vswitch.detachFromBridge(name)).unwrap();
    expect(again).toMatchObject({ name, bridge: null, moved: false, reopened: false });
  });

  test("an attached interface can be deleted", async () => {
    const name = await make({ bridge: bench.name("br") });
    expect((await bench.vswitch.deleteInterface(name)).unwrap()).toEqual({ deleted: true });
    expect(await bench.interfaces()).toEqual([]);
    expect(await bench.target.administrator.interfaces()).toEqual([]);
  });

  test("without createBridge a bridge has to be there", async () => {
    const bridge = bench.name("br");
    const name = await make();
    const attach = { bridge, createBridge: false };
    const attached = await bench.vswitch.attachToBridge(name, attach);
    expect(failure(attached, "not-found").object).toContain(bridge);
    const created = await bench.vswitch.createInterface(bench.spec(bench.name(), { attach }));
    expect(failure(created, "not-found").object).toContain(bridge);
    expect(await bench.bridges()).toEqual([]);
    expect(await bench.interfaces()).toEqual([name]);
    expect(await placeOf(name)).toEqual({ bridge: null, vlan: {} });
  });

  test.skipIf(features.vlan)("VLAN settings are refused where there are none", async () => {
    const name = bench.name();
    const attach = { bridge: bench.name("br"), tag: 5 };
    failure(await bench.vswitch.createInterface(bench.spec(name, { attach })), "unsupported");
    expect(await bench.interfaces()).toEqual([]);
    expect(await bench.bridges()).toEqual([]);
  });

  describe.skipIf(!features.vlan)("with VLANs", () => {
    const settings: readonly Omit<Attachment, "bridge">[] = [
      { tag: 5 },
      { vlanMode: "access", tag: 0 },
      { vlanMode: "trunk" },
      { trunks: [1, 20, 4095] },
      { vlanMode: "trunk", trunks: [7] },
      { vlanMode: "native-tagged", tag: 100 },
      { vlanMode: "dot1q-tunnel", tag: 100 },
      { vlanMode: "native-untagged", tag: 100, trunks: [100, 200] },
    ];

    test.each(settings)("an attachment keeps %j", async (vlan) => {
      const bridge = bench.name("br");
      const name = await make({ bridge, ...vlan });
      expect(await placeOf(name)).toEqual({ bridge, vlan });
      const again = (await bench.vswitch.attachToBridge(name, { bridge, ...vlan })).unwrap();
      expect(again.moved).toBe(false);
    });

    test("other settings on the same bridge are a move that opens nothing anew", async () => {
      const bridge = bench.name("br");
      const name = await make({ bridge, tag: 5 });
      const moved = (await bench.vswitch.attachToBridge(name, { bridge, tag: 6 })).unwrap();
      expect(moved).toMatchObject({ bridge, vlan: { tag: 6 }, moved: true, reopened: false });
      expect(await placeOf(name)).toEqual({ bridge, vlan: { tag: 6 } });
    });

    test("settings that are left out are taken off", async () => {
      const bridge = bench.name("br");
      const name = await make({ bridge, vlanMode: "native-untagged", tag: 5, trunks: [5, 6] });
      const moved = (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
      expect(moved).toMatchObject({ bridge, moved: true });
      expect(await placeOf(name)).toEqual({ bridge, vlan: {} });
    });

    test("detaching takes them off", async () => {
      const name = await make({ bridge: bench.name("br"), tag: 5 });
      expect((await bench.vswitch.detachFromBridge(name)).unwrap()).toMatchObject({ bridge: null, vlan: {} });
      expect(await placeOf(name)).toEqual({ bridge: null, vlan: {} });
    });

    test("a tag is part of the spec where it is given", async () => {
      const bridge = bench.name("br");
      const name = await make({ bridge, tag: 5 });
      const same = await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge, tag: 5 } }));
      expect(same.unwrap().created).toBe(false);
      const other = await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge, tag: 6 } }));
      expect(failure(other, "already-exists").differences).toEqual([
        { path: "attach.tag", wanted: 6, present: 5 },
      ]);
    });
  });
}

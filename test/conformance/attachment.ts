import { describe, expect, test } from "vitest";
import type { Attachment } from "../../src/core/specs.js";
import { failure, owner, type Bench } from "./bench.js";

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
    expect(await bench.bridges()).toEqual([to]);
    expect((await bench.bridge(to))?.interfaces).toEqual([name]);
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
    expect(await bench.realInterfaces()).toEqual([]);
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

  describe("with VLANs", () => {
    const settings: readonly Omit<Attachment, "bridge">[] = [
      { tag: 5 },
      { tag: 0 },
      { vlanMode: "access", tag: 0 },
      { vlanMode: "access", tag: 4095 },
      { trunks: [1, 20, 4095] },
      { trunks: [0] },
      { vlanMode: "trunk", trunks: [0, 7] },
      { vlanMode: "trunk", trunks: [7] },
      { vlanMode: "dot1q-tunnel", tag: 100 },
      { vlanMode: "native-untagged", tag: 100, trunks: [100, 200] },
      { vlanMode: "native-untagged", tag: 100, trunks: [200] },
      { vlanMode: "native-untagged", tag: 200, trunks: [100, 200] },
      { vlanMode: "native-untagged", tag: 100, trunks: [100] },
      { vlanMode: "native-tagged", tag: 100, trunks: [200] },
      { vlanMode: "trunk" },
      { vlanMode: "native-tagged", tag: 100 },
      { vlanMode: "native-untagged", tag: 100 },
    ];
    const isOpen = ({ vlanMode, trunks }: Omit<Attachment, "bridge">): boolean =>
      trunks === undefined && (vlanMode === "trunk" || vlanMode?.startsWith("native") === true);
    const isCarriedOut = (vlan: Omit<Attachment, "bridge">): boolean =>
      features.vlanModes.includes(vlan.vlanMode ?? (vlan.tag === undefined ? "trunk" : "access")) &&
      (features.openTrunks || !isOpen(vlan));

    const refused = settings.filter((vlan) => !isCarriedOut(vlan));
    test.skipIf(refused.length === 0).each(refused)("%j is refused, with nothing done", async (vlan) => {
      const name = bench.name();
      const attach = { bridge: bench.name("br"), ...vlan };
      const created = failure(
        await bench.vswitch.createInterface(bench.spec(name, { attach })),
        "unsupported",
      );
      expect(created.feature).toMatch(/^attach\.(vlanMode|tag|trunks)$/u);
      expect(await bench.interfaces()).toEqual([]);
      (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
      const moved = failure(await bench.vswitch.attachToBridge(name, attach), "unsupported");
      expect(created.feature).toBe(`attach.${moved.feature}`);
      expect(await bench.bridges()).toEqual([]);
    });

    test.each(settings.filter(isCarriedOut))("an attachment keeps %j", async (vlan) => {
      const bridge = bench.name("br");
      const name = await make({ bridge, ...vlan });
      expect(await placeOf(name)).toEqual({ bridge, vlan });
      const again = (await bench.vswitch.attachToBridge(name, { bridge, ...vlan })).unwrap();
      expect(again.moved).toBe(false);
    });

    const changes: readonly (readonly [Omit<Attachment, "bridge">, Omit<Attachment, "bridge">])[] = [
      [{ tag: 5 }, { tag: 6 }],
      [{ tag: 5 }, { trunks: [5, 6] }],
      [{ trunks: [1, 2] }, { trunks: [1, 3] }],
      [
        { vlanMode: "access", tag: 5 },
        { vlanMode: "native-untagged", tag: 5, trunks: [6] },
      ],
      [
        { vlanMode: "dot1q-tunnel", tag: 5 },
        { vlanMode: "access", tag: 5 },
      ],
      [
        { vlanMode: "native-tagged", tag: 5 },
        { vlanMode: "native-untagged", tag: 5 },
      ],
    ];

    test.each(changes.filter(([one, other]) => isCarriedOut(one) && isCarriedOut(other)))(
      "from %j to %j on one bridge is a move that opens nothing anew",
      async (one, other) => {
        const bridge = bench.name("br");
        const name = await make({ bridge, ...one });
        const moved = (await bench.vswitch.attachToBridge(name, { bridge, ...other })).unwrap();
        expect(moved).toMatchObject({ bridge, vlan: other, moved: true, reopened: false });
        expect(await placeOf(name)).toEqual({ bridge, vlan: other });
        expect(await bench.interfaces()).toEqual([name]);
      },
    );

    test("ports of several VLANs are on one bridge, which goes with the last", async () => {
      const bridge = bench.name("br");
      const ports = [
        await make({ bridge, tag: 10 }),
        await make({ bridge, trunks: [10, 20] }),
        await make({ bridge, vlanMode: "native-untagged", tag: 20, trunks: [10] }),
        await make({ bridge }),
      ];
      expect(await bench.bridges()).toEqual([bridge]);
      expect(await bench.realBridges()).toEqual([bridge]);
      expect(await bench.bridge(bridge)).toMatchObject({
        mark: { owner, key: bridge },
        lifetime: "on-demand",
        interfaces: ports.toSorted(),
      });
      const listed = (await bench.vswitch.listInterfaces({ bridge })).unwrap();
      expect(listed.map(({ name }) => name)).toEqual(ports.toSorted());
      expect(await bench.interfaces()).toEqual(ports.toSorted());
      expect((await bench.realInterfaces()).toSorted()).toEqual(ports.toSorted());
      failure(await bench.vswitch.deleteBridge(bridge), "conflict");
      for (const name of ports.toReversed()) {
        expect(await bench.bridges()).toEqual([bridge]);
        (await bench.vswitch.deleteInterface(name)).unwrap();
      }
      expect(await bench.bridges()).toEqual([]);
      expect(await bench.realBridges()).toEqual([]);
    });

    test("a bridge of VLAN ports alone becomes persistent, and is deleted when it is empty", async () => {
      const bridge = bench.name("br");
      const name = await make({ bridge, tag: 10 });
      expect((await bench.vswitch.ensureBridge({ name: bridge })).unwrap()).toMatchObject({
        created: false,
        lifetime: "persistent",
        interfaces: [name],
      });
      failure(await bench.vswitch.deleteBridge(bridge), "conflict");
      (await bench.vswitch.detachFromBridge(name)).unwrap();
      expect(await bench.bridge(bridge)).toMatchObject({ lifetime: "persistent", interfaces: [] });
      (await bench.vswitch.attachToBridge(name, { bridge, createBridge: false, trunks: [1, 2] })).unwrap();
      (await bench.vswitch.deleteInterface(name)).unwrap();
      expect((await bench.vswitch.deleteBridge(bridge)).unwrap()).toEqual({ deleted: true });
      expect(await bench.realBridges()).toEqual([]);
    });

    test("VLAN ports on an administrator's bridge leave it as it was", async () => {
      const bridge = await bench.foreignBridge();
      const name = await make({ bridge, createBridge: false, trunks: [10, 20] });
      expect(await placeOf(name)).toEqual({ bridge, vlan: { trunks: [10, 20] } });
      expect(await bench.bridge(bridge)).toMatchObject({ mark: null, lifetime: null, interfaces: [name] });
      (await bench.vswitch.attachToBridge(name, { bridge, tag: 20 })).unwrap();
      (await bench.vswitch.deleteInterface(name)).unwrap();
      expect(await bench.bridge(bridge)).toMatchObject({ mark: null, interfaces: [] });
      expect(await bench.realBridges()).toEqual([bridge]);
    });

    test("two owners have ports in one VLAN, and each takes its own away", async () => {
      const bridge = bench.name("br");
      const other = await bench.connect("other");
      const ours = await make({ bridge, tag: 10 });
      const theirs = bench.name();
      const attach = { bridge, tag: 10 };
      (await other.createInterface(bench.spec(theirs, { attach }))).unwrap();
      expect(await bench.bridge(bridge)).toMatchObject({ interfaces: [ours, theirs].toSorted() });
      (await bench.vswitch.deleteInterface(ours)).unwrap();
      expect(await bench.bridge(bridge)).toMatchObject({ interfaces: [theirs] });
      (await other.deleteInterface(theirs)).unwrap();
      (await bench.vswitch.collectGarbage([])).unwrap();
      expect(await bench.bridges()).toEqual([]);
      expect(await bench.realBridges()).toEqual([]);
    });

    test("the garbage of VLAN ports is collected with their bridge", async () => {
      const bridge = bench.name("br");
      const first = await make({ bridge, tag: 10 });
      const second = await make({ bridge, trunks: [10, 20] });
      const { deleted } = (await bench.vswitch.collectGarbage([])).unwrap();
      expect(deleted.toSorted()).toEqual([first, second].toSorted());
      expect(await bench.realInterfaces()).toEqual([]);
      expect(await bench.realBridges()).toEqual([]);
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

import { describe, expect, test } from "vitest";
import type { VSwitchError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import { failure, owner, type Bench } from "./bench.js";

export function ownershipTests(bench: Bench): void {
  const { features, administrator } = bench.target;

  /** Every change of an interface that one may try. */
  const attempts: Readonly<Record<string, (name: string) => Promise<Result<unknown, VSwitchError>>>> = {
    createInterface: (name) => bench.vswitch.createInterface(bench.spec(name)),
    attachToBridge: (name) => bench.vswitch.attachToBridge(name, { bridge: bench.name("br") }),
    detachFromBridge: (name) => bench.vswitch.detachFromBridge(name),
    deleteInterface: (name) => bench.vswitch.deleteInterface(name),
    ...(features.addresses && {
      setAddresses: (name: string) => bench.vswitch.setAddresses(name, ["192.0.2.1/24"]),
    }),
  };

  describe.each(Object.entries(attempts))("%s", (_verb, attempt) => {
    test("does not touch somebody else's interface", async () => {
      const bridge = await bench.foreignBridge();
      const foreign = await bench.foreignInterface(bridge);
      const before = (await bench.vswitch.getInterface(foreign)).unwrap();
      expect(before).toMatchObject({ name: foreign, mark: null, bridge });

      const error = failure(await attempt(foreign), "conflict");
      expect(error.object).toContain(foreign);
      expect(error.message).toContain(foreign);
      const { bridge: on, mark, addresses, native } = (await bench.vswitch.getInterface(foreign)).unwrap();
      expect({ on, mark, addresses, native }).toEqual({
        on: bridge,
        mark: null,
        addresses: before.addresses,
        native: before.native,
      });
      expect(await administrator.bridges()).toEqual([bridge]);
    });

    test("does not touch another owner's interface", async () => {
      const other = await bench.connect("other");
      const bridge = bench.name("br");
      const theirs = bench.name();
      (await other.createInterface(bench.spec(theirs, { attach: { bridge } }))).unwrap();

      expect(failure(await attempt(theirs), "conflict").message).toContain("other");
      expect((await other.getInterface(theirs)).unwrap()).toMatchObject({
        bridge,
        mark: { owner: "other", key: theirs },
      });
      expect(await administrator.bridges()).toEqual([bridge]);
    });
  });

  test("owners are told apart exactly", async () => {
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    for (const near of [`${owner}-2`, owner.slice(0, -1), owner.toUpperCase()]) {
      const other = await bench.connect(near);
      expect(other.owner).toBe(near);
      failure(await other.deleteInterface(name), "conflict");
      expect((await other.collectGarbage([])).unwrap()).toEqual({ deleted: [], kept: [], failed: [] });
    }
    expect(await bench.interfaces()).toEqual([name]);
  });

  test("connections of one owner share what is theirs", async () => {
    const name = bench.name();
    const second = await bench.connect();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    expect((await second.createInterface(bench.spec(name))).unwrap().created).toBe(false);
    expect((await second.deleteInterface(name)).unwrap().deleted).toBe(true);
    expect((await bench.vswitch.deleteInterface(name)).unwrap().deleted).toBe(false);
  });

  test("what is somebody else's survives all that we do beside it", async () => {
    const bridge = await bench.foreignBridge();
    const foreign = await bench.foreignInterface(bridge);
    if (features.externalIds) {
      await administrator.setExternalId("interface", foreign, "theirs", "1");
      await administrator.setExternalId("bridge", bridge, "theirs", "2");
    }
    const theirs = async (): Promise<object> => ({
      interface: (await bench.vswitch.getInterface(foreign)).unwrap(),
      bridge: (await bench.vswitch.listBridges()).unwrap().find(({ name }) => name === bridge),
    });
    const { statistics: _statistics, ...before } = (await bench.vswitch.getInterface(foreign)).unwrap();

    const elsewhere = bench.name("br");
    const name = bench.name();
    (await bench.vswitch.ensureBridge({ name: bridge })).unwrap();
    (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
    (await bench.vswitch.attachToBridge(name, { bridge: elsewhere })).unwrap();
    (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    (await bench.vswitch.detachFromBridge(name)).unwrap();
    (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    (await bench.vswitch.collectGarbage([])).unwrap();

    const ids = (value: string): object => (features.externalIds ? { externalIds: { theirs: value } } : {});
    expect(await theirs()).toMatchObject({
      interface: { ...before, ...ids("1") },
      bridge: { name: bridge, mark: null, lifetime: null, interfaces: [foreign], ...ids("2") },
    });
    expect(await administrator.interfaces()).toEqual([foreign]);
    expect(await administrator.bridges()).toEqual([bridge]);
  });

  test.skipIf(!features.externalIds)("what an administrator notes on our things stays there", async () => {
    const name = bench.name();
    const bridge = bench.name("br");
    (await bench.vswitch.ensureBridge({ name: bridge })).unwrap();
    (await bench.vswitch.createInterface(bench.spec(name, { externalIds: { ours: "1" } }))).unwrap();
    await administrator.setExternalId("interface", name, "note", "do not touch");
    await administrator.setExternalId("bridge", bridge, "note", "mine");

    const attached = (await bench.vswitch.attachToBridge(name, { bridge })).unwrap();
    expect(attached.externalIds).toEqual({ ours: "1", note: "do not touch" });
    (await bench.vswitch.detachFromBridge(name)).unwrap();
    expect((await bench.vswitch.getInterface(name)).unwrap().externalIds).toEqual(attached.externalIds);
    expect((await bench.vswitch.ensureBridge({ name: bridge })).unwrap().externalIds).toEqual({
      note: "mine",
    });
  });

  test("what an administrator deletes of ours is gone", async () => {
    const name = bench.name();
    const bridge = bench.name("br");
    (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
    await administrator.removeBridge(bridge);
    await administrator.removeInterface(name);
    expect((await bench.vswitch.deleteInterface(name)).unwrap()).toEqual({ deleted: false });
    expect((await bench.vswitch.deleteBridge(bridge)).unwrap()).toEqual({ deleted: false });
    expect(
      (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap(),
    ).toMatchObject({
      created: true,
      bridge,
    });
  });
}

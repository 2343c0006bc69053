/** What only VPP has: domains by number or name, sockets by number, and VLANs that are domains of their own. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/index.js";
import { CniLab, containerId, nothing } from "./support/lab.js";
import { vppBridges } from "./support/targets.js";

for (const target of vppBridges) {
  describe.skipIf(!target.available)(`${target.title}${target.note}`, () => {
    let remote = "";
    beforeAll(async () => {
      await target.start();
      remote = String(target.host()["remote"]);
    });
    afterAll(() => target.stop());

    const lab = (): CniLab => {
      const made = new CniLab();
      made.connect = connect;
      return made;
    };
    const host = (more: Record<string, unknown>): Record<string, unknown> => ({ ...target.host(), ...more });
    const bridges = async (): Promise<readonly string[]> => {
      await using vswitch = (await connect({ engine: "vpp", remote, owner: "cni" })).unwrap();
      const own = (await vswitch.listBridges()).unwrap().filter(({ mark }) => mark?.owner === "cni");
      return own.map(({ name }) => name).toSorted();
    };
    const vlans = async (): Promise<unknown> => {
      await using vswitch = (await connect({ engine: "vpp", remote, owner: "cni" })).unwrap();
      const all = (await vswitch.listInterfaces({ ownOnly: true })).unwrap();
      return all.map(({ bridge, vlan }) => ({ bridge, tag: vlan.tag, trunks: vlan.trunks }));
    };

    test.each([
      ["by its number", { bridgeId: 4004 }, "4004"],
      ["by its number as a name", { bridgeName: "4005" }, "4005"],
      ["by a name", { bridgeName: "blue" }, "blue"],
      ["by both: the name wins", { bridgeName: "4006", bridgeId: 4007 }, "4006"],
    ])("a bridge %s comes with its first interface and goes with its last", async (_how, bridge, name) => {
      using here = lab();
      const conf = here.conf({ host: host({ bridge }) });
      expect(await here.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
      expect(await here.run({ command: "ADD", conf, ifName: "net10" })).toMatchObject({ exitCode: 0 });
      expect(await bridges()).toEqual([name]);
      expect(await here.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
      expect(await bridges()).toEqual([name]);
      expect(await here.run({ command: "DEL", conf, ifName: "net10" })).toMatchObject({ exitCode: 0 });
      expect(await bridges()).toEqual([]);
      expect(here.left()).toEqual(nothing);
    });

    test.each([
      ["an access port", { vlan: 10 }, { tag: 10, trunks: undefined }],
      ["an access port in the older spelling", { bridge: { bridgeId: 4, vlanId: 10 } }, { tag: 10 }],
      ["a trunk", { trunk: [{ minID: 20, maxID: 22 }] }, { trunks: [20, 21, 22] }],
      ["a trunk with a native VLAN", { vlan: 10, trunk: [20] }, { tag: 10, trunks: [20] }],
    ])("VLANs: %s", async (_what, more, expected) => {
      using here = lab();
      const conf = here.conf({ host: host(more) });
      const added = await here.run({ command: "ADD", conf });
      expect(added).toMatchObject({ exitCode: 0 });
      expect(await vlans()).toMatchObject([{ bridge: "4", ...expected }]);
      const checked = await here.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
      expect(checked).toMatchObject({ exitCode: 0, stdout: "" });
      expect(await here.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
      expect([await vlans(), await bridges()]).toEqual([[], []]);
      expect(here.left()).toEqual(nothing);
    });

    test("more sockets than the plugin of 2018 had room for", async () => {
      using here = lab();
      const conf = here.conf({ host: target.host() });
      const ids = Array.from(
        { length: 25 },
        (_, at) => `${String(at).padStart(4, "0")}${containerId.slice(4)}`,
      );
      for (const id of ids)
        expect(await here.run({ command: "ADD", conf, containerId: id })).toMatchObject({ exitCode: 0 });
      expect(await vlans()).toHaveLength(25);
      expect(
        await here.run({ command: "GC", conf: { ...conf, "cni.dev/valid-attachments": [] } }),
      ).toMatchObject({
        exitCode: 0,
      });
      expect([await vlans(), await bridges()]).toEqual([[], []]);
      expect(here.left()).toEqual(nothing);
    });
  });
}

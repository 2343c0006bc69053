/** The Open vSwitch driver beside others who make, bundle and delete on the same switch. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type VSwitch } from "../../src/index.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";

const { available, note } = availableFlavours().dummy;

describe.skipIf(!available)(`Open vSwitch shared with others${note}`, () => {
  let ovs: OpenVSwitch;
  let vswitch: VSwitch;

  const open = async (): Promise<VSwitch> =>
    (await connect({ engine: "ovs", remote: ovs.remote, owner: "shared", datapathType: "dummy" })).unwrap();

  beforeEach(async () => {
    ovs = await startOpenVSwitch({ flavour: "dummy" });
    await ovs.vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy");
    vswitch = await open();
  });
  afterEach(async () => {
    await vswitch.close();
    await ovs.stop();
  });

  describe("an interface that another process is just making", () => {
    const spec = { type: "internal", name: "p0", attach: { bridge: "br0" } } as const;

    /** Both ask for it while vswitchd sleeps; then something happens, and vswitchd goes on. */
    async function both(meanwhile: () => Promise<unknown>) {
      await using other = await open();
      const pid = ovs.vswitchdPid;
      if (pid === undefined) throw new Error("vswitchd does not run");
      process.kill(pid, "SIGSTOP");
      const theirs = other.createInterface(spec);
      while (!(await ovs.vsctl("--no-wait", "list-ports", "br0")).includes("p0")) await sleep(20);
      const ours = vswitch.createInterface(spec);
      await sleep(200);
      await meanwhile();
      process.kill(pid, "SIGCONT");
      return [await theirs, await ours] as const;
    }

    test("is given as vswitchd left it, not as it was before", async () => {
      const [theirs, ours] = await both(() => Promise.resolve());
      const { native } = theirs.unwrap();
      expect(native["ofport"]).toBeGreaterThan(0);
      expect(ours.unwrap()).toMatchObject({ created: false, native });
    });

    test("is made by us when theirs was taken back", async () => {
      const [, ours] = await both(() => ovs.vsctl("--no-wait", "del-port", "p0"));
      expect(ours.unwrap()).toMatchObject({ created: true, bridge: "br0" });
      expect(await ovs.vsctl("list-ports", "br0")).toBe("p0");
    });
  });

  test("a holding bridge that somebody else emptied is garbage, one with a port on it is not", async () => {
    (await vswitch.createInterface({ type: "internal", name: "h0" })).unwrap();
    (await vswitch.createInterface({ type: "internal", name: "h1" })).unwrap();
    await ovs.vsctl("del-port", "h0");
    (await vswitch.collectGarbage(["h1"])).unwrap();
    expect((await ovs.vsctl("list-ports", "vswitch-holding")).trim()).toBe("h1");
    await ovs.vsctl("del-port", "h1");
    (await vswitch.collectGarbage(["h1"])).unwrap();
    expect((await ovs.vsctl("list-br")).trim()).toBe("br0");
  });

  test("ensureBridge names the interfaces of a bond, as listBridges does", async () => {
    const types = [
      "--",
      "set",
      "Interface",
      "i1",
      "type=internal",
      "--",
      "set",
      "Interface",
      "i2",
      "type=internal",
    ];
    await ovs.vsctl("add-bond", "br0", "bond0", "i1", "i2", ...types);
    await ovs.vsctl("add-port", "br0", "p0", "--", "set", "Interface", "p0", "type=internal");
    const ensured = (await vswitch.ensureBridge({ name: "br0" })).unwrap();
    expect(ensured.interfaces).toEqual(["i1", "i2", "p0"]);
    const [listed] = (await vswitch.listBridges()).unwrap();
    expect(listed?.interfaces).toEqual(ensured.interfaces);
  });

  test("ensureBridge names the interfaces of a bridge with many, and of no other", async () => {
    const names = Array.from({ length: 70 }, (_, at) => `m${String(at).padStart(2, "0")}`);
    const add = names.flatMap((name) => ["--", "add-port", "br0", name]);
    await ovs.vsctl("--no-wait", "add-br", "br1", ...add, "--", "add-port", "br1", "other");
    expect((await vswitch.ensureBridge({ name: "br0" })).unwrap().interfaces).toEqual(names);
    expect((await vswitch.ensureBridge({ name: "br1" })).unwrap().interfaces).toEqual(["other"]);
  });

  test("the longest deadline is a deadline like any other", async () => {
    const made = await vswitch.ensureBridge({ name: "br2" }, { timeoutMs: 2_147_483_647 });
    expect(made.unwrap().created).toBe(true);
  });
});

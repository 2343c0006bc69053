/** DPDK's testpmd in a container, between two vhost-user ports that the plugin made on a real Open vSwitch with DPDK. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/index.js";
import { availableFlavours, startOpenVSwitch } from "../support/openvswitch.js";
import { Installation } from "../support/openvswitch/programs.js";
import { CniLab, containerId, nothing } from "./support/lab.js";
import { Testpmd, testpmdMissing } from "./support/testpmd.js";
import { runUsrspApp } from "./support/usrsp-app.js";

const { dpdk } = availableFlavours();
const ofctl = Installation.openVSwitch().find("ovs-ofctl") ?? "";
const note =
  dpdk.note ||
  (testpmdMissing === "" ? "" : ` (skipped: ${testpmdMissing})`) ||
  (ofctl === "" ? " (skipped: no ovs-ofctl)" : "");

/** Sends all that comes in at one port out at the other; the counters of these flows are what `counted` reads. */
function wire(ofctl: string, bridge: string, [first = "", second = ""]: readonly string[]): void {
  for (const [from, to] of [
    [first, second],
    [second, first],
  ]) {
    const added = spawnSync(ofctl, ["add-flow", bridge, `in_port=${from},actions=output:${to}`], {
      encoding: "utf8",
    });
    if (added.status !== 0) throw new Error(added.stderr);
  }
}

/** Packets that came in at each port. Open vSwitch 3.1 has no counters of its own for a `dpdkvhostuser` port. */
function counted(ofctl: string, bridge: string, ports: readonly string[]): readonly number[] {
  const { stdout } = spawnSync(ofctl, ["dump-flows", bridge], { encoding: "utf8" });
  return ports.map((port) => {
    const line = stdout.split("\n").find((each) => new RegExp(`in_port="?${port}"?[ ,]`, "u").test(each));
    return Number(/n_packets=(\d+)/u.exec(line ?? "")?.[1] ?? 0);
  });
}

const isPositive = (value: unknown): boolean => Number(value) > 0;
const positive = expect.toSatisfy(isPositive);

describe.skipIf(note !== "")(`testpmd on two vhost-user ports of the plugin${note}`, () => {
  test.each<[string, readonly string[]]>([
    ["sockets of the switch", ["server", "server"]],
    ["a socket of the switch and one of testpmd", ["server", "client"]],
  ])(
    "%s: link up, and packets are counted on both, by the switch and by testpmd",
    async (_sockets, modes) => {
      await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
      using lab = new CniLab();
      lab.connect = connect;
      const networks = modes.map((mode, at) => ({
        ifName: `net${at + 1}`,
        conf: lab.conf({
          name: `network-${at + 1}`,
          host: {
            engine: "ovs-dpdk",
            iftype: "vhostuser",
            vhost: { mode },
            remote: ovs.remote,
            bridge: { bridgeName: "br0", datapathType: ovs.datapathType },
          },
          container: { engine: "dpdk" },
        }),
      }));
      for (const { ifName, conf } of networks)
        expect(await lab.run({ command: "ADD", conf, ifName })).toMatchObject({ exitCode: 0 });

      const dir = join(lab.sharedDir, containerId.slice(0, 12));
      const eal = await runUsrspApp("eal", "--lines", "--count", "2", "--dir", dir);
      expect(eal).toMatchObject({ code: 0, stderr: "" });
      const devices = eal.stdout.trim().split("\n");
      expect(devices).toEqual(
        modes.map(
          (mode, at) =>
            `--vdev=net_virtio_user${at},path=${dir}/0958c8871b32-net${at + 1}${mode === "client" ? ",server=1" : ""}`,
        ),
      );
      const names = networks.map(({ ifName }) => `${containerId.slice(0, 12)}-${ifName}`);
      const ports = await Promise.all(names.map((name) => ovs.vsctl("get", "Interface", name, "ofport")));
      const bridge = `unix:${ovs.dir}/br0.mgmt`;
      wire(ofctl, bridge, ports);
      {
        await using testpmd = new Testpmd(lab.dir, devices);
        await using vswitch = (await connect({ engine: "ovs", remote: ovs.remote, owner: "cni" })).unwrap();
        const links = async () =>
          (await Promise.all(names.map((name) => vswitch.getInterface(name)))).map(
            (state) => state.unwrap().linkState,
          );
        await expect.poll(links, { timeout: 30_000 }).toEqual(["up", "up"]);
        const counters = (): unknown => {
          testpmd.show();
          const own = [...testpmd.counters().values()];
          const switched = counted(ofctl, bridge, ports);
          if (!switched.every(isPositive)) testpmd.start();
          return { own, switched };
        };
        const both = { rx: positive, tx: positive };
        await expect
          .poll(counters, { timeout: 30_000, interval: 1000 })
          .toEqual({ own: [both, both], switched: [positive, positive] });
      }
      for (const { ifName, conf } of networks)
        expect(await lab.run({ command: "DEL", conf, ifName })).toMatchObject({ exitCode: 0 });
      expect(lab.left()).toEqual(nothing);
      expect(await ovs.vsctl("list-br")).toBe("");
    },
    120_000,
  );
});

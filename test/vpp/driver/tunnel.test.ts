/** VXLAN tunnels on VPP: what it asks for that Open vSwitch does not. */
import { describe, expect, test } from "vitest";

import type { VxlanSpec } from "../../../src/core/specs.js";
import { failure } from "../../conformance/bench.js";
import { releases, unlessMissing } from "../schema/api-files.js";
import { DriverBench } from "./bench.js";

const tunnel: VxlanSpec = {
  type: "vxlan",
  name: "tunnel0",
  local: "192.0.2.1",
  remote: "198.51.100.1",
  vni: 7,
};

describe.skipIf(releases.length === 0).each(releases)(`VXLAN on VPP %s${unlessMissing}`, (release) => {
  test("a tunnel is made with its addresses, VNI and port, and joins a bridge", async () => {
    await using bench = await DriverBench.start(release);
    const made = await bench.vswitch.createInterface({ ...tunnel, attach: { bridge: "4" } });
    expect(made.unwrap()).toMatchObject({ type: "vxlan", bridge: "4", adminState: "up", created: true });
    const [port] = bench.vpp.interfaces.ofType("vxlan");
    expect(port?.device).toMatchObject({
      local: "192.0.2.1",
      remote: "198.51.100.1",
      vni: 7,
      ports: { local: 4789, remote: 4789 },
    });
    (await bench.vswitch.deleteInterface("tunnel0")).unwrap();
    expect(bench.state()).toEqual({ interfaces: [], domains: [], sockets: [] });
  });

  test("the way that an address is written does not count", async () => {
    await using bench = await DriverBench.start(release);
    const long: VxlanSpec = {
      ...tunnel,
      local: "2001:0DB8:0::1",
      remote: "2001:db8::0002",
      dstPort: 4790,
    };
    (await bench.vswitch.createInterface(long)).unwrap();
    const short = { ...long, local: "2001:db8::1", remote: "2001:db8::2" };
    expect((await bench.vswitch.createInterface(short)).unwrap()).toMatchObject({ created: false });
  });

  test("a second tunnel with the same VNI to the same address is refused", async () => {
    await using bench = await DriverBench.start(release);
    (await bench.vswitch.createInterface(tunnel)).unwrap();
    const error = failure(await bench.vswitch.createInterface({ ...tunnel, name: "tunnel1" }), "conflict");
    expect(error.message).toContain("the interface tunnel0 has VNI 7 to 198.51.100.1 already");
    const other = { ...tunnel, name: "tunnel1", vni: 8 };
    expect((await bench.vswitch.createInterface(other)).unwrap()).toMatchObject({ created: true });
  });

  test.each<[string, Partial<VxlanSpec>, string]>([
    ["no address of its own", { local: undefined }, "local is left out"],
    ["an address of another version", { local: "2001:db8::1" }, "an IPv4 address of VPP's own"],
    ["the remote's address", { local: "198.51.100.1" }, "an IPv4 address of VPP's own"],
  ])("%s is invalid", async (_what, change, message) => {
    await using bench = await DriverBench.start(release);
    const error = failure(await bench.vswitch.createInterface({ ...tunnel, ...change }), "invalid");
    expect(error.message).toContain(message);
  });

  test("VLANs are refused: VPP parts none on a tunnel", async () => {
    await using bench = await DriverBench.start(release);
    const attach = { bridge: "br0", tag: 5 };
    const created = failure(await bench.vswitch.createInterface({ ...tunnel, attach }), "unsupported");
    expect(created.message).toContain("give each VLAN a tunnel of its own");
    (await bench.vswitch.createInterface(tunnel)).unwrap();
    const moved = failure(await bench.vswitch.attachToBridge("tunnel0", attach), "unsupported");
    expect(moved.message).toContain("give each VLAN a tunnel of its own");
    expect((await bench.vswitch.listBridges()).unwrap()).toEqual([]);
  });

  test("another's tunnel is left alone", async () => {
    await using bench = await DriverBench.start(release);
    bench.vpp.interfaces.add(
      "vxlan_tunnel0",
      {
        type: "vxlan",
        instance: 0,
        local: "192.0.2.1",
        remote: "198.51.100.1",
        vni: 7,
        ports: { local: 4789, remote: 4789 },
        table: 0,
      },
      "02:00:00:00:00:09",
    );
    failure(await bench.vswitch.createInterface(tunnel), "conflict");
    failure(await bench.vswitch.deleteInterface("vxlan_tunnel0"), "conflict");
    expect(bench.vpp.interfaces.ofType("vxlan")).toHaveLength(1);
  });
});

describe.skipIf(!releases.includes("20.05"))(
  `VXLAN on a VPP that has only its first message${unlessMissing}`,
  () => {
    test("another port than its own is refused", async () => {
      await using bench = await DriverBench.start("20.05");
      const error = failure(await bench.vswitch.createInterface({ ...tunnel, dstPort: 4000 }), "unsupported");
      expect(error.message).toContain("vxlan_add_del_tunnel_v2");
    });
  },
);

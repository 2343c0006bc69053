/** What only Open vSwitch with DPDK has: sockets that it makes itself, and memif through DPDK. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/index.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../support/openvswitch.js";
import { explain } from "./support/explain.js";
import { CniLab, containerId, nothing } from "./support/lab.js";

const { dpdk, memif } = availableFlavours();

const hostOf = (ovs: OpenVSwitch, more: Record<string, unknown>): Record<string, unknown> => ({
  engine: "ovs-dpdk",
  remote: ovs.remote,
  bridge: { bridgeName: "br0", datapathType: ovs.datapathType },
  ...more,
});

const isRoot = process.getuid?.() === 0;
const isElsewhere = existsSync("/dev/shm") && statSync("/dev/shm").dev !== statSync(tmpdir()).dev;

describe.skipIf(!dpdk.available)(`vhost-user on a real Open vSwitch${dpdk.note}`, () => {
  test("a socket cannot be handed over to another file system: that is said, and nothing is left", async (context) => {
    if (!isElsewhere) return context.skip("/dev/shm is no file system of its own");
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    using lab = new CniLab();
    lab.connect = connect;
    const sharedDir = mkdtempSync("/dev/shm/cni-");
    try {
      const conf = lab.conf({ sharedDir, host: hostOf(ovs, { iftype: "vhostuser" }) });
      const { exitCode, document } = await lab.run({ command: "ADD", conf });
      expect(exitCode).toBe(1);
      expect(document).toMatchObject({
        code: 7,
        msg: expect.stringMatching(/another file system.*host\.vhost\.mode to client/u),
      });
      expect(document).not.toHaveProperty("details");
      expect(lab.left()).toEqual(nothing);
      expect(await ovs.vsctl("list-br")).toBe("");
      expect(lab.tree(sharedDir)).toEqual([]);
      const client = lab.conf({
        sharedDir,
        host: hostOf(ovs, { iftype: "vhostuser", vhost: { mode: "client" } }),
      });
      expect(await lab.run({ command: "ADD", conf: client })).toMatchObject({ exitCode: 0 });
      expect(await lab.run({ command: "DEL", conf: client })).toMatchObject({ exitCode: 0 });
    } finally {
      rmSync(sharedDir, { recursive: true, force: true });
    }
  });

  test("a socket that Open vSwitch made is where the container has it", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    using lab = new CniLab();
    lab.connect = connect;
    const conf = lab.conf({ host: hostOf(ovs, { iftype: "vhostuser", socket: { mode: "0666" } }) });
    const { document } = await lab.run({ command: "ADD", conf });
    const socketPath = join(lab.sharedDir, "0958c8871b32/0958c8871b32-net1");
    expect(document).toMatchObject({ interfaces: [{ socketPath }] });
    expect(statSync(socketPath).isSocket()).toBe(true);
    expect(statSync(socketPath).mode & 0o777).toBe(0o666);
    expect(await ovs.vsctl("list-ports", "br0")).toContain("net1");
    expect(existsSync(join(ovs.vhostSockDir, "0958c8871b32-net1"))).toBe(true);
  });

  test.skipIf(!isRoot)(
    `a socket belongs to the user and the group that the configuration names${isRoot ? "" : " (skipped: not root)"}`,
    async () => {
      await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
      using lab = new CniLab();
      lab.connect = connect;
      const socket = { owner: "nobody", group: 65_534, mode: "0640" };
      const conf = lab.conf({ host: hostOf(ovs, { iftype: "vhostuser", socket }) });
      expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
      const { uid, gid, mode } = statSync(join(lab.sharedDir, "0958c8871b32/0958c8871b32-net1"));
      expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_534, 0o640]);
      expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
      expect(lab.left()).toEqual(nothing);
    },
  );

  test("is told over tcp what to do, where the configuration says so", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk", listen: ["tcp"] });
    using lab = new CniLab();
    lab.connect = connect;
    const { tcp } = ovs.server.remotes;
    const host = hostOf(ovs, { remote: tcp, iftype: "vhostuser", vhost: { mode: "client" } });
    const added = await lab.run({ command: "ADD", conf: lab.conf({ host }) });
    expect(added).toMatchObject({ exitCode: 0 });
    expect(await ovs.vsctl("list-ports", "br0")).toContain("net1");
    const conf = lab.conf({ host, prevResult: added.document });
    for (const command of ["CHECK", "DEL"])
      expect(await lab.run({ command, conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(lab.left()).toEqual(nothing);
    expect(await ovs.vsctl("list-br")).toBe("");
  });

  test("a trunk carries its VLANs, and its native one", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    using lab = new CniLab();
    lab.connect = connect;
    const trunk = [10, { id: 20 }, { minID: 30, maxID: 32 }];
    const host = hostOf(ovs, { iftype: "vhostuser", vhost: { mode: "client" }, vlan: 10, trunk });
    const conf = lab.conf({ host });
    expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
    const port = `${containerId.slice(0, 12)}-net1`;
    expect(await ovs.vsctl("get", "Port", port, "tag", "trunks", "vlan_mode")).toBe(
      "10\n[10, 20, 30, 31, 32]\nnative-untagged",
    );
    expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0 });
  });
});

describe.skipIf(!memif.available)(`memif on a real Open vSwitch${memif.note}`, () => {
  test("is made, checked and deleted; the container gets the other role", async () => {
    await using ovs = await startOpenVSwitch({ flavour: "dpdk" });
    using lab = new CniLab();
    lab.connect = connect;
    const conf = lab.conf({ host: hostOf(ovs, { iftype: "memif", memif: { role: "master" } }) });
    const added = await lab.run({ command: "ADD", conf });
    const socketPath = join(lab.sharedDir, "0958c8871b32/memif-0958c8871b32-net1.sock");
    expect(added).toMatchObject({ exitCode: 0, document: { interfaces: [{ name: "net1", socketPath }] } });
    expect(await ovs.vsctl("--bare", "--columns=options", "find", "Interface", "type=dpdk")).toContain(
      socketPath,
    );
    expect(statSync(socketPath).isSocket()).toBe(true);
    const explained = await explain(conf);
    expect(explained.document).toMatchObject({ container: { interface: { type: "memif", role: "slave" } } });
    const checked = await lab.run({ command: "CHECK", conf: { ...conf, prevResult: added.document } });
    expect(checked).toMatchObject({ exitCode: 0, stdout: "" });
    for (let nth = 0; nth < 2; nth += 1)
      expect(await lab.run({ command: "DEL", conf })).toMatchObject({ exitCode: 0, stdout: "" });
    expect(lab.left()).toEqual(nothing);
    expect(await ovs.vsctl("list-br")).toBe("");
  });
});

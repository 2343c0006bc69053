/** What the two ends of an attachment are, with every default, and who may use them. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { explain } from "./support/explain.js";
import { CniLab, containerId, slave } from "./support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

const short = containerId.slice(0, 12);
const well = { exitCode: 0, stdout: "" };
const shared = (file: string): string => join(lab.sharedDir, short, file);
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

describe("the container's end", () => {
  const memif = { engine: "vpp", iftype: "memif" };
  const vhost = { engine: "vpp", iftype: "vhostuser" };
  const usual = `memif-${short}-net1.sock`;

  test.each<[string, object, object, object]>([
    [
      "memif: the other role",
      { ...memif, memif: { role: "master" } },
      {},
      { role: "slave", mode: "ethernet", file: usual },
    ],
    [
      "memif: the other role, the other way round",
      { ...memif, memif: { role: "slave" } },
      {},
      { role: "master", mode: "ethernet", file: usual },
    ],
    [
      "memif: the host's mode",
      { ...memif, memif: { role: "slave", mode: "ip" } },
      {},
      { role: "master", mode: "ip", file: usual },
    ],
    [
      "memif: a mode of its own",
      { ...memif, memif: { role: "slave", mode: "inject-punt" } },
      { memif: { mode: "ethernet" } },
      { role: "master", mode: "ethernet", file: usual },
    ],
    [
      "memif: the host's socket, whatever the container's says",
      { ...memif, memif: { role: "slave", socketfile: "a.sock", id: 7, secret: "s" } },
      { memif: { socketfile: "b.sock" } },
      { role: "master", mode: "ethernet", id: 7, secret: "s", file: "a.sock" },
    ],
    [
      "vhost-user: the other mode",
      { ...vhost, vhost: { mode: "client" } },
      {},
      { mode: "server", file: `${short}-net1` },
    ],
    [
      "vhost-user: client where the host makes the socket",
      { ...vhost, vhost: { mode: "client", socketfile: "v" } },
      { vhost: { socketfile: "w" } },
      { mode: "server", file: "v" },
    ],
    [
      "the host's MTU, queues and ring",
      { ...memif, memif: { role: "slave" }, mtu: 1400, queues: 2, ring: 2048, bufferSize: 4096 },
      {},
      { role: "master", mtu: 1400, queues: 2, ringSize: 2048, bufferSize: 4096, file: usual },
    ],
    [
      "an MTU, queues and a ring of its own",
      { ...memif, memif: { role: "slave" }, mtu: 1400, queues: 2, ring: 2048 },
      { mtu: 1300, queues: 1, ring: 512 },
      { role: "master", mtu: 1300, queues: 1, ringSize: 512, file: usual },
    ],
  ])("%s", async (_what, host, container, { file, ...expected }: { readonly file?: string }) => {
    expect(await lab.run({ command: "ADD", conf: lab.conf({ host, container }) })).toMatchObject({
      exitCode: 0,
    });
    expect(read(shared("attachment-net1.json"))).toMatchObject({
      engine: "vpp",
      netType: "interface",
      interface: { ...expected, socket: shared(file ?? "") },
    });
    expect(lab.memory.interfaces()).toMatchObject([{ socket: shared(file ?? "") }]);
  });

  test("has its socket where the configuration says, whatever the old plugin's variable does", async () => {
    const env = { USERSPACE_MEMIF_SOCKFILE: join(lab.dir, "one-for-all.sock") };
    await lab.run({ command: "ADD", conf: lab.conf({ host: slave }), env });
    expect(lab.memory.interfaces()).toMatchObject([{ socket: shared(usual) }]);
  });

  test("has a bridge of its own", async () => {
    const container = { netType: "bridge", bridge: { bridgeId: 7 }, vlan: 5 };
    await lab.run({ command: "ADD", conf: lab.conf({ host: slave, container }) });
    expect(read(shared("attachment-net1.json"))).toMatchObject({ bridge: { name: "7", vlan: 5 } });
  });

  test("may read its data, and nobody else the state, nor others write it", async () => {
    await lab.run({ command: "ADD", conf: lab.conf({ host: slave }) });
    const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    const files = ["attachment", "remote", "addData"].map((name) => mode(shared(`${name}-net1.json`)));
    expect(files).toEqual(["644", "644", "644"]);
    expect([mode(join(lab.sharedDir, short)), mode(join(lab.stateDir, "attachments"))]).toEqual([
      "750",
      "700",
    ]);
    for (const file of lab.tree(lab.stateDir)) expect(mode(join(lab.stateDir, file))).toBe("600");
  });
});

describe("the switch", () => {
  test("has the port's limit from what the container may send", async () => {
    const runtimeConfig = { bandwidth: { egressRate: 1_500_500, egressBurst: 8000 } };
    const { document } = await explain(lab.conf({ host: slave, runtimeConfig }));
    expect(document).toMatchObject({ interface: { ingressPolicing: { rate: 1501, burst: 8 } } });
  });

  test("of Open vSwitch has the ports on br0 where no bridge is given, with whose they are", async () => {
    const host = { engine: "ovs-dpdk", iftype: "vhostuser", vhost: { mode: "client" } };
    await lab.run({ command: "ADD", conf: lab.conf({ host }) });
    expect(lab.memory.interfaces()).toMatchObject([
      {
        bridge: "br0",
        externalIds: { "cni-network": "lab-net", "cni-container-id": containerId, "cni-ifname": "net1" },
      },
    ]);
  });
});

test("one group is given the directory and the socket by either spelling", async () => {
  const group = String(process.getgid?.() ?? 0);
  mkdirSync(lab.sharedDir);
  for (const more of [
    { vhost: { mode: "client", group } },
    { vhost: { mode: "client" }, socket: { group } },
  ]) {
    const conf = lab.conf({ host: { engine: "vpp", iftype: "vhostuser", ...more } });
    expect(await lab.run({ command: "ADD", conf })).toMatchObject({ exitCode: 0 });
    // The container makes the socket, so that its group may write there.
    expect(statSync(join(lab.sharedDir, short)).mode & 0o777).toBe(0o770);
    expect(await lab.run({ command: "DEL", conf })).toMatchObject(well);
  }
});

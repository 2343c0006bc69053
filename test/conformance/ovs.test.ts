import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "../../src/index.js";
import type { InterfaceSpec } from "../../src/index.js";
import {
  availableFlavours,
  startOpenVSwitch,
  type Flavour,
  type OpenVSwitch,
} from "../support/openvswitch.js";
import { describe } from "vitest";
import { describeConformance } from "./suite.js";
import type { Administrator, ConformanceTarget, Example } from "./target.js";

const internal: Example = {
  title: "internal",
  spec: (name) => ({ type: "internal", name }),
  variations: [
    { path: "mtu", spec: (name) => ({ type: "internal", name, mtu: 1400 }) },
    { path: "ofportRequest", spec: (name) => ({ type: "internal", name, ofportRequest: 77 }) },
    {
      path: "ingressPolicing.rate",
      spec: (name) => ({ type: "internal", name, ingressPolicing: { rate: 1000 } }),
    },
  ],
};

const patch: Example = {
  title: "patch",
  spec: (name) => ({ type: "patch", name, peer: `p${name}` }),
  variations: [{ path: "peer", spec: (name) => ({ type: "patch", name, peer: `q${name}` }) }],
};

let tunnels = 0;
const remotes = new Map<string, string>();

/** A tunnel's address and number decide what it takes in: no two may have the same. */
function remoteOf(name: string): string {
  const known = remotes.get(name);
  if (known !== undefined) return known;
  tunnels += 1;
  const remote = `198.51.100.${tunnels}`;
  remotes.set(name, remote);
  return remote;
}

const tunnel: Example = {
  title: "vxlan",
  spec: (name) => ({ type: "vxlan", name, remote: remoteOf(name), vni: 7 }),
  variations: [
    { path: "vni", spec: (name) => ({ type: "vxlan", name, remote: remoteOf(name), vni: 8 }) },
    { path: "remote", spec: (name) => ({ type: "vxlan", name, remote: "203.0.113.1", vni: 7 }) },
    { path: "type", spec: (name) => ({ type: "geneve", name, remote: remoteOf(name), vni: 7 }) },
  ],
};

const tap: Example = { title: "tap", spec: (name) => ({ type: "tap", name }), variations: [] };

const vhostClient = (socketDir: () => string): Example => ({
  title: "vhost-user client",
  spec: (name) => ({ type: "vhost-user", name, mode: "client", socket: join(socketDir(), `${name}.sock`) }),
  variations: [
    { path: "mode", spec: (name) => ({ type: "vhost-user", name, mode: "server" }) },
    {
      path: "socket",
      spec: (name) => ({ type: "vhost-user", name, mode: "client", socket: "/run/another.sock" }),
    },
  ],
});

const vhostServer: Example = {
  title: "vhost-user server",
  spec: (name) => ({ type: "vhost-user", name, mode: "server" }),
  variations: [],
};

const taken = "192.0.2.99";

function administratorOf(ovs: () => OpenVSwitch): Administrator {
  const lines = async (...args: readonly string[]): Promise<string[]> =>
    (await ovs().vsctl(...args)).split("\n").filter((line) => line !== "");
  const bridges = async (): Promise<string[]> =>
    (await lines("list-br")).filter((name) => name !== "vswitch-holding");
  return {
    bridges,
    interfaces: async () => {
      const all = await lines("--bare", "--columns=name", "list", "Interface");
      const own = new Set(await lines("list-br"));
      return all.filter((name) => !own.has(name)).toSorted();
    },
    addBridge: async (name) => {
      await ovs().vsctl("add-br", name, "--", "set", "Bridge", name, `datapath_type=${ovs().datapathType}`);
    },
    addInterface: async (bridge, name) => {
      await ovs().vsctl("add-port", bridge, name, "--", "set", "Interface", name, "type=internal");
    },
    removeBridge: async (name) => {
      await ovs().vsctl("--if-exists", "del-br", name);
    },
    removeInterface: async (name) => {
      await ovs().vsctl("--if-exists", "del-port", name);
    },
    setExternalId: async (table, name, key, value) => {
      await ovs().vsctl(
        "set",
        table === "bridge" ? "Bridge" : "Interface",
        name,
        `external_ids:${key}=${value}`,
      );
    },
  };
}

function target(
  flavour: Flavour,
  examples: (ovs: () => OpenVSwitch) => readonly Example[],
  refuse: (ovs: OpenVSwitch, name: string) => Promise<InterfaceSpec>,
): ConformanceTarget {
  let running: OpenVSwitch | undefined;
  const ovs = (): OpenVSwitch => {
    if (running === undefined) throw new Error("Open vSwitch runs between start and stop only");
    return running;
  };
  return {
    examples: examples(ovs),
    unsupported: [
      { type: "loopback", name: "l0" },
      { type: "af-packet", name: "a0", device: "eth0" },
      { type: "internal", name: "i0", adminState: "down" },
      ...(flavour === "dpdk" ? [] : ([{ type: "dpdk", name: "d0", devargs: "0000:01:00.0" }] as const)),
    ],
    features: {
      vlan: true,
      addresses: false,
      externalIds: true,
      failMode: true,
      moveReopens: true,
      sharedNames: true,
    },
    start: async () => {
      running = await startOpenVSwitch({ flavour });
      await administratorOf(ovs).addBridge("admin");
      await running.vsctl(
        "add-port",
        "admin",
        "tun",
        "--",
        "set",
        "Interface",
        "tun",
        "type=vxlan",
        `options:remote_ip=${taken}`,
      );
    },
    stop: async () => {
      await running?.stop();
    },
    connect: async (owner) =>
      (
        await connect({ engine: "ovs", remote: ovs().remote, owner, datapathType: ovs().datapathType })
      ).unwrap(),
    administrator: administratorOf(ovs),
    refuse: (name) => refuse(ovs(), name),
    pause: async () => {
      const pid = ovs().vswitchdPid;
      if (pid === undefined) throw new Error("ovs-vswitchd does not run");
      process.kill(pid, "SIGSTOP");
      return async () => {
        process.kill(pid, "SIGCONT");
      };
    },
    cutConnections: async () => {
      await ovs().server.killServer();
      await ovs().server.startServer();
    },
  };
}

/** Its key is taken by somebody else's tunnel, and vswitchd finds that out only when it is asked to make it. */
const takenTunnel = (_ovs: OpenVSwitch, name: string): Promise<InterfaceSpec> =>
  Promise.resolve({ type: "vxlan", name, remote: taken });

/** A file is in the place of its socket, as after a crash. */
async function staleSocket(ovs: OpenVSwitch, name: string): Promise<InterfaceSpec> {
  await writeFile(join(ovs.vhostSockDir, name), "");
  return { type: "vhost-user", name, mode: "server" };
}

const flavours = availableFlavours();

describe.skipIf(!flavours.dummy.available)(`with the dummy datapath${flavours.dummy.note}`, () => {
  describeConformance(
    "Open vSwitch",
    target("dummy", () => [internal, patch, tunnel], takenTunnel),
  );
});

describe.skipIf(!flavours.netdev.available)(`with the userspace datapath${flavours.netdev.note}`, () => {
  describeConformance(
    "Open vSwitch",
    target("netdev", () => [internal, tap, patch, tunnel], takenTunnel),
  );
});

describe.skipIf(!flavours.dpdk.available)(`with DPDK${flavours.dpdk.note}`, () => {
  describeConformance(
    "Open vSwitch",
    target("dpdk", (ovs) => [vhostClient(() => ovs().vhostSockDir), vhostServer, internal], staleSocket),
  );
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { byVlanMode } from "../../src/core/specs.js";
import { connect } from "../../src/index.js";
import type { InterfaceSpec } from "../../src/index.js";
import { startOpenVSwitch, type Flavour, type OpenVSwitch } from "../support/openvswitch.js";
import type { Administrator, ConformanceTarget, Example } from "./target.js";

export const internal: Example = {
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

export const patch: Example = {
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

export const tunnel: Example = {
  title: "vxlan",
  spec: (name) => ({ type: "vxlan", name, remote: remoteOf(name), vni: 7 }),
  variations: [
    { path: "vni", spec: (name) => ({ type: "vxlan", name, remote: remoteOf(name), vni: 8 }) },
    { path: "remote", spec: (name) => ({ type: "vxlan", name, remote: "203.0.113.1", vni: 7 }) },
    { path: "type", spec: (name) => ({ type: "geneve", name, remote: remoteOf(name), vni: 7 }) },
  ],
};

export const tap: Example = { title: "tap", spec: (name) => ({ type: "tap", name }), variations: [] };

export const vhostClient = (socketDir: () => string): Example => ({
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

export const memif = (socketDir: () => string): Example => ({
  title: "memif",
  spec: (name) => ({
    type: "memif",
    name,
    role: "master",
    socket: join(socketDir(), `${name}.m`),
    secret: "one",
  }),
  variations: [
    {
      path: "role",
      spec: (name) => ({ type: "memif", name, role: "slave", socket: join(socketDir(), `${name}.m`) }),
    },
    {
      path: "id",
      spec: (name) => ({
        type: "memif",
        name,
        role: "master",
        socket: join(socketDir(), `${name}.m`),
        id: 3,
      }),
    },
    {
      path: "secret",
      spec: (name) => ({
        type: "memif",
        name,
        role: "master",
        socket: join(socketDir(), `${name}.m`),
        secret: "two",
      }),
    },
  ],
});

export const vhostServer: Example = {
  title: "vhost-user server",
  spec: (name) => ({ type: "vhost-user", name, mode: "server" }),
  variations: [],
};

const taken = "192.0.2.99";

function administratorOf(ovs: () => OpenVSwitch): Administrator {
  /** The names of all bridges, then of all interfaces, by one process: they are asked for twice a test. */
  const everything = async (): Promise<{ bridges: string[]; interfaces: string[] }> => {
    const command = "--bare list-br -- get Open_vSwitch . _uuid -- --columns=name list Interface";
    const told = await ovs().vsctl(...command.split(" "));
    const lines = told.split("\n").filter((line) => line !== "");
    const separator = lines.findIndex((line) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u.test(line));
    const own = new Set(lines.slice(0, separator));
    return {
      bridges: [...own].filter((name) => name !== "vswitch-holding"),
      interfaces: lines
        .slice(separator + 1)
        .filter((name) => !own.has(name))
        .toSorted(),
    };
  };
  return {
    bridges: async () => (await everything()).bridges,
    interfaces: async () => (await everything()).interfaces,
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

/** A private Open vSwitch of one flavour. */
export function ovsTarget(
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
      vlanModes: Object.values(byVlanMode((mode) => mode)),
      openTrunks: true,
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
export const takenTunnel = (_ovs: OpenVSwitch, name: string): Promise<InterfaceSpec> =>
  Promise.resolve({ type: "vxlan", name, remote: taken });

/** A file is in the place of its socket, as after a crash. */
export async function staleSocket(ovs: OpenVSwitch, name: string): Promise<InterfaceSpec> {
  await writeFile(join(ovs.vhostSockDir, name), "");
  return { type: "vhost-user", name, mode: "server" };
}

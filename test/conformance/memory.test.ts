import { byVlanMode, type InterfaceSpec } from "../../src/core/specs.js";
import { MemorySwitch } from "../../src/testing/index.js";
import { describeConformance } from "./suite.js";
import type { Administrator, ConformanceTarget, Example } from "./target.js";

const socketOf = (name: string): string => `/run/vswitch-test/${name}.sock`;

const server = (name: string): InterfaceSpec => ({ type: "vhost-user", name, mode: "server" });
const client = (name: string): InterfaceSpec => ({
  type: "vhost-user",
  name,
  mode: "client",
  socket: socketOf(name),
});

const examples: readonly Example[] = [
  {
    title: "vhost-user server",
    spec: server,
    variations: [
      { path: "mode", spec: client },
      { path: "mtu", spec: (name) => ({ ...server(name), mtu: 9000 }) },
      { path: "mac", spec: (name) => ({ ...server(name), mac: "02:00:5e:00:00:01" }) },
      { path: "adminState", spec: (name) => ({ ...server(name), adminState: "down" }) },
      { path: "ofportRequest", spec: (name) => ({ ...server(name), ofportRequest: 7 }) },
      {
        path: "ingressPolicing.rate",
        spec: (name) => ({ ...server(name), ingressPolicing: { rate: 1000 } }),
      },
    ],
  },
  {
    title: "vhost-user client",
    spec: client,
    variations: [
      {
        path: "socket",
        spec: (name) => ({ type: "vhost-user", name, mode: "client", socket: "/run/another" }),
      },
    ],
  },
  {
    title: "memif",
    spec: (name) => ({ type: "memif", name, role: "master", socket: socketOf(name), secret: "one" }),
    variations: [
      { path: "role", spec: (name) => ({ type: "memif", name, role: "slave", socket: socketOf(name) }) },
      {
        path: "id",
        spec: (name) => ({ type: "memif", name, role: "master", socket: socketOf(name), id: 1 }),
      },
      {
        path: "secret",
        spec: (name) => ({ type: "memif", name, role: "master", socket: socketOf(name), secret: "two" }),
      },
    ],
  },
  {
    title: "tap",
    spec: (name) => ({ type: "tap", name }),
    variations: [{ path: "device", spec: (name) => ({ type: "tap", name, device: "another" }) }],
  },
  {
    title: "internal",
    spec: (name) => ({ type: "internal", name }),
    variations: [{ path: "mtu", spec: (name) => ({ type: "internal", name, mtu: 1400 }) }],
  },
  { title: "loopback", spec: (name) => ({ type: "loopback", name }), variations: [] },
  {
    title: "af-packet",
    spec: (name) => ({ type: "af-packet", name, device: "eth0" }),
    variations: [{ path: "device", spec: (name) => ({ type: "af-packet", name, device: "eth1" }) }],
  },
  {
    title: "patch",
    spec: (name) => ({ type: "patch", name, peer: "p0" }),
    variations: [{ path: "peer", spec: (name) => ({ type: "patch", name, peer: "p1" }) }],
  },
  {
    title: "vxlan",
    spec: (name) => ({ type: "vxlan", name, remote: "192.0.2.1" }),
    variations: [
      { path: "remote", spec: (name) => ({ type: "vxlan", name, remote: "flow" }) },
      { path: "vni", spec: (name) => ({ type: "vxlan", name, remote: "192.0.2.1", vni: 5 }) },
      { path: "type", spec: client },
    ],
  },
];

function memoryTarget(): ConformanceTarget {
  const memory = new MemorySwitch({
    types: ["vhost-user", "memif", "tap", "internal", "loopback", "af-packet", "patch", "vxlan"],
  });
  const administrator: Administrator = {
    addBridge: async (name) => memory.addForeignBridge(name),
    addInterface: async (bridge, name) => {
      memory.addForeignInterface(name, { bridge });
      return undefined;
    },
    removeBridge: async (name) => memory.removeBridge(name),
    removeInterface: async (name) => memory.removeInterface(name),
    bridges: async () => memory.bridges().map(({ name }) => name),
    interfaces: async () => memory.interfaces().map(({ name }) => name),
    setExternalId: async (_table, name, key, value) => memory.setExternalIds(name, { [key]: value }),
  };
  return {
    examples,
    unsupported: [
      { type: "dpdk", name: "d0", devargs: "0000:01:00.0" },
      { type: "geneve", name: "g0", remote: "flow" },
    ],
    features: {
      vlanModes: Object.values(byVlanMode((mode) => mode)),
      openTrunks: true,
      addresses: true,
      externalIds: true,
      failMode: true,
      moveReopens: true,
      sharedNames: true,
    },
    start: async () => {
      memory.addForeignBridge("br-ex");
      memory.addForeignInterface("eth0", { bridge: "br-ex" });
    },
    stop: async () => {},
    connect: async (owner) => memory.connect({ owner }),
    administrator,
    refuse: async (name) => {
      memory.portError(name, `could not open network device ${name} (No such device)`);
      return server(name);
    },
    pause: async () => {
      const verbs = ["createInterface", "attachToBridge"] as const;
      for (const verb of verbs) memory.delay(verb, 60_000);
      return async () => {
        for (const verb of verbs) memory.delay(verb, 0);
      };
    },
    cutConnections: async () => memory.disconnect(),
  };
}

describeConformance("a switch in memory", memoryTarget());

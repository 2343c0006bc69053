/** Network configurations that users of the Userspace CNI plugin of 2018 have, in the words of its README. */

type Json = Record<string, unknown>;

export interface SampleNetwork {
  readonly title: string;
  /** The first that host-local gives. */
  readonly address: string;
  readonly conf: Json;
}

const memif = (ifName: string, ipam: Json): Json => ({
  cniVersion: "0.3.1",
  type: "userspace",
  name: "memif-network",
  ifName,
  host: {
    engine: "vpp",
    iftype: "memif",
    netType: "bridge",
    memif: { role: "master", mode: "ethernet" },
    bridge: { bridgeId: 4 },
  },
  container: {
    engine: "vpp",
    iftype: "memif",
    netType: "interface",
    memif: { role: "slave", mode: "ethernet" },
  },
  ipam,
});

const routes = [{ dst: "0.0.0.0/0" }];

const range = {
  type: "host-local",
  subnet: "10.56.217.0/24",
  rangeStart: "10.56.217.131",
  rangeEnd: "10.56.217.190",
  routes,
  gateway: "10.56.217.1",
};

export const sampleNetworks: readonly SampleNetwork[] = [
  { title: "alone, with a range of addresses", address: "10.56.217.131/24", conf: memif("net0", range) },
  { title: "as a delegate of Multus", address: "10.56.217.131/24", conf: memif("net1", range) },
  {
    title: "with the container image of VPP",
    address: "192.168.210.2/24",
    conf: memif("net0", { type: "host-local", subnet: "192.168.210.0/24", routes }),
  },
];

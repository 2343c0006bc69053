import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "../../src/connect.js";
import type { InterfaceSpec } from "../../src/core/specs.js";
import { VppServer } from "../../src/testing/vpp/index.js";
import type { SimulatedVpp } from "../../src/testing/vpp/simulated-vpp.js";
import { modelOf } from "../vpp/schema/api-files.js";
import type { Administrator, ConformanceTarget, Example } from "./target.js";

/** What every VPP target has: the interfaces that it makes and what it refuses. Sockets are in a directory. */
export function vppExamples(directory: () => string): {
  readonly examples: readonly Example[];
  readonly unsupported: readonly InterfaceSpec[];
} {
  const socket = (name: string): string => join(directory(), "sockets", `${name}.sock`);
  const memif = (name: string): InterfaceSpec => ({
    type: "memif",
    name,
    role: "master",
    socket: socket(name),
    secret: "hunter2",
    ringSize: 512,
  });
  const server = (name: string): InterfaceSpec => ({
    type: "vhost-user",
    name,
    mode: "server",
    socket: socket(name),
  });
  const client = (name: string): InterfaceSpec => ({
    type: "vhost-user",
    name,
    mode: "client",
    socket: socket(name),
  });
  return {
    examples: [
      {
        title: "memif master",
        spec: memif,
        variations: [
          { path: "role", spec: (name) => ({ type: "memif", name, role: "slave", socket: socket(name) }) },
          {
            path: "id",
            spec: (name) => ({ type: "memif", name, role: "master", socket: socket(name), id: 7 }),
          },
          {
            path: "socket",
            spec: (name) => ({ type: "memif", name, role: "master", socket: socket("another") }),
          },
          {
            path: "mtu",
            spec: (name) => ({ type: "memif", name, role: "master", socket: socket(name), mtu: 1400 }),
          },
          {
            path: "mac",
            spec: (name) => ({
              type: "memif",
              name,
              role: "master",
              socket: socket(name),
              mac: "02:00:5e:00:00:01",
            }),
          },
          {
            path: "adminState",
            spec: (name) => ({
              type: "memif",
              name,
              role: "master",
              socket: socket(name),
              adminState: "down",
            }),
          },
        ],
      },
      {
        title: "memif slave",
        spec: (name) => ({ type: "memif", name, role: "slave", socket: socket(name), mtu: 1400 }),
        variations: [],
      },
      { title: "vhost-user server", spec: server, variations: [{ path: "mode", spec: client }] },
      { title: "vhost-user client", spec: client, variations: [] },
      {
        title: "loopback",
        spec: (name) => ({ type: "loopback", name, mac: "02:00:5e:00:00:02" }),
        variations: [{ path: "mac", spec: (name) => ({ type: "loopback", name, mac: "02:00:5e:00:00:03" }) }],
      },
    ],
    unsupported: [
      { type: "internal", name: "none0" },
      { type: "dpdk", name: "none0", devargs: "0000:01:00.0" },
      { type: "patch", name: "none0", peer: "none1" },
      { type: "geneve", name: "none0", remote: "192.0.2.2" },
      { type: "memif", name: "none0", role: "master", mode: "inject-punt", socket: "/run/none0.sock" },
      { type: "loopback", name: "none0", ofportRequest: 4 },
      { type: "loopback", name: "none0", ingressPolicing: { rate: 1 } },
      { type: "loopback", name: "none0", externalIds: { note: "none" } },
    ],
  };
}

export const vppFeatures = {
  vlan: false,
  addresses: true,
  externalIds: false,
  failMode: false,
  moveReopens: false,
  sharedNames: false,
};

/** Does to a simulated VPP what an administrator would do with `vppctl`. */
function administratorOf(vpp: () => SimulatedVpp): Administrator {
  const nameOf = ({ name, tag }: { readonly name: string; readonly tag: string }): string =>
    /^vs[wm][nkd]\/[^/]+\/([^/]+)/iu.exec(tag)?.[1] ?? name;
  const indexOf = (wanted: string): number | undefined =>
    vpp()
      .interfaces.all()
      .find((each) => nameOf(each) === wanted)?.swIfIndex;
  const domainName = (tag: string, id: number): string =>
    /^vsw[op]\/[^/]+\/(.+)$/u.exec(tag)?.[1] ?? (tag || String(id));
  const domainOf = (name: string): number | undefined =>
    [...vpp().bridgeDomains.values()].find(({ bdId, tag }) => domainName(tag, bdId) === name)?.bdId;
  return {
    addBridge: async (name) => {
      const bdId = vpp().chooseBridgeDomain();
      const plain = {
        flood: true,
        uuFlood: true,
        forward: true,
        learn: true,
        arpTerm: false,
        arpUfwd: false,
      };
      vpp().bridgeDomains.set(bdId, { bdId, ...plain, macAge: 0, tag: name });
    },
    addInterface: async (bridge, name) => {
      const made = vpp().interfaces.add(name, { type: "af-packet", hostName: name }, "02:00:00:00:00:09");
      const bdId = domainOf(bridge) ?? 0;
      made.bridge = { bdId, portType: 0, splitHorizonGroup: 0 };
    },
    removeBridge: async (name) => {
      const bdId = domainOf(name);
      if (bdId === undefined) return;
      for (const index of vpp().members(bdId)) vpp().interfaces.delete(index);
      vpp().bridgeDomains.delete(bdId);
    },
    removeInterface: async (name) => {
      const index = indexOf(name);
      if (index !== undefined) vpp().interfaces.delete(index);
    },
    bridges: async () => [...vpp().bridgeDomains.values()].map(({ bdId, tag }) => domainName(tag, bdId)),
    interfaces: async () => vpp().interfaces.all().slice(1).map(nameOf),
    setExternalId: () => Promise.reject(new Error("VPP keeps no external ids")),
  };
}

/** A simulated VPP of one release. */
export function simulatedTarget(release: string): ConformanceTarget {
  let server: VppServer | undefined;
  let directory: string | undefined;
  const running = (): VppServer => {
    if (server === undefined) throw new Error("the server has not been started");
    return server;
  };
  return {
    ...vppExamples(() => directory ?? "/nowhere"),
    features: vppFeatures,
    start: async () => {
      directory = mkdtempSync(join(tmpdir(), "vpp-target-"));
      server = (await VppServer.start({ api: modelOf(release), version: `${release}-release` })).unwrap();
    },
    stop: async () => {
      await server?.[Symbol.asyncDispose]();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
    connect: async (owner) => (await connect({ engine: "vpp", remote: running().remote, owner })).unwrap(),
    administrator: administratorOf(() => running().vpp),
  };
}

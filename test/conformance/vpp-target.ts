import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "../../src/connect.js";
import type { InterfaceSpec, VxlanSpec } from "../../src/core/specs.js";
import type { VppClient } from "../../src/vpp/api/client.js";
import { connectVpp } from "../../src/vpp/api/connect.js";
import { VppServer } from "../../src/testing/vpp/index.js";
import { modelOf } from "../vpp/schema/api-files.js";
import type { ConformanceTarget, Example } from "./target.js";
import { administratorOf } from "./vpp-administrator.js";

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
  const vxlan = (name: string): VxlanSpec => {
    // Another tunnel for each name.
    const remote = `198.51.100.${1 + Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) % 250, 0)}`;
    return { type: "vxlan", name, remote, local: "192.0.2.1", vni: 7 };
  };
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
      {
        title: "vxlan",
        spec: vxlan,
        variations: [
          { path: "vni", spec: (name) => ({ ...vxlan(name), vni: 8 }) },
          { path: "remote", spec: (name) => ({ ...vxlan(name), remote: "203.0.113.1" }) },
          { path: "local", spec: (name) => ({ ...vxlan(name), local: "203.0.113.1" }) },
          { path: "adminState", spec: (name) => ({ ...vxlan(name), adminState: "down" }) },
        ],
      },
    ],
    unsupported: [
      { type: "internal", name: "none0" },
      { type: "dpdk", name: "none0", devargs: "0000:01:00.0" },
      { type: "patch", name: "none0", peer: "none1" },
      { type: "geneve", name: "none0", remote: "192.0.2.2" },
      { type: "memif", name: "none0", role: "master", mode: "inject-punt", socket: "/run/none0.sock" },
      { type: "vxlan", name: "none0", remote: "flow", local: "192.0.2.1" },
      { type: "vxlan", name: "none0", remote: "192.0.2.2", local: "192.0.2.1", vni: "flow" },
      { type: "vxlan", name: "none0", remote: "239.1.1.1", local: "192.0.2.1" },
      { type: "loopback", name: "none0", ofportRequest: 4 },
      { type: "loopback", name: "none0", ingressPolicing: { rate: 1 } },
      { type: "loopback", name: "none0", externalIds: { note: "none" } },
    ],
  };
}

export const vppFeatures: ConformanceTarget["features"] = {
  vlanModes: ["access", "trunk", "native-untagged", "dot1q-tunnel"],
  openTrunks: false,
  addresses: true,
  externalIds: false,
  failMode: false,
  moveReopens: false,
  sharedNames: false,
};

/** A VPP that is started somehow and gives where it listens. */
export interface VppTarget {
  readonly start: (directory: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A target over a VPP; the administrator has a connection of its own. */
export function vppTarget({ start, stop }: VppTarget): ConformanceTarget {
  let directory: string | undefined;
  let remote: string | undefined;
  let client: VppClient | undefined;
  const administrator = administratorOf(() => {
    if (client === undefined) throw new Error("the VPP has not been started");
    return client;
  });
  return {
    ...vppExamples(() => directory ?? "/nowhere"),
    features: vppFeatures,
    start: async () => {
      directory = mkdtempSync(join(tmpdir(), "vpp-target-"));
      remote = await start(directory);
      client = (await connectVpp({ remote, name: "administrator" })).unwrap();
    },
    stop: async () => {
      await client?.close();
      await stop();
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    },
    connect: async (owner) => (await connect({ engine: "vpp", remote: remote ?? "", owner })).unwrap(),
    administrator,
  };
}

/** A simulated VPP of one release. */
export function simulatedTarget(release: string): ConformanceTarget {
  let server: VppServer | undefined;
  return vppTarget({
    start: async () => {
      server = (await VppServer.start({ api: modelOf(release), version: `${release}-release` })).unwrap();
      return server.remote;
    },
    stop: async () => {
      await server?.[Symbol.asyncDispose]();
    },
  });
}

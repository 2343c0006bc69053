import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Place } from "../contestants/cni.js";
import { server as vppServer } from "../contestants/vpp.js";
import { connect } from "../../src/index.js";
import { availableFlavours, startOpenVSwitch } from "../../test/support/openvswitch.js";
import { ContestantProcess } from "./contestant-process.js";

/** A switch, and the network configuration with which all attach to it. */
export interface Engine extends AsyncDisposable {
  readonly kind: "vpp" | "ovs";
  /** What it is, with its version. */
  readonly title: string;
  /** Where it listens: `unix:PATH`. */
  readonly remote: string;
  /** A bridge that is there, or that an ADD makes and a DEL takes away. */
  readonly bridge: string;
  readonly directory: string;
  /** The names of the interfaces that were made. */
  interfaces(): Promise<readonly string[]>;
  /** Writes the network configuration, with the switch at `remote`, and gives the file. */
  configuration(name: string, remote: string): Promise<string>;
}

export const containerId = "0958c8871b32aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff223344";

async function writeConfiguration(directory: string, name: string, host: object): Promise<string> {
  const file = join(directory, `${name}.json`);
  const conf = {
    cniVersion: "1.0.0",
    name,
    type: "userspace",
    stateDir: join(directory, "state"),
    sharedDir: join(directory, "shared"),
    host: { netType: "bridge", ...host },
    // Read by `static` alone: our own attachments have no IPAM.
    ...(name === "static" && { ipam: { type: "static", addresses: [{ address: "10.1.2.3/24" }] } }),
  };
  await writeFile(file, JSON.stringify(conf));
  return file;
}

/** Open vSwitch with DPDK, unprivileged: the vhost-user ports are DPDK's, the datapath is `dummy`. */
export async function openVSwitch(): Promise<Engine> {
  const { available, note } = availableFlavours().dpdk;
  if (!available) throw new Error(`OVS-DPDK cannot run here${note}`);
  const ovs = await startOpenVSwitch({ flavour: "dpdk" });
  const bridge = "br0";
  await ovs.vsctl("add-br", bridge, "--", "set", "Bridge", bridge, `datapath_type=${ovs.datapathType}`);
  return {
    kind: "ovs",
    title: `Open vSwitch ${ovs.version} with ${ovs.dpdk?.version ?? "no DPDK"}, datapath ${ovs.datapathType}: a vhost-user client port on a bridge that is there`,
    remote: ovs.remote,
    bridge,
    directory: ovs.dir,
    interfaces: async () => (await ovs.vsctl("list-ports", bridge)).split("\n").filter((port) => port !== ""),
    configuration: (name, remote) =>
      writeConfiguration(ovs.dir, name, {
        engine: "ovs-dpdk",
        iftype: "vhostuser",
        remote,
        vhost: { mode: "client" },
        bridge: { bridgeName: bridge, datapathType: ovs.datapathType },
      }),
    [Symbol.asyncDispose]: () => ovs.stop(),
  };
}

/** A real VPP by `VPP_API_SOCKET`, else the API server of vswitch-drivers/testing. */
export async function vpp({ buildFolder, socketFolder }: Place, api: string): Promise<Engine> {
  const real = process.env["VPP_API_SOCKET"];
  let server: ContestantProcess | undefined;
  let socket = real ?? "";
  if (real === undefined) {
    server = await ContestantProcess.start("VPP", [...(await vppServer.command(buildFolder)), api, "0"]);
    socket = server.versions["socket"] ?? "";
  }
  const remote = `unix:${socket}`;
  return {
    kind: "vpp",
    title: `${real === undefined ? vppServer.name : "a real VPP"}: a memif on a bridge domain that ADD makes and DEL deletes`,
    remote,
    bridge: "4",
    directory: socketFolder,
    interfaces: async () => {
      await using vswitch = (await connect({ engine: "vpp", remote, owner: "cni" })).unwrap();
      return (await vswitch.listInterfaces({ ownOnly: true })).unwrap().map(({ name }) => name);
    },
    configuration: (name, at) =>
      writeConfiguration(socketFolder, name, {
        engine: "vpp",
        iftype: "memif",
        remote: at,
        memif: { role: "master", mode: "ethernet" },
        bridge: { bridgeId: 4 },
      }),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  };
}

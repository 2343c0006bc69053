/** The switches that the plugin is tried on, each with the ends of an attachment that it can have. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { connect } from "../../../src/index.js";
import { VppServer } from "../../../src/testing/index.js";
import { connectVpp } from "../../../src/vpp/index.js";
import { availableFlavours, startOpenVSwitch, type OpenVSwitch } from "../../support/openvswitch.js";
import { realVpp, type RealVpp } from "../../support/vpp-real.js";
import { apiDirectory, modelOf, releases, unlessMissing } from "../../vpp/schema/api-files.js";
import { master } from "./lab.js";

type Json = Record<string, unknown>;

/** What is on a switch, as the switch says. */
export interface Content {
  readonly interfaces: readonly string[];
  readonly bridges: readonly string[];
  /** Of Open vSwitch the files of its sockets, of VPP its memif sockets. */
  readonly sockets: readonly string[];
}

const emptySwitch: Content = { interfaces: [], bridges: [], sockets: [] };

/** A switch, and an end of an attachment to it. */
export interface Target {
  readonly title: string;
  readonly available: boolean;
  /** Why it is not available, to be put after a title; else empty. */
  readonly note: string;
  /** The `host` of a configuration. */
  host(): Json;
  /** What is there that was not at the start. */
  content(): Promise<Content>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** With MAC and MTU where all of a switch's releases take them. */
const hostOn = (remote: string, more: Json): Json => ({ ...master, remote, mtu: 1400, ...more });

function simulatedVpp(title: string, more: Json): Target {
  let server: VppServer | undefined;
  return {
    title: `VPP ${title}`,
    available: releases.length > 0,
    note: unlessMissing,
    host: () => hostOn(server?.remote ?? "", more),
    content: async () => {
      if (server === undefined) return emptySwitch;
      const { interfaces, bridgeDomains, memifSockets } = server.vpp;
      return {
        interfaces: interfaces
          .all()
          .map(({ name }) => name)
          .filter((name) => name !== "local0"),
        bridges: [...bridgeDomains.keys()].map(String),
        sockets: [...memifSockets.values()].filter(({ id }) => id !== 0).map(({ path }) => path),
      };
    },
    start: async () => {
      server = (await VppServer.start({ api: modelOf(releases.at(-1) ?? "") })).unwrap();
    },
    stop: async () => server?.[Symbol.asyncDispose](),
  };
}

async function contentOfVpp(remote: string): Promise<Content> {
  await using vswitch = (await connect({ engine: "vpp", remote })).unwrap();
  const [interfaces, bridges] = [await vswitch.listInterfaces(), await vswitch.listBridges()];
  const api = { directory: join(apiDirectory, releases[0] ?? "") };
  await using vpp = (await connectVpp({ remote, api })).unwrap();
  const sockets = (await vpp.dump("memif_socket_filename_dump").all()).unwrap();
  return {
    interfaces: interfaces.unwrap().map(({ name }) => name),
    bridges: bridges.unwrap().map(({ name }) => name),
    sockets: sockets.map((socket) => String(socket["socket_filename"])),
  };
}

/** What is there now and was not before. */
export const without = (now: readonly string[], before: readonly string[]): readonly string[] =>
  now.filter((name) => !before.includes(name));

/** A real VPP that others started. */
function runningVpp({ remote }: RealVpp, title: string, more: Json): Target {
  let before = emptySwitch;
  return {
    title: `a real VPP ${title}`,
    available: releases.length > 0,
    note: unlessMissing,
    host: () => hostOn(remote, more),
    content: async () => {
      const now = await contentOfVpp(remote);
      return {
        interfaces: without(now.interfaces, before.interfaces),
        bridges: without(now.bridges, before.bridges),
        sockets: without(now.sockets, before.sockets),
      };
    },
    start: async () => {
      before = await contentOfVpp(remote);
    },
    stop: async () => {},
  };
}

const { dpdk } = availableFlavours();

const lines = (text: string | undefined): readonly string[] =>
  (text ?? "").split("\n").filter((line) => line !== "");

function openVSwitch(title: string, end: Json): Target {
  let ovs: OpenVSwitch | undefined;
  return {
    title: `Open vSwitch ${title}`,
    available: dpdk.available,
    note: dpdk.note,
    host: () => ({
      engine: "ovs-dpdk",
      remote: ovs?.remote ?? "",
      bridge: { bridgeName: "lab", datapathType: ovs?.datapathType ?? "netdev" },
      vlan: 12,
      ...end,
    }),
    content: async () => ({
      // Every bridge has an internal one of its own.
      interfaces: lines(await ovs?.vsctl("--bare", "--columns=name", "find", "Interface", "type!=internal")),
      bridges: lines(await ovs?.vsctl("list-br")),
      sockets: ovs === undefined ? [] : readdirSync(ovs.vhostSockDir),
    }),
    start: async () => {
      ovs = await startOpenVSwitch({ flavour: "dpdk" });
    },
    stop: async () => ovs?.stop(),
  };
}

const vpps = (title: string, more: Json): readonly Target[] => [
  simulatedVpp(title, more),
  ...(realVpp === undefined ? [] : [runningVpp(realVpp, title, more)]),
];

/** VPPs, simulated and real, with memif on a bridge domain. */
export const vppBridges = vpps("memif on a bridge domain", {});

/** Every engine with every type, on bridges and with addresses. */
export const targets: readonly Target[] = [
  ...vppBridges,
  ...vpps("memif with addresses", { netType: "interface", bridge: undefined }),
  ...vpps("vhost-user", { iftype: "vhostuser", memif: undefined, vhost: { mode: "client" } }),
  openVSwitch("as vhost-user server", { iftype: "vhostuser" }),
  openVSwitch("as vhost-user client", {
    iftype: "vhostuser",
    vhost: { mode: "client" },
    socket: { group: process.getgid?.() ?? 0 },
  }),
];

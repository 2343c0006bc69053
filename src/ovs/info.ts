import type { Attachment, InterfaceSpec } from "../core/specs.js";
import type { BridgeInfo, InterfaceInfo, State } from "../core/vswitch.js";
import { foreignIds, lifetimeOf, markOf } from "./marks.js";
import { memifDevargs, memifSocket } from "./memif.js";
import type { BridgeRow, InterfaceRow } from "./rows.js";
import type { PortColumns } from "./spec-columns.js";

/** An interface with the port it belongs to and the bridge that port is on. */
export interface PlacedInterface {
  readonly interface: InterfaceRow;
  readonly port: PortColumns | undefined;
  /** `undefined`: on the holding bridge, or (for a moment) on none. */
  readonly bridge: { readonly name: string } | undefined;
}

const state = (value: string | null): State => (value === "up" || value === "down" ? value : "unknown");

const coreTypes: ReadonlyMap<string, InterfaceInfo["type"]> = new Map([
  ["dpdkvhostuser", "vhost-user"],
  ["dpdkvhostuserclient", "vhost-user"],
  ["internal", "internal"],
  ["tap", "tap"],
  ["patch", "patch"],
  ["vxlan", "vxlan"],
  ["geneve", "geneve"],
  ["dpdk", "dpdk"],
]);

function coreType(row: InterfaceRow): InterfaceInfo["type"] {
  const devargs = row.options.get("dpdk-devargs");
  if (row.type === "dpdk" && devargs !== undefined && memifSocket(devargs) !== null) return "memif";
  return coreTypes.get(row.type) ?? "other";
}

/** For vhost-user the link is up when a peer is connected (`netdev_dpdk_vhost_user_get_status`, lib/netdev-dpdk.c). */
function linkState(row: InterfaceRow): State {
  const peer = row.status.get("status");
  if (row.type.startsWith("dpdkvhostuser") && peer !== undefined) return peer === "connected" ? "up" : "down";
  return state(row.link_state);
}

function socketOf(row: InterfaceRow, vhostSocketDirectory: string | null): string | null {
  if (row.type === "dpdkvhostuserclient") return row.options.get("vhost-server-path") ?? null;
  if (row.type === "dpdkvhostuser") {
    const told = row.status.get("socket");
    if (told !== undefined) return told;
    return vhostSocketDirectory === null ? null : `${vhostSocketDirectory}/${row.name}`;
  }
  return memifSocket(row.options.get("dpdk-devargs") ?? "");
}

export function vlanOf(port: PortColumns | undefined): InterfaceInfo["vlan"] {
  if (port === undefined) return {};
  return {
    ...(port.vlan_mode !== null && { vlanMode: port.vlan_mode }),
    ...(port.tag !== null && { tag: port.tag }),
    ...(port.trunks.length > 0 && { trunks: port.trunks }),
  };
}

/** An interface of the database as the core API shows it. */
export function interfaceInfo(placed: PlacedInterface, vhostSocketDirectory: string | null): InterfaceInfo {
  const row = placed.interface;
  return {
    name: row.name,
    type: coreType(row),
    nativeType: row.type === "" ? "system" : row.type,
    mark: markOf(row.external_ids),
    bridge: placed.bridge?.name ?? null,
    vlan: vlanOf(placed.port),
    adminState: state(row.admin_state),
    linkState: linkState(row),
    // vswitchd shows 0 for a vhost-user port that no peer has connected to.
    mtu: row.mtu === null || row.mtu === 0 ? null : Number(row.mtu),
    mac: row.mac_in_use ?? row.mac,
    socket: socketOf(row, vhostSocketDirectory),
    addresses: [],
    error: row.error,
    externalIds: foreignIds(row.external_ids),
    statistics: Object.fromEntries(row.statistics),
    native: { uuid: row._uuid, ...(row.ofport !== null && { ofport: Number(row.ofport) }) },
  };
}

/** A bridge of the database as the core API shows it. */
export function bridgeInfo(row: BridgeRow, interfaces: readonly string[], error: string | null): BridgeInfo {
  return {
    name: row.name,
    mark: markOf(row.external_ids),
    lifetime: lifetimeOf(row.external_ids),
    interfaces,
    error,
    externalIds: foreignIds(row.external_ids),
    native: {
      uuid: row._uuid,
      datapath_type: row.datapath_type,
      ...(row.fail_mode !== null && { fail_mode: row.fail_mode }),
    },
  };
}

const numberOr = (text: string | undefined): string | number | undefined =>
  text !== undefined && /^\d{1,10}$/u.test(text) ? Number(text) : text;

/** The fields of a spec that the row of an existing interface answers for, to compare with what is wanted. */
export function presentSpec(placed: PlacedInterface, wanted: InterfaceSpec): Record<string, unknown> {
  const { interface: row, port, bridge } = placed;
  const { options } = row;
  const type = coreType(row);
  const mark = markOf(row.external_ids);
  return {
    type: type === "other" ? row.type : type,
    name: row.name,
    key: mark?.key,
    mode: row.type === "dpdkvhostuser" ? "server" : row.type === "dpdkvhostuserclient" ? "client" : undefined,
    socket: options.get("vhost-server-path"),
    device: row.name,
    devargs: options.get("dpdk-devargs"),
    rxQueues: numberOr(options.get("n_rxq")),
    rxDescriptors: numberOr(options.get("n_rxq_desc")),
    txDescriptors: numberOr(options.get("n_txq_desc")),
    peer: options.get("peer"),
    remote: options.get("remote_ip"),
    local: options.get("local_ip"),
    vni: numberOr(options.get("key")),
    dstPort: numberOr(options.get("dst_port")),
    mac: row.mac ?? undefined,
    mtu: row.mtu_request ?? undefined,
    adminState: "up",
    ofportRequest: row.ofport_request ?? undefined,
    ingressPolicing: {
      rate: row.ingress_policing_rate,
      burst: row.ingress_policing_burst,
      kpktsRate: row.ingress_policing_kpkts_rate,
      kpktsBurst: row.ingress_policing_kpkts_burst,
    },
    externalIds: foreignIds(row.external_ids),
    attach: { bridge: bridge?.name, ...presentVlan(port, wanted.attach) },
    ...(wanted.type === "memif" && type === "memif" && presentMemif(options.get("dpdk-devargs"), wanted)),
  };
}

/** An absent `vlan_mode` means `access` with a tag and `trunk` without (ovs-vswitchd.conf.db(5)). */
function presentVlan(port: PortColumns | undefined, wanted: Attachment | undefined): InterfaceInfo["vlan"] {
  const vlan = vlanOf(port);
  if (wanted?.vlanMode === undefined || vlan.vlanMode !== undefined) return vlan;
  return { ...vlan, vlanMode: vlan.tag === undefined ? "trunk" : "access" };
}

/** A memif's arguments are one text: equal texts, equal memifs; else each field is told from the text. */
function presentMemif(
  devargs: string | undefined,
  wanted: Extract<InterfaceSpec, { type: "memif" }>,
): object {
  const { role, id, socket, secret, ringSize, bufferSize } = wanted;
  if (devargs === memifDevargs(wanted))
    return { role, id, socket, secret, ringSize, bufferSize, mode: "ethernet" };
  const args = new Map(
    (devargs ?? "").split(",").map((arg) => [arg.split("=", 1)[0] ?? "", arg.slice(arg.indexOf("=") + 1)]),
  );
  const log2 = args.get("rsize");
  return {
    role: args.get("role") === "server" ? "master" : "slave",
    mode: "ethernet",
    id: numberOr(args.get("id")),
    socket: args.get("socket"),
    secret: args.get("secret"),
    ringSize: log2 === undefined ? undefined : 2 ** Number(log2),
    bufferSize: numberOr(args.get("bsize")),
  };
}

import type { Attachment } from "../../core/specs.js";
import type { BridgeInfo, InterfaceInfo } from "../../core/vswitch.js";
import type { MemifDetails } from "../bindings/memif.js";
import type { DomainMark } from "./marks.js";
import { readSubId, vlanOf } from "./vlan.js";
import { bridgeNameOf, domainsOf, type Bridge, type Domain, type Found, type World } from "./world.js";

const noMac = "00:00:00:00:00:00";

const adminUp = 1;
const linkUp = 2;

function socketOf({ device }: Found): string | null {
  if (device.type === "memif") return device.socket;
  return device.type === "vhost-user" ? device.details.sock_filename : null;
}

/** The MTU that VPP heeds: that of layer 3 (`mtu[0]`), or the device's where none is set. */
function mtuOf({ details }: Found): number | null {
  const [layer3 = 0] = details.mtu;
  return layer3 || details.link_mtu || null;
}

const halfMade = "it is being made, or was left half made: deleteInterface() takes it away";
const halfMoved = "it is being moved, or was left half moved: attachToBridge() puts it in order";

/** What is wrong with an interface. */
function errorOf(found: Found): string | null {
  if (found.mark?.isMaking === true) return halfMade;
  const { subs } = found;
  const isAstray = subs.some(({ id, domain }) => domain?.vlan !== readSubId(id)?.vlan);
  const bridges = new Set(domainsOf(found).map(({ name }) => name));
  return isAstray || bridges.size > 1 ? halfMoved : null;
}

/** What the core API tells of an interface. */
export function interfaceInfo(found: Found, addresses: readonly string[]): InterfaceInfo {
  const { name, mark, details, device, domain, index } = found;
  return {
    name,
    type: device.type,
    nativeType: details.interface_dev_type || device.type,
    mark: mark === undefined ? null : { owner: mark.owner, key: mark.key },
    bridge: bridgeNameOf(found) ?? null,
    vlan: vlanOf(
      domain?.vlan,
      found.subs.map(({ id }) => id),
    ),
    adminState: (details.flags & adminUp) === 0 ? "down" : "up",
    linkState: (details.flags & linkUp) === 0 ? "down" : "up",
    mtu: mtuOf(found),
    mac: details.l2_address === noMac ? null : details.l2_address,
    socket: socketOf(found),
    addresses,
    error: errorOf(found),
    externalIds: {},
    statistics: {},
    native: {
      sw_if_index: index,
      interface_name: details.interface_name,
      ...(domain !== undefined && { bd_id: domain.id }),
      ...(device.type === "memif" && { socket_id: device.details.socket_id, id: device.details.id }),
    },
  };
}

/** The mark of a bridge: that of its own domain; where there is none, of the domain of its first VLAN. */
export const markOf = ({ own, vlans: [first] }: Bridge): DomainMark | undefined =>
  own === undefined ? first?.mark : own.mark;

/** What the core API tells of a bridge. */
export function bridgeInfo(bridge: Bridge, world: World): BridgeInfo {
  const { name, own, vlans } = bridge;
  const mark = markOf(bridge);
  const members = [...(own?.members ?? []), ...vlans.flatMap((domain) => domain.members)];
  const names = new Set(members.flatMap((index) => world.byIndex.get(index)?.name ?? []));
  return {
    name,
    mark: mark === undefined ? null : { owner: mark.owner, key: mark.name },
    lifetime: mark === undefined ? null : lifetimeOf(own),
    interfaces: [...names].toSorted(),
    error: null,
    externalIds: {},
    native: {
      ...(own !== undefined && { bd_id: own.id }),
      ...Object.fromEntries(vlans.map(({ vlan, id }) => [`bd_id of VLAN ${vlan}`, id])),
    },
  };
}

/** How long a bridge of ours lives, by its own domain: those of its VLANs live while something is in them. */
export const lifetimeOf = (own: Domain | undefined): "on-demand" | "persistent" =>
  own === undefined || (own.mark?.kind === "on-demand" && own.keptBy === undefined)
    ? "on-demand"
    : "persistent";

const memifModes: Readonly<Record<string, string>> = {
  MEMIF_MODE_API_ETHERNET: "ethernet",
  MEMIF_MODE_API_IP: "ip",
  MEMIF_MODE_API_PUNT_INJECT: "inject-punt",
};

const memifFields = ({ role, mode, id }: MemifDetails): Record<string, unknown> => ({
  role: role === "MEMIF_ROLE_API_SLAVE" ? "slave" : "master",
  mode: memifModes[mode] ?? mode,
  id,
});

function deviceFields({ device }: Found): Record<string, unknown> {
  switch (device.type) {
    case "memif":
      return memifFields(device.details);
    case "vhost-user":
      return { mode: device.details.is_server ? "server" : "client" };
    case "tap":
      return { device: device.details.host_if_name };
    case "af-packet":
      return { device: device.details.host_if_name };
    case "vxlan": {
      const { local, remote, vni, port } = device.tunnel;
      return { local, remote, vni, dstPort: port };
    }
    case "loopback":
    case "other":
      return {};
  }
}

/**
 * An interface in the form of a spec, to compare with what is wanted; what VPP does not tell is not in it. A mode that
 * was left out is told where one is wanted (as `vlan_mode` of ovs-vswitchd.conf.db(5): `access` with a tag, else `trunk`).
 */
export function presentSpec(found: Found, wanted: Attachment | undefined): Record<string, unknown> {
  const info = interfaceInfo(found, []);
  const { name, type, mtu, mac, adminState, socket, bridge, vlan } = info;
  const vlanMode = wanted?.vlanMode && (vlan.vlanMode ?? (vlan.tag === undefined ? "trunk" : "access"));
  return {
    name,
    type,
    key: info.mark?.key,
    mtu,
    mac,
    adminState,
    ...(socket !== null && { socket }),
    attach: bridge === null ? {} : { bridge, ...vlan, ...(vlanMode !== undefined && { vlanMode }) },
    ...deviceFields(found),
  };
}

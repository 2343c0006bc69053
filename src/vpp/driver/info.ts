import type { BridgeInfo, InterfaceInfo } from "../../core/vswitch.js";
import type { MemifDetails } from "../bindings/memif.js";
import type { Domain, Found, World } from "./world.js";

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

/** What the core API tells of an interface. */
export function interfaceInfo(found: Found, addresses: readonly string[]): InterfaceInfo {
  const { name, mark, details, device, domain, index } = found;
  return {
    name,
    type: device.type,
    nativeType: details.interface_dev_type || device.type,
    mark: mark === undefined ? null : { owner: mark.owner, key: mark.key },
    bridge: domain?.name ?? null,
    vlan: {},
    adminState: (details.flags & adminUp) === 0 ? "down" : "up",
    linkState: (details.flags & linkUp) === 0 ? "down" : "up",
    mtu: mtuOf(found),
    mac: details.l2_address === noMac ? null : details.l2_address,
    socket: socketOf(found),
    addresses,
    error: mark?.isMaking === true ? halfMade : null,
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

/** What the core API tells of a bridge domain. */
export function bridgeInfo(domain: Domain, world: World): BridgeInfo {
  const { id, name, mark, members } = domain;
  const names = members.flatMap((index) => world.byIndex.get(index)?.name ?? []);
  return {
    name,
    mark: mark === undefined ? null : { owner: mark.owner, key: mark.name },
    lifetime: mark === undefined ? null : lifetimeOf(domain),
    interfaces: names.toSorted(),
    error: null,
    externalIds: {},
    native: { bd_id: id },
  };
}

/** How long one of our domains lives. */
export const lifetimeOf = ({ mark, keptBy }: Domain): "on-demand" | "persistent" =>
  mark?.kind === "on-demand" && keptBy === undefined ? "on-demand" : "persistent";

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
    case "loopback":
    case "other":
      return {};
  }
}

/** An interface in the form of a spec, to compare with what is wanted; what VPP does not tell is not in it. */
export function presentSpec(found: Found): Record<string, unknown> {
  const info = interfaceInfo(found, []);
  const { name, type, mtu, mac, adminState, socket, bridge } = info;
  return {
    name,
    type,
    key: info.mark?.key,
    mtu,
    mac,
    adminState,
    ...(socket !== null && { socket }),
    attach: bridge === null ? {} : { bridge },
    ...deviceFields(found),
  };
}

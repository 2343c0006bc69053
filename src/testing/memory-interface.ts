import type { InterfaceSpec } from "../core/specs.js";
import type { BridgeInfo, InterfaceInfo, Mark } from "../core/vswitch.js";

/** An interface as the in-memory switch keeps it. Records are replaced, never changed. */
export interface StoredInterface {
  readonly info: InterfaceInfo;
  /** The spec it was made from with all defaults, for comparison; empty for somebody else's. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A bridge as the in-memory switch keeps it; what is on it is known from the interfaces. */
export type StoredBridge = Omit<BridgeInfo, "interfaces"> & {
  readonly failMode: "standalone" | "secure";
};

/** Where an interface sits. */
export type Place = Pick<InterfaceInfo, "bridge" | "vlan">;

export const isolated: Place = { bridge: null, vlan: {} };

/** The defaults that the documentation of the specs promises. */
function defaults(spec: InterfaceSpec): Record<string, unknown> {
  switch (spec.type) {
    case "vhost-user":
      return { socket: `/run/memory-switch/${spec.name}` };
    case "memif":
      return { mode: "ethernet", id: 0, rxQueues: 1, txQueues: 1, ringSize: 1024, bufferSize: 2048 };
    case "tap":
      return { device: spec.name, rxQueues: 1, txQueues: 1 };
    case "dpdk":
      return { rxQueues: 1 };
    case "vxlan":
      return { vni: 0, dstPort: 4789 };
    case "geneve":
      return { vni: 0, dstPort: 6081 };
    case "internal":
    case "loopback":
    case "af-packet":
    case "patch":
      break;
  }
  return {};
}

const withoutAbsent = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** A spec with its defaults, without where it is attached. `mac` is what the switch chooses if the spec does not. */
export function settingsOf(spec: InterfaceSpec, mac: string): Record<string, unknown> {
  const { attach: _attach, ingressPolicing, ...fields } = spec;
  return {
    key: spec.name,
    mtu: 1500,
    mac,
    adminState: "up",
    externalIds: {},
    ...defaults(spec),
    ...withoutAbsent(fields),
    ingressPolicing: {
      rate: 0,
      burst: 0,
      kpktsRate: 0,
      kpktsBurst: 0,
      ...withoutAbsent(ingressPolicing ?? {}),
    },
  };
}

/** Peers connect to these; until one does, the link is down. */
const needsPeer: ReadonlySet<string> = new Set(["vhost-user", "memif"]);

interface Making {
  readonly mark: Mark;
  readonly place: Place;
  readonly error: string | null;
  /** Numbers the interfaces of one switch. */
  readonly number: number;
}

/** What `createInterface` puts into the switch. */
export function storedInterface(spec: InterfaceSpec, making: Making): StoredInterface {
  const { mark, place, error, number } = making;
  const mac =
    spec.mac ??
    `02:00:00:${number
      .toString(16)
      .padStart(6, "0")
      .replaceAll(/..(?=.)/gu, "$&:")}`;
  const settings = settingsOf(spec, mac);
  const adminState = spec.adminState ?? "up";
  const info: InterfaceInfo = {
    name: spec.name,
    type: spec.type,
    nativeType: spec.type,
    mark,
    ...place,
    adminState,
    linkState: adminState === "up" && error === null && !needsPeer.has(spec.type) ? "up" : "down",
    mtu: spec.mtu ?? 1500,
    mac,
    socket: typeof settings["socket"] === "string" ? settings["socket"] : null,
    addresses: [],
    error,
    externalIds: { ...spec.externalIds },
    statistics: {},
    native: { number },
  };
  return { info, settings };
}

/** The settings with what may have changed since, in the form of a spec, to compare with what is wanted. */
export function presentSpec({ info, settings }: StoredInterface): Record<string, unknown> {
  const { bridge, vlan, mtu, externalIds } = info;
  const attach =
    bridge === null ? {} : { bridge, ...vlan, vlanMode: vlanModeOf(vlan), trunks: vlan.trunks ?? [] };
  return { ...settings, mtu, externalIds, attach };
}

/** The mode that holds when none is set, as `vlan_mode` of ovs-vswitchd.conf.db(5). */
const vlanModeOf = (vlan: Place["vlan"]): NonNullable<Place["vlan"]["vlanMode"]> =>
  vlan.vlanMode ?? (vlan.tag === undefined ? "trunk" : "access");

/** Whether two places are one: on the same bridge, with VLAN settings that mean the same. */
export function samePlace(a: Place, b: Place): boolean {
  return (
    a.bridge === b.bridge &&
    a.vlan.tag === b.vlan.tag &&
    vlanModeOf(a.vlan) === vlanModeOf(b.vlan) &&
    (a.vlan.trunks ?? []).join() === (b.vlan.trunks ?? []).join()
  );
}

/** What an interface is made of. */
export type Device =
  | { readonly type: "local" }
  | { readonly type: "loopback"; readonly instance: number }
  | {
      readonly type: "memif";
      readonly id: number;
      readonly socketId: number;
      readonly isMaster: boolean;
      readonly mode: number;
      readonly isZeroCopy: boolean;
    }
  | {
      readonly type: "vhost-user";
      readonly instance: number;
      socket: string;
      isServer: boolean;
    }
  | {
      readonly type: "tap";
      readonly id: number;
      readonly hostName: string;
      readonly hostNamespace: string;
      readonly hostBridge: string;
      readonly hostMac: string;
      readonly flags: number;
      readonly ringSizes: { readonly rx: number; readonly tx: number };
    }
  | { readonly type: "af-packet"; readonly hostName: string }
  | {
      readonly type: "vxlan";
      readonly instance: number;
      readonly local: string;
      readonly remote: string;
      readonly vni: number;
      /** The UDP ports that it receives on and sends to. */
      readonly ports: { readonly local: number; readonly remote: number };
      readonly table: number;
    }
  | {
      readonly type: "sub";
      readonly id: number;
      readonly outerVlan: number;
      readonly innerVlan: number;
      readonly flags: number;
    };

/** How an interface is known to `sw_interface_dump`. */
const deviceClasses: Readonly<Record<Device["type"], string>> = {
  local: "local",
  loopback: "Loopback",
  memif: "memif",
  "vhost-user": "vhost-user",
  tap: "virtio",
  "af-packet": "af-packet",
  vxlan: "VXLAN",
  sub: "",
};

/** A bridge domain that an interface is in. */
export interface BridgePort {
  readonly bdId: number;
  /** 0 normal, 1 BVI, 2 unknown-unicast forward. */
  readonly portType: number;
  readonly splitHorizonGroup: number;
}

/** One interface of the simulated VPP. Tests may look at it and change it. */
export interface SimulatedInterface {
  readonly swIfIndex: number;
  readonly supSwIfIndex: number;
  name: string;
  readonly device: Device;
  mac: string;
  isAdminUp: boolean;
  isLinkUp: boolean;
  linkMtu: number;
  /** L3, IPv4, IPv6, MPLS. */
  mtu: readonly number[];
  tag: string;
  /** As `ADDRESS/LENGTH`. */
  addresses: string[];
  bridge: BridgePort | undefined;
  /** Rewrites of VLAN tags: operation, whether the pushed tag is 802.1Q, tags. */
  rewrite: readonly [operation: number, dot1q: number, tag1: number, tag2: number];
  tables: { ip4: number; ip6: number };
}

/** What is told when an interface changes. */
export interface InterfaceChange {
  readonly swIfIndex: number;
  readonly isDeleted: boolean;
}

/** All interfaces. Indices are those of VPP's pools: what is given back last is given out first. */
export class Interfaces {
  readonly #byIndex = new Map<number, SimulatedInterface>();
  readonly #free: number[] = [];
  readonly #onChange: (change: InterfaceChange) => void;
  #next = 0;

  constructor(onChange: (change: InterfaceChange) => void) {
    this.#onChange = onChange;
    this.add("local0", { type: "local" }, "00:00:00:00:00:00", { linkMtu: 0, mtu: [0, 0, 0, 0] });
  }

  get(swIfIndex: number): SimulatedInterface | undefined {
    return this.#byIndex.get(swIfIndex);
  }

  /** By index, as VPP dumps them. */
  all(): readonly SimulatedInterface[] {
    return [...this.#byIndex.values()].toSorted((a, b) => a.swIfIndex - b.swIfIndex);
  }

  /** The interfaces of one kind. */
  ofType<Type extends Device["type"]>(
    type: Type,
  ): readonly (SimulatedInterface & { readonly device: Device & { readonly type: Type } })[] {
    return this.all().filter((candidate) => isOfType(candidate, type));
  }

  /** The interface of an index, if it is of this kind. */
  find<Type extends Device["type"]>(
    swIfIndex: number,
    type: Type,
  ): (SimulatedInterface & { readonly device: Device & { readonly type: Type } }) | undefined {
    const found = this.get(swIfIndex);
    return found !== undefined && isOfType(found, type) ? found : undefined;
  }

  add(
    name: string,
    device: Device,
    mac: string,
    more: {
      readonly sup?: number;
      readonly linkMtu?: number;
      readonly mtu?: readonly number[];
      readonly tag?: string;
    } = {},
  ): SimulatedInterface {
    const swIfIndex = this.#free.pop() ?? this.#next++;
    const made: SimulatedInterface = {
      swIfIndex,
      supSwIfIndex: more.sup ?? swIfIndex,
      name,
      device,
      mac,
      isAdminUp: false,
      isLinkUp: false,
      linkMtu: more.linkMtu ?? 9000,
      mtu: more.mtu ?? [9000, 0, 0, 0],
      tag: more.tag ?? "",
      addresses: [],
      bridge: undefined,
      rewrite: [0, 0, 0, 0],
      tables: { ip4: 0, ip6: 0 },
    };
    this.#byIndex.set(swIfIndex, made);
    if (device.type !== "local") this.#onChange({ swIfIndex, isDeleted: false });
    return made;
  }

  /** Deletes an interface and what stands on it. */
  delete(swIfIndex: number): void {
    for (const sub of this.all()) {
      if (sub.supSwIfIndex === swIfIndex && sub.swIfIndex !== swIfIndex) this.#remove(sub.swIfIndex);
    }
    this.#remove(swIfIndex);
  }

  setAdmin(changed: SimulatedInterface, isUp: boolean): void {
    changed.isAdminUp = isUp;
    const { type } = changed.device;
    // The others come up when their peer connects.
    if (type === "loopback" || type === "tap" || type === "af-packet" || type === "vxlan")
      changed.isLinkUp = isUp;
    if (type === "sub") changed.isLinkUp = this.get(changed.supSwIfIndex)?.isLinkUp ?? false;
    this.#onChange({ swIfIndex: changed.swIfIndex, isDeleted: false });
  }

  /** A peer connects or leaves. */
  setLink(changed: SimulatedInterface, isUp: boolean): void {
    changed.isLinkUp = isUp;
    this.#onChange({ swIfIndex: changed.swIfIndex, isDeleted: false });
  }

  #remove(swIfIndex: number): void {
    if (!this.#byIndex.delete(swIfIndex)) return;
    this.#free.push(swIfIndex);
    this.#onChange({ swIfIndex, isDeleted: true });
  }
}

function isOfType<Type extends Device["type"]>(
  candidate: SimulatedInterface,
  type: Type,
): candidate is SimulatedInterface & { readonly device: Device & { readonly type: Type } } {
  return candidate.device.type === type;
}

/** `vl_api_if_status_flags_t`. */
export function flagsOf({ isAdminUp, isLinkUp }: SimulatedInterface): number {
  return (isAdminUp ? 1 : 0) + (isLinkUp ? 2 : 0);
}

/** How many tags the frames of a sub-interface have (`SUB_IF_API_FLAG_ONE_TAG`, `SUB_IF_API_FLAG_TWO_TAGS`). */
export function tagsOf(device: Device): number {
  if (device.type !== "sub") return 0;
  return (device.flags & 4) === 0 ? (device.flags & 2) / 2 : 2;
}

/** The class of its device; of a sub-interface, that of the interface below. */
export function deviceClass(interfaces: Interfaces, of: SimulatedInterface): string {
  const below = of.device.type === "sub" ? interfaces.get(of.supSwIfIndex) : of;
  return deviceClasses[below?.device.type ?? "local"];
}

import type { VSwitchError } from "../core/errors.js";
import { defaultOwner, ownerSchema } from "../core/ownership.js";
import { byVlanMode, type InterfaceType } from "../core/specs.js";
import { validate } from "../core/validate.js";
import type { BridgeInfo, Capabilities, InterfaceInfo, TypeSupport } from "../core/vswitch.js";
import { MemoryVSwitch } from "./memory-connection.js";
import { MemoryFaults, type FailWhen, type Verb } from "./memory-faults.js";
import { MemoryState } from "./memory-state.js";

/** How a {@link MemorySwitch} is made. */
export interface MemorySwitchOptions {
  /** The interface types that it supports. Default: all of the core API's. */
  readonly types?: readonly InterfaceType[];
  /** Whether it supports `setAddresses`. Default: true. */
  readonly addresses?: boolean;
}

/** What somebody else's interface looks like. */
export interface ForeignInterface {
  /** The bridge it is on; it has to be there. Default: none. */
  readonly bridge?: string;
  readonly externalIds?: Readonly<Record<string, string>>;
}

/** What may change on an interface without a verb, such as the link when a peer connects. */
export type InterfaceChange = Partial<Pick<InterfaceInfo, "adminState" | "linkState" | "mtu" | "statistics">>;

const supported: TypeSupport = { supported: true, experimental: false, why: "" };
const unsupported: TypeSupport = {
  supported: false,
  experimental: false,
  why: "this in-memory switch was made without it",
};

function capabilitiesOf({ types, addresses = true }: MemorySwitchOptions): Capabilities {
  const support = (type: InterfaceType): TypeSupport =>
    types === undefined || types.includes(type) ? supported : unsupported;
  return {
    engine: "memory",
    version: "",
    interfaceTypes: {
      "vhost-user": support("vhost-user"),
      memif: support("memif"),
      tap: support("tap"),
      internal: support("internal"),
      loopback: support("loopback"),
      "af-packet": support("af-packet"),
      dpdk: support("dpdk"),
      patch: support("patch"),
      vxlan: support("vxlan"),
      geneve: support("geneve"),
    },
    vlanModes: byVlanMode(() => supported),
    addresses: addresses ? supported : unsupported,
    native: {},
  };
}

/**
 * A switch in memory, for tests of programs that use this library, and for trials without a real one. It keeps the
 * promises of `VSwitch` as the drivers do, and moves no packets.
 *
 * Each `connect` gives a connection; connections share the switch as processes share a real one. The other methods are
 * the test's own hand: what an administrator does beside the library, and what goes wrong. They act at once, and throw
 * on a mistake of the test, such as a name that is taken.
 *
 * ```ts
 * const memory = new MemorySwitch();
 * await using vswitch = memory.connect({ owner: "lab" });
 * memory.portError("net0", "could not open network device net0 (No such device)");
 * const result = await vswitch.createInterface({ type: "tap", name: "net0" });
 * result.unwrapErr().kind; // "rejected", and nothing is left: memory.interfaces() is []
 * ```
 */
export class MemorySwitch {
  readonly #state = new MemoryState();
  readonly #faults = new MemoryFaults();
  readonly #connections = new Set<MemoryVSwitch>();
  readonly #capabilities: Capabilities;

  constructor(options: MemorySwitchOptions = {}) {
    this.#capabilities = capabilitiesOf(options);
  }

  /** A new connection. Default owner: `vswitch-drivers`. Throws an `InvalidError` on an owner that cannot be one. */
  connect(options: { readonly owner?: string } = {}): MemoryVSwitch {
    const owner = validate("connect", "owner", ownerSchema, options.owner ?? defaultOwner);
    if (owner.isErr()) throw owner.error;
    const connection = new MemoryVSwitch({
      owner: owner.value,
      state: this.#state,
      faults: this.#faults,
      capabilities: this.#capabilities,
      onEnd: (ended) => this.#connections.delete(ended),
    });
    this.#connections.add(connection);
    return connection;
  }

  /** All interfaces, as `listInterfaces` tells them. */
  interfaces(): readonly InterfaceInfo[] {
    return this.#state.interfaces();
  }

  /** All bridges, as `listBridges` tells them. */
  bridges(): readonly BridgeInfo[] {
    return this.#state.bridges();
  }

  /** Makes somebody else's interface. */
  addForeignInterface(name: string, { bridge, externalIds = {} }: ForeignInterface = {}): void {
    this.#checkFree(name);
    if (bridge !== undefined && this.#state.bridge(bridge) === undefined)
      throw new Error(`addForeignInterface: there is no bridge ${bridge}: add it first`);
    this.#state.putInterface({
      settings: {},
      info: {
        name,
        type: "other",
        nativeType: "foreign",
        mark: null,
        bridge: bridge ?? null,
        vlan: {},
        adminState: "up",
        linkState: "up",
        mtu: 1500,
        mac: null,
        socket: null,
        addresses: [],
        error: null,
        externalIds: { ...externalIds },
        statistics: {},
        native: { number: this.#state.nextNumber() },
      },
    });
  }

  /** Makes somebody else's bridge, such as the administrator's. */
  addForeignBridge(
    name: string,
    options: { readonly externalIds?: Readonly<Record<string, string>> } = {},
  ): void {
    this.#checkFree(name);
    const externalIds = { ...options.externalIds };
    this.#state.putBridge({
      name,
      mark: null,
      lifetime: null,
      error: null,
      externalIds,
      native: {},
      failMode: "standalone",
    });
  }

  /** Changes an interface, whoever made it, as the switch or an administrator would; watchers see it. */
  changeInterface(name: string, change: InterfaceChange): void {
    const stored = this.#state.interface(name);
    if (stored === undefined) throw new Error(`changeInterface: there is no interface ${name}`);
    this.#state.putInterface({ ...stored, info: { ...stored.info, ...change } });
  }

  /** Sets external ids of the interface or bridge of this name, whoever made it; others of it stay. */
  setExternalIds(name: string, ids: Readonly<Record<string, string>>): void {
    const stored = this.#state.interface(name);
    const bridge = this.#state.bridge(name);
    if (stored !== undefined) {
      const externalIds = { ...stored.info.externalIds, ...ids };
      this.#state.putInterface({ ...stored, info: { ...stored.info, externalIds } });
    } else if (bridge !== undefined) {
      this.#state.putBridge({ ...bridge, externalIds: { ...bridge.externalIds, ...ids } });
    } else throw new Error(`setExternalIds: there is no interface or bridge ${name}`);
  }

  /** Removes an interface, whoever made it. One that is gone is no mistake. */
  removeInterface(name: string): void {
    this.#state.removeInterface(name);
  }

  /** Removes a bridge with everything on it, whoever made it. One that is gone is no mistake. */
  removeBridge(name: string): void {
    this.#state.removeBridge(name);
  }

  /**
   * The next call of `verb`, on any connection, fails with `error`. By default the switch does nothing (`before`); with
   * `after` it does what was asked, as if only its answer were lost. Several are used up in order.
   */
  failNext(verb: Verb, error: VSwitchError, when: FailWhen = "before"): void {
    this.#faults.failNext(verb, { error, when });
  }

  /** Every call of `verb` takes this long from now on; 0 ends it. A deadline or signal may come first. */
  delay(verb: Verb, ms: number): void {
    this.#faults.delay(verb, ms);
  }

  /**
   * The switch cannot open the port of this interface, and says so with `text`: `createInterface` and moves of it are
   * `rejected`. One that is there shows it as its `error`. `null` ends it.
   */
  portError(name: string, text: string | null): void {
    this.#faults.setPortError(name, text);
    const stored = this.#state.interface(name);
    if (stored !== undefined) this.#state.putInterface({ ...stored, info: { ...stored.info, error: text } });
  }

  /** Breaks every connection: calls that run end with `disconnected`, watches with `lost`. The switch keeps all. */
  disconnect(): void {
    for (const connection of this.#connections) connection.break();
  }

  #checkFree(name: string): void {
    if (this.#state.interface(name) !== undefined || this.#state.bridge(name) !== undefined)
      throw new Error(`the name ${name} is taken on this switch: use another one`);
  }
}

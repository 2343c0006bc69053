import type { CallOptions } from "./call.js";
import type { VSwitchError } from "./errors.js";
import type { Result } from "./result.js";
import type { Attachment, BridgeSpec, InterfaceSpec, InterfaceType, VlanMode } from "./specs.js";

/** The switches that there are drivers for. `memory` is the embedded one, for tests and trials. */
export type Engine = "ovs" | "vpp" | "memory";

/** An interface by its name: the name itself, or anything that carries it, such as what `createInterface` gave. */
export type InterfaceRef = string | { readonly name: string };

/** Who made a thing, as the switch itself remembers it. */
export interface Mark {
  /** The `owner` of the connection that made it. */
  readonly owner: string;
  /** The owner's own key; a bridge's is its name. */
  readonly key: string;
}

/** What vanished, came or stands between two ends. `unknown`: the switch does not say. */
export type State = "up" | "down" | "unknown";

/** An interface as the switch has it now. */
export interface InterfaceInfo {
  readonly name: string;
  /** The core API's type, or `other` for what it cannot make. */
  readonly type: InterfaceType | "other";
  /** The switch's own word for the type, such as `dpdkvhostuserclient`. */
  readonly nativeType: string;
  /** Who made it with this library; `null`: somebody else did. */
  readonly mark: Mark | null;
  /** The bridge it is on; `null`: it is isolated. */
  readonly bridge: string | null;
  /** How it sits on the bridge; absent members are not set. */
  readonly vlan: Pick<Attachment, "vlanMode" | "tag" | "trunks">;
  readonly adminState: State;
  /** Whether a peer is there: for vhost-user and memif, whether one is connected. */
  readonly linkState: State;
  /** Bytes; `null`: not known (yet). */
  readonly mtu: number | null;
  readonly mac: string | null;
  /** The unix socket of a vhost-user or memif interface; `null` where there is none or the switch does not say. */
  readonly socket: string | null;
  /** Addresses with prefix length, such as `192.0.2.1/24`. Always empty where the switch assigns none. */
  readonly addresses: readonly string[];
  /** What the switch says is wrong with it. */
  readonly error: string | null;
  readonly externalIds: Readonly<Record<string, string>>;
  /** Counters by the switch's own names, such as `rx_packets`; empty where there are none. */
  readonly statistics: Readonly<Record<string, number | bigint>>;
  /** The switch's own handles, for looking closer; they change when the switch restarts. */
  readonly native: Readonly<Record<string, string | number>>;
}

/** What `createInterface` gives. */
export interface CreatedInterface extends InterfaceInfo {
  /**
   * `false`: an interface of this name and spec was there already; or this call made it, the answer was lost, and it was found
   * when it was looked for.
   */
  readonly created: boolean;
  /** Things worth knowing that are no failure, one sentence each, such as an option that this release dropped. */
  readonly warnings: readonly string[];
}

/** What `attachToBridge` and `detachFromBridge` give. */
export interface MovedInterface extends InterfaceInfo {
  /** `false`: it was there already, in the same way. New VLAN settings on the same bridge count as a move. */
  readonly moved: boolean;
  /** The switch closed and opened the port: a connected peer was cut and has to connect again. */
  readonly reopened: boolean;
}

/** Options of `deleteInterface`. */
export interface DeleteOptions extends ChangeOptions {
  /**
   * The unix sockets that the interface may have, as the switch sees them, where no other interface is to use them.
   * With them goes what a program that was killed while it made or deleted the interface has left without a mark: on
   * VPP a memif on such a socket without a tag, the registration of the socket, and this owner's on-demand bridges
   * that nothing is on. Open vSwitch makes and deletes in one transaction, and nothing is left.
   */
  readonly sockets?: readonly string[] | undefined;
}

/** What `deleteInterface` and `deleteBridge` give. */
export interface Deleted {
  /** `false`: it was gone already. */
  readonly deleted: boolean;
}

/** A bridge as the switch has it now. */
export interface BridgeInfo {
  readonly name: string;
  /** Who made it with this library; `null`: somebody else did, and we never delete it. */
  readonly mark: Mark | null;
  /** `on-demand`: goes with the last of our interfaces; `persistent`: stays until `deleteBridge`; `null`: not ours. */
  readonly lifetime: "on-demand" | "persistent" | null;
  /** The names of the interfaces on it, without the bridge's own. */
  readonly interfaces: readonly string[];
  readonly error: string | null;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly native: Readonly<Record<string, string | number>>;
}

/** What `ensureBridge` gives. */
export interface EnsuredBridge extends BridgeInfo {
  /** `false`: it was there already. */
  readonly created: boolean;
}

/** Whether an interface type can be made here and now. */
export interface TypeSupport {
  readonly supported: boolean;
  /** Works, but not yet proven in every respect. */
  readonly experimental: boolean;
  /** Why not, and what to do; empty when supported. */
  readonly why: string;
}

/** What this switch can do, found by asking it. */
export interface Capabilities {
  readonly engine: Engine;
  /** The switch's release, such as `3.1.0`; empty where it does not say. */
  readonly version: string;
  readonly interfaceTypes: Readonly<Record<InterfaceType, TypeSupport>>;
  /** The VLAN settings of attachments, by `vlanMode`. */
  readonly vlanModes: Readonly<Record<VlanMode, TypeSupport>>;
  /** `setAddresses`. */
  readonly addresses: TypeSupport;
  /** Facts of the engine for the reader, such as `dpdk_version`. */
  readonly native: Readonly<Record<string, string>>;
}

/** What `collectGarbage` did. */
export interface Collected {
  /** The names of the interfaces that were deleted. */
  readonly deleted: readonly string[];
  /** The names of our interfaces that stay. */
  readonly kept: readonly string[];
  /** What could not be deleted, and why. The rest was deleted nevertheless. */
  readonly failed: readonly { readonly name: string; readonly error: VSwitchError }[];
}

/**
 * One change. For a slow reader changes of one interface are merged: the last state is never lost, states between may
 * be. After `lost` nothing more comes.
 */
export type WatchEvent =
  | { readonly kind: "current" | "added" | "changed"; readonly interface: InterfaceInfo }
  | { readonly kind: "removed"; readonly name: string }
  /** All that was there when the watch began has been told. */
  | { readonly kind: "ready" }
  | { readonly kind: "lost"; readonly error: VSwitchError };

/** What `watch` gives. Leaving a `for await` loop over it ends it, and so does `await using`. */
export interface Watch extends AsyncIterableIterator<WatchEvent, undefined, undefined>, AsyncDisposable {}

/**
 * How a verb that changes the switch is carried out. Where the deadline passes or the signal fires while the switch has
 * a change in hand, the verb ends later than that: up to 1 s, for the answer that says whether it was done, and up to
 * 2 s more, to undo it.
 */
export interface ChangeOptions extends CallOptions {
  /**
   * Whether to wait until the switch has applied the change and to check its word. Default: true. With `false` the
   * call ends when the change is committed; a port that cannot work is then not noticed (`ovs-vsctl --no-wait`). VPP
   * applies at once.
   */
  readonly wait?: boolean | undefined;
  /**
   * Whether a change that the switch could not apply is undone. Default: true. With `false` it stays, and the error
   * says so in `leftBehind`.
   */
  readonly rollback?: boolean | undefined;
}

/**
 * A userspace switch. Every verb has a deadline (default {@link defaultTimeoutMs}), takes a signal, never throws, and
 * does all or nothing: what fails half-way is undone, and the error says what could not be undone (`leftBehind`).
 */
export interface VSwitch extends AsyncDisposable {
  readonly engine: Engine;
  /** Whose things this connection makes, changes and deletes. */
  readonly owner: string;

  /**
   * Makes an interface. The same name and spec again gives the one that is there (`created: false`); fields that are
   * left out may then have any value.
   *
   * Errors: `invalid`; `unsupported` (see {@link VSwitch.capabilities}); `already-exists` with the differences;
   * `conflict` (the name is in somebody else's hands, or a bridge's); `not-found` (the bridge, with
   * `createBridge: false`); `rejected` with the switch's own words.
   */
  createInterface(
    spec: InterfaceSpec,
    options?: ChangeOptions,
  ): Promise<Result<CreatedInterface, VSwitchError>>;

  /**
   * Puts one of our interfaces on a bridge, from wherever it is, in one step. The attachment says all: VLAN settings
   * that it leaves out are taken off.
   *
   * Errors: `invalid`; `not-found` (interface, or bridge with `createBridge: false`); `conflict` (not ours).
   */
  attachToBridge(
    ref: InterfaceRef,
    attachment: Attachment,
    options?: ChangeOptions,
  ): Promise<Result<MovedInterface, VSwitchError>>;

  /** Takes one of our interfaces off its bridge and isolates it. Errors: `not-found`; `conflict` (not ours). */
  detachFromBridge(ref: InterfaceRef, options?: ChangeOptions): Promise<Result<MovedInterface, VSwitchError>>;

  /** Deletes one of our interfaces. One that is gone is a success. Errors: `conflict` (not ours). */
  deleteInterface(ref: InterfaceRef, options?: DeleteOptions): Promise<Result<Deleted, VSwitchError>>;

  /** One interface, whoever made it. Errors: `not-found`. */
  getInterface(ref: InterfaceRef, options?: LookOptions): Promise<Result<InterfaceInfo, VSwitchError>>;

  /** All interfaces, whoever made them, sorted by name, without the bridges' own. */
  listInterfaces(options?: ListOptions): Promise<Result<readonly InterfaceInfo[], VSwitchError>>;

  /**
   * Makes these the addresses of one of our interfaces, such as `192.0.2.1/24`; others are removed. Errors:
   * `unsupported` where the switch assigns none; `not-found`; `conflict` (not ours).
   */
  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Promise<Result<InterfaceInfo, VSwitchError>>;

  /** All bridges, whoever made them, sorted by name. */
  listBridges(options?: CallOptions): Promise<Result<readonly BridgeInfo[], VSwitchError>>;

  /**
   * Makes a bridge that stays until `deleteBridge`, or gives the one of this name: ours that was made on demand
   * becomes persistent, somebody else's is given as it is. Errors: `already-exists` with the differences; `conflict`
   * (the name is taken by something else).
   */
  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Promise<Result<EnsuredBridge, VSwitchError>>;

  /**
   * Deletes a bridge that we made and that is empty. One that is gone is a success. Errors: `conflict` (not ours, or
   * with interfaces on it).
   */
  deleteBridge(name: string, options?: ChangeOptions): Promise<Result<Deleted, VSwitchError>>;

  /** What this switch can do, found by asking it. */
  capabilities(options?: CallOptions): Promise<Result<Capabilities, VSwitchError>>;

  /** Tells what is there, then every change, until the signal fires, the loop is left, or the connection ends. */
  watch(options?: CallOptions): Promise<Result<Watch, VSwitchError>>;

  /**
   * Deletes our interfaces whose key is not among `valid`, and our empty bridges made on demand. Works from the marks
   * in the switch alone. Others' things are never touched. A string is refused: its letters would be the keys.
   */
  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Promise<Result<Collected, VSwitchError>>;

  /** Ends the connection; calls that run end with `disconnected`. Loops over `watch` end. Idempotent. */
  close(): Promise<void>;
}

/** What is told of an interface. */
export interface LookOptions extends CallOptions {
  /** `false`: `statistics` are not needed, and may be empty. VPP's take a look at its memory. Default: true. */
  readonly statistics?: boolean | undefined;
}

/** What `listInterfaces` tells of. */
export interface ListOptions extends LookOptions {
  /** Only what this connection's owner made. Default: false. */
  readonly ownOnly?: boolean | undefined;
  /** Only what is on this bridge. */
  readonly bridge?: string | undefined;
}

/** The deadline of a verb that is given none, in milliseconds. */
export const defaultTimeoutMs = 10_000;

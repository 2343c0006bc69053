import type { InterfaceSpec, VlanMode } from "../../src/core/specs.js";
import type { VSwitch } from "../../src/core/vswitch.js";

/** An interface that a target can really make. Every call of `spec` is for another name. */
export interface Example {
  /** Names the example in the titles of tests, such as `vhost-user server`. */
  readonly title: string;
  readonly spec: (name: string) => InterfaceSpec;
  /** Specs for the same name that differ from `spec` in one point. */
  readonly variations: readonly Variation[];
}

interface Variation {
  /** The `path` of the difference that is to be reported, such as `socket`. */
  readonly path: string;
  readonly spec: (name: string) => InterfaceSpec;
}

/** In what targets may differ, each keeping the promises of the core API. */
interface Features {
  /** The `vlanMode`s that attachments may have. */
  readonly vlanModes: readonly VlanMode[];
  /** A trunk that names no VLANs carries all. */
  readonly openTrunks: boolean;
  /** `setAddresses` is supported. */
  readonly addresses: boolean;
  /** Specs may carry external ids, and the administrator can set some. */
  readonly externalIds: boolean;
  /** `ensureBridge` heeds `failMode`. */
  readonly failMode: boolean;
  /** Putting an interface on another bridge, or on none, opens its port anew. */
  readonly moveReopens: boolean;
  /** A bridge and an interface cannot have the same name. */
  readonly sharedNames: boolean;
}

/**
 * What an administrator does with the switch's own tool, beside this library. Lists are of names, and leave out what
 * the driver keeps for itself (such as a bridge for isolated interfaces) and the bridges' own interfaces.
 */
export interface Administrator {
  readonly addBridge: (name: string) => Promise<void>;
  /** Gives the name that it got, where the switch chooses it; else it has the name that was asked for. */
  readonly addInterface: (bridge: string, name: string) => Promise<void> | Promise<string | undefined>;
  /** Removes a bridge and what is on it; one that is gone is no mistake. */
  readonly removeBridge: (name: string) => Promise<void>;
  /** Removes an interface; one that is gone is no mistake. */
  readonly removeInterface: (name: string) => Promise<void>;
  readonly bridges: () => Promise<readonly string[]>;
  readonly interfaces: () => Promise<readonly string[]>;
  /** Called only with the feature `externalIds`. */
  readonly setExternalId: (
    table: "interface" | "bridge",
    name: string,
    key: string,
    value: string,
  ) => Promise<void>;
}

/** A switch, or several of one kind, over which the conformance suite runs. */
export interface ConformanceTarget {
  /** At least one. The first stands for all where the type does not matter. */
  readonly examples: readonly Example[];
  /** Specs that this target has to refuse as `unsupported`: of a type it lacks, or with a field it lacks. */
  readonly unsupported: readonly InterfaceSpec[];
  readonly features: Features;
  /** Starts the switch; called once, before everything else. What is on it then has to be on it after every test. */
  readonly start: () => Promise<void>;
  /** Called once, at the end, also when `start` failed. */
  readonly stop: () => Promise<void>;
  /** A new connection; the suite closes it. */
  readonly connect: (owner: string) => Promise<VSwitch>;
  readonly administrator: Administrator;
  /** Prepares that the switch refuses an interface of this name after it was asked for, and gives its spec. */
  readonly refuse?: (name: string) => Promise<InterfaceSpec>;
  /** Stops the switch from applying changes, until the function that it gives is called. */
  readonly pause?: () => Promise<() => Promise<void>>;
  /** Cuts all connections for good: what a driver that does not reconnect tells as the end. */
  readonly cutConnections?: () => Promise<void>;
}

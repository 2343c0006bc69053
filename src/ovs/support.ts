import { InvalidError, UnsupportedError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import {
  longestKernelName,
  longestSocketPath,
  type InterfaceSpec,
  type InterfaceType,
} from "../core/specs.js";
import type { TypeSupport } from "../core/vswitch.js";

/** What the root row (table `Open_vSwitch`) says of the switch. */
export interface SwitchFacts {
  /** `iface_types`; empty until a vswitchd has run on this database. */
  readonly interfaceTypes: ReadonlySet<string>;
  readonly datapathTypes: ReadonlySet<string>;
  readonly dpdkInitialized: boolean;
  /** Where vswitchd makes the sockets of `dpdkvhostuser` ports; `null`: not known. */
  readonly vhostSocketDirectory: string | null;
}

const supported: TypeSupport = { supported: true, experimental: false, why: "" };
const refused = (why: string): TypeSupport => ({ supported: false, experimental: false, why });

const dpdkRemedy =
  "install the DPDK build of ovs-vswitchd (Debian: openvswitch-switch-dpdk), run `ovs-vsctl set Open_vSwitch . other_config:dpdk-init=true` and restart ovs-vswitchd";

function nativeSupport(facts: SwitchFacts, nativeTypes: readonly string[], dpdk: boolean): TypeSupport {
  if (facts.interfaceTypes.size === 0) {
    return refused("no ovs-vswitchd has run on this database yet: start ovs-vswitchd");
  }
  if (nativeTypes.every((type) => facts.interfaceTypes.has(type)) && (!dpdk || facts.dpdkInitialized)) {
    return supported;
  }
  if (dpdk) return refused(`ovs-vswitchd runs without DPDK: ${dpdkRemedy}`);
  return refused(
    `this ovs-vswitchd does not know the type ${nativeTypes.join(", ")} (column iface_types of Open_vSwitch)`,
  );
}

/** Whether this switch can make interfaces of a type. */
export function typeSupport(facts: SwitchFacts, type: InterfaceType): TypeSupport {
  switch (type) {
    case "vhost-user":
      return nativeSupport(facts, ["dpdkvhostuser", "dpdkvhostuserclient"], true);
    case "dpdk":
      return nativeSupport(facts, ["dpdk"], true);
    case "memif": {
      const support = nativeSupport(facts, ["dpdk"], true);
      return support.supported ? { ...support, experimental: true } : support;
    }
    case "tap":
    case "internal":
    case "patch":
    case "vxlan":
    case "geneve":
      return nativeSupport(facts, [type], false);
    case "loopback":
      return refused(
        "Open vSwitch has no loopback interfaces: use internal, which the kernel sees as a device",
      );
    case "af-packet":
      return refused(
        "Open vSwitch opens kernel devices by their own name only: not offered; use tap, internal or dpdk",
      );
  }
}

interface Fault {
  readonly path: string;
  readonly value: unknown;
  readonly why: string;
}

/** Fields of the core API that Open vSwitch has no place for. */
function unsupportedField(spec: InterfaceSpec): Fault | undefined {
  if (spec.adminState === "down") {
    return { path: "adminState", value: "down", why: "Open vSwitch keeps no admin state: leave it out" };
  }
  if (spec.type === "vhost-user" && spec.mode === "server" && spec.socket !== undefined) {
    const why =
      "Open vSwitch chooses the socket of a server itself, <vhost-sock-dir>/<name>: leave it out and read it from the result";
    return { path: "socket", value: spec.socket, why };
  }
  if (spec.type === "memif" && spec.mode !== undefined && spec.mode !== "ethernet") {
    return { path: "mode", value: spec.mode, why: "DPDK's memif knows mode ethernet only" };
  }
  if (spec.type === "memif" && spec.txQueues !== undefined) {
    return {
      path: "txQueues",
      value: spec.txQueues,
      why: "ovs-vswitchd sets the number of transmit queues itself",
    };
  }
  if (spec.type === "memif" && spec.mtu !== undefined) {
    return { path: "mtu", value: spec.mtu, why: "DPDK's memif has no MTU setting: set bufferSize" };
  }
  if (spec.type === "tap" && (spec.rxQueues !== undefined || spec.txQueues !== undefined)) {
    return {
      path: "rxQueues",
      value: spec.rxQueues ?? spec.txQueues,
      why: "a tap of Open vSwitch has one queue",
    };
  }
  return undefined;
}

/** Values that the core API allows and Open vSwitch cannot take. Several of them would fail without a word. */
function invalidField(spec: InterfaceSpec, facts: SwitchFacts): Fault | undefined {
  if (spec.type === "tap" && spec.device !== undefined && spec.device !== spec.name) {
    return {
      path: "device",
      value: spec.device,
      why: `the name of the interface, ${spec.name}: Open vSwitch names the device like it`,
    };
  }
  if (spec.type === "tap" && Buffer.byteLength(spec.name) > longestKernelName) {
    return {
      path: "name",
      value: spec.name,
      why: `at most ${longestKernelName} bytes, the kernel's limit for a network device`,
    };
  }
  if (spec.type === "memif" && spec.socket.includes(",")) {
    return {
      path: "socket",
      value: spec.socket,
      why: "a path without a comma: DPDK's device arguments cannot carry one",
    };
  }
  if (spec.type === "memif" && spec.secret?.includes(",") === true) {
    return {
      path: "secret",
      value: "(hidden)",
      why: "a secret without a comma: DPDK's device arguments cannot carry one",
    };
  }
  if (spec.type === "vhost-user" && spec.mode === "server" && facts.vhostSocketDirectory !== null) {
    const socket = `${facts.vhostSocketDirectory}/${spec.name}`;
    if (Buffer.byteLength(socket) > longestSocketPath) {
      return {
        path: "name",
        value: spec.name,
        why: `a shorter name: the socket ${socket} would be longer than ${longestSocketPath} bytes`,
      };
    }
  }
  return undefined;
}

/** Refuses, before anything is sent, what this Open vSwitch cannot do. */
export function checkSpec(
  operation: string,
  spec: InterfaceSpec,
  facts: SwitchFacts,
): Result<void, VSwitchError> {
  const unknown = unsupportedField(spec);
  if (unknown !== undefined) {
    const message = `${operation}: ${spec.type} interface ${spec.name}: ${unknown.path}: ${unknown.why}`;
    return Err(new UnsupportedError({ operation, feature: unknown.path, message }));
  }
  const wrong = invalidField(spec, facts);
  if (wrong !== undefined) {
    const got = String(wrong.value);
    const message = `${operation}: spec: ${wrong.path} is ${got}; expected ${wrong.why}`;
    return Err(new InvalidError({ operation, path: wrong.path, expected: wrong.why, got, message }));
  }
  const support = typeSupport(facts, spec.type);
  const untold = facts.interfaceTypes.size === 0 && spec.type !== "loopback" && spec.type !== "af-packet";
  if (!support.supported && !untold) {
    const message = `${operation}: ${spec.type} interface ${spec.name}: ${support.why}`;
    return Err(new UnsupportedError({ operation, feature: spec.type, message }));
  }
  return Ok(undefined);
}

/**
 * Typed drivers for userspace switches: one core API over Open vSwitch (with DPDK), FD.io VPP, and a switch in memory.
 *
 * Start with {@link connect}; {@link VSwitch} has the verbs.
 *
 * @module
 */
export { connect, defaultDatapathType, defaultRemote, type ConnectOptions } from "./connect.js";
export type { CallOptions } from "./core/call.js";
export * from "./core/errors.js";
export { Err, Ok, type Result } from "./core/result.js";
export type {
  AfPacketSpec,
  Attachment,
  BridgeSpec,
  DpdkSpec,
  GeneveSpec,
  InterfaceSpec,
  InterfaceType,
  InternalSpec,
  LoopbackSpec,
  MemifSpec,
  PatchSpec,
  TapSpec,
  VhostUserSpec,
  VlanMode,
  VxlanSpec,
} from "./core/specs.js";
export * from "./core/vswitch.js";
export type { TlsOptions } from "./net/tls.js";

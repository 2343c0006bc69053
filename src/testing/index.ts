/**
 * Doubles for tests of programs that use this library. None of them needs a switch, a privilege or a network.
 *
 * {@link MemorySwitch} is a whole switch in memory that keeps the promises of the core API. Give your code one of its
 * connections where it takes a `VSwitch`; what an administrator does beside it, and what goes wrong, is in the
 * switch's own methods.
 *
 * {@link OvsdbServer} and {@link VppServer} speak the switches' own protocols over real sockets: for programs that talk
 * to an OVSDB server or to VPP themselves.
 *
 * @module
 */
export {
  MemorySwitch,
  type ForeignInterface,
  type InterfaceChange,
  type MemorySwitchOptions,
} from "./memory.js";
export type { MemoryVSwitch } from "./memory-connection.js";
export type { FailWhen, Verb } from "./memory-faults.js";
export {
  VppServer,
  type BridgeDomain,
  type BridgePort,
  type CallHandler,
  type Device,
  type DumpHandler,
  type Fault,
  type InterfaceChange as SimulatedInterfaceChange,
  type Interfaces,
  type MemifSocket,
  type MessageSource,
  type ReceivedRequest,
  type RequestLog,
  type SimulatedInterface,
  type SimulatedVpp,
  type SimulatedVppOptions,
  type VppServerOptions,
} from "./vpp/index.js";
export {
  OvsdbServer,
  type DatabaseStatus,
  type OvsdbFault,
  type OvsdbRequest,
  type OvsdbRequestLog,
  type OvsdbServerOptions,
  type StatusChange,
} from "./ovsdb/index.js";

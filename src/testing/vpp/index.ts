/**
 * A VPP API server for tests of programs that talk to VPP: it needs no VPP, no privilege and no network.
 *
 * @module
 */
export { VppServer, type VppServerOptions } from "./server.js";
export type { Fault } from "./faults.js";
export type { CallHandler, DumpHandler } from "./handlers/handler.js";
export type { MessageSource } from "./message-set.js";
export type { ReceivedRequest, RequestLog } from "./requests.js";
export type { BridgeDomain, MemifSocket, SimulatedVpp, SimulatedVppOptions } from "./simulated-vpp.js";
export type { BridgePort, Device, InterfaceChange, Interfaces, SimulatedInterface } from "./interfaces.js";

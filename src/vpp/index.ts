/**
 * A client of VPP's binary API, for any release since 19.08: calls, dumps, cursor streams, events. It knows no switch.
 *
 * Messages come as codecs from generated bindings (`vswitch-drivers/vpp/codegen`), or at run time from the `*.api.json`
 * files that VPP installs, or from VPP itself.
 *
 * @module
 */
export { connectVpp } from "./api/connect.js";
export { VppClient, type VppClientEvents, type VppClientState } from "./api/client.js";
export type { HealthCheckOptions, VppCallOptions, VppConnectOptions } from "./api/options.js";
export type { BackoffOptions } from "../net/backoff.js";
export type { VppApiSource } from "./api/catalog.js";
export type { Callable } from "./api/requests.js";
export type { SubscriptionKeys } from "./api/subscription-request.js";
export type { Dump } from "./api/details.js";
export type { EventStream, VppEvent } from "./api/event-stream.js";
export type { Absence, Capability } from "./api/capability.js";
export { fitOf, type Fit, type MessageForm, type Misfit } from "./api/fit.js";
export type { VppCallError, VppConnectError } from "./api/errors.js";
export { RetvalError } from "./api/retval.js";
export { vnetError, vnetErrors, type RetvalClass, type VnetError } from "./api/vnet-errors.js";
export {
  openVppStats,
  VppStats,
  type InterfaceCounters,
  type VppStatsError,
  type VppStatsOptions,
} from "./stats/stats.js";
export { callChannel, connectionChannel, type CallRecord, type ConnectionRecord } from "./api/diagnostics.js";
export * from "./schema/index.js";
export * from "./wire/index.js";

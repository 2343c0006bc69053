/**
 * The core API for other processes and other languages: JSON-RPC 2.0 on a unix socket. {@link serve} starts it.
 *
 * @module
 */
export { errorCodes, busyCode } from "./errors.js";
export type { Limits } from "./limits.js";
export { passedDescriptor, type SocketOptions } from "./listen.js";
export type { Method, MethodCall } from "./methods.js";
export { protocolVersion, serve, type ServeOptions, type Service } from "./service.js";
export type { Connect } from "./shared.js";

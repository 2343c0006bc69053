/**
 * An OVSDB server for tests of programs that talk to one: it needs no Open vSwitch, no privilege and no network.
 *
 * @module
 */
export { OvsdbServer, type OvsdbServerOptions, type StatusChange } from "./server.js";
export type { OvsdbFault } from "./faults.js";
export type { OvsdbRequest, OvsdbRequestLog } from "./requests.js";
export type { DatabaseStatus } from "./server-database.js";

export * from "./core/errors.js";
export { Err, Ok, type Result } from "./core/result.js";
export type { CallOptions } from "./core/call.js";

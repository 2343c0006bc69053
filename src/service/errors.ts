import { JsonRpcError } from "jsonrpc-lite";
import type { VSwitchError } from "../index.js";

/**
 * The codes of errors on the wire. Those of JSON-RPC 2.0 itself (-32700 to -32600) mean what its specification says;
 * the rest are ours, in the range that it leaves to a server (section 5.1).
 */
export const errorCodes = {
  invalid: -32602,
  unsupported: -32001,
  "not-found": -32002,
  "already-exists": -32003,
  conflict: -32004,
  rejected: -32005,
  incompatible: -32006,
  timeout: -32007,
  aborted: -32008,
  unreachable: -32009,
  disconnected: -32010,
  protocol: -32011,
} as const satisfies Readonly<Record<VSwitchError["kind"], number>>;

/** The code of a request that was refused because too much is under way. Nothing was done; try again. */
export const busyCode = -32020;

/** An error of the library as JSON-RPC has it: its message, a code for its kind, and all of it in `data`. */
export const onWire = (error: VSwitchError): JsonRpcError =>
  new JsonRpcError(error.message, errorCodes[error.kind], error.toJSON());

/** A message that is no JSON. */
export const parseError = (why: string): JsonRpcError => JsonRpcError.parseError(why);

/** A message that is JSON, and no request of JSON-RPC 2.0. */
export const invalidRequest = (why: string): JsonRpcError => JsonRpcError.invalidRequest(why);

/** Too much at a time. */
export const busy = (why: string): JsonRpcError => new JsonRpcError(why, busyCode);

import type { Deadline } from "../../core/call.js";
import type { VSwitchError } from "../../core/errors.js";
import { retold } from "../../core/retold.js";
import type { VppConnectError } from "../api/errors.js";

/** What a request of a verb ran into, as the verb tells it. */
export function inVerb(deadline: Deadline, error: VppConnectError): VSwitchError {
  const { operation } = deadline;
  if (error.kind === "timeout" || error.kind === "aborted")
    return deadline.failure(`waiting for VPP to answer ${error.operation}`, error.outcome);
  const { leftBehind } = error;
  return retold(error, { operation, message: `${operation}: ${error.message}`, leftBehind });
}

/** Why a verb found no connection: in the client's words, which say what is wrong with VPP's socket. */
export function notReady({ operation }: Deadline, error: VppConnectError): VSwitchError {
  const message = error.message.replace(`${error.operation}:`, `${operation}:`);
  return retold(error, { operation, message, leftBehind: error.leftBehind });
}

/** The error of a verb of which `leftBehind` could not be taken back; empty: nothing is left of it. */
export function afterUndo(error: VSwitchError, leftBehind: readonly string[]): VSwitchError {
  const { operation } = error;
  const message =
    leftBehind.length === 0 ? error.message : `${error.message}; left behind: ${leftBehind.join("; ")}`;
  const outcome = leftBehind.length === 0 ? "undone" : "unknown";
  return retold(error, { operation, message, leftBehind: [...error.leftBehind, ...leftBehind], outcome });
}

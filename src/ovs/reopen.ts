import { setTimeout as sleep } from "node:timers/promises";
import type { VSwitchError } from "../core/errors.js";
import type { Result } from "../core/result.js";
import type { Session } from "./session.js";

/** Between attempts to reach a server that is being started again. */
export const pauseMs = 50;

/** Whether an error tells what became of an attempt before it too: the switch was looked at, and said something. */
export function isTelling(error: VSwitchError): boolean {
  if ("outcome" in error) return error.outcome === "undone" || error.outcome === "committed";
  return error.kind !== "unreachable" && error.kind !== "protocol" && error.kind !== "incompatible";
}

/** A server that broke the connection is most often being started again: it is waited for. */
export async function patiently(
  isOver: () => boolean,
  open: () => Promise<Result<Session, VSwitchError>>,
): Promise<Result<Session, VSwitchError>> {
  for (;;) {
    const opened = await open();
    if (opened.isOk() || isOver()) return opened;
    // The old server may still take a connection, and then end it.
    const { kind } = opened.error;
    if (kind !== "unreachable" && kind !== "disconnected") return opened;
    await sleep(pauseMs);
  }
}

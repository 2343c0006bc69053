import { AbortedError, DisconnectedError, ProtocolError, TimeoutError } from "../../core/errors.js";
import type { Exchange } from "./exchange.js";

/*
 * What a session tells those who wait for it.
 */

/** The connection is gone under an exchange, or before it. */
export function disconnected(exchange: Exchange, why: string, cause?: unknown): DisconnectedError {
  const { operation, state } = exchange;
  const outcome = state === "sent" ? "unknown" : "not-sent";
  const what = outcome === "unknown" ? "VPP may have done it" : "nothing was sent";
  const message = `${operation}: the connection to VPP has ended: ${why}; ${what}`;
  return new DisconnectedError({ operation, outcome, message, cause });
}

/** The caller's signal fired. */
export function cancelled(exchange: Exchange, cause: unknown): AbortedError {
  const { operation, state } = exchange;
  return state === "queued"
    ? new AbortedError({
        operation,
        outcome: "not-sent",
        cause,
        message: `${operation}: cancelled before it was sent`,
      })
    : new AbortedError({
        operation,
        outcome: "unknown",
        cause,
        message: `${operation}: cancelled while waiting for VPP's answer; VPP may do it all the same`,
      });
}

/** Its time is up. */
export function timedOut(exchange: Exchange, window: number): TimeoutError {
  const { operation, timeoutMs, state } = exchange;
  const isQueued = state === "queued";
  const why = isQueued
    ? `VPP has not answered any of the ${window} requests before it`
    : "VPP has not answered";
  const message = `${operation}: ${why} within ${timeoutMs} ms; is its main thread busy or stopped? A larger timeoutMs waits longer`;
  return new TimeoutError({ operation, timeoutMs, outcome: isQueued ? "not-sent" : "unknown", message });
}

/** The server hung up in the handshake. */
export function hungUp(reason: Error): DisconnectedError {
  const message = `connectVpp: the server hung up before it answered (${reason.message}): either VPP is ending, or this is not the socket of its binary API, usually /run/vpp/api.sock`;
  return new DisconnectedError({ operation: "connectVpp", outcome: "not-sent", cause: reason, message });
}

/** The stream makes no sense any more. */
export function broken(fault: string): ProtocolError {
  const message = `the server broke the protocol: ${fault}; the connection was closed`;
  return new ProtocolError({ operation: "connection", message });
}

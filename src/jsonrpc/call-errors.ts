import type { ErrorObject } from "jsonrpc-lite";

import { longestTimer } from "../core/call.js";
import {
  DisconnectedError,
  InvalidError,
  ProtocolError,
  RejectedError,
  type AbortedError,
  type TimeoutError,
} from "../core/errors.js";
import type { Unsendable } from "./encode.js";
import { errorDetails, errorSyntax } from "./message.js";

/** Everything in which a call can end, but a result. */
export type CallError =
  InvalidError | RejectedError | TimeoutError | AbortedError | DisconnectedError | ProtocolError;

/** Why a connection is over. */
export type ConnectionClosed = DisconnectedError | ProtocolError;

interface FailedCall {
  readonly operation: string;
  readonly method: string;
}

/** For a deadline that is none. */
export function badTimeout(operation: string, timeoutMs: number): InvalidError {
  const expected = `a number from 1 to ${longestTimer}`;
  const message = `${operation}: timeoutMs is ${String(timeoutMs)}; give milliseconds from 1 to ${longestTimer}`;
  return new InvalidError({ operation, path: "timeoutMs", expected, got: String(timeoutMs), message });
}

/** For a call or a notification with something in it that the server would not accept. */
export function unsendable(
  operation: string,
  method: string,
  { path, expected, got }: Unsendable,
): InvalidError {
  const message = `${operation}: ${method} was not sent: ${path} should be ${expected} and is ${got}`;
  return new InvalidError({ operation, path, expected, got, message });
}

/** For a call on a connection that is over. */
export function notSent(operation: string, method: string, closed: ConnectionClosed): DisconnectedError {
  const message = `${operation}: ${method} was not sent: ${closed.message}`;
  return new DisconnectedError({ operation, outcome: "not-sent", message, cause: closed });
}

/** For a call that was waiting when the connection ended. */
export function ended({ operation, method }: FailedCall, reason: ConnectionClosed): ConnectionClosed {
  const message = `${operation}: no answer to ${method}: ${reason.message}`;
  return reason instanceof ProtocolError
    ? new ProtocolError({ operation, message, cause: reason })
    : new DisconnectedError({ operation, outcome: reason.outcome, message, cause: reason });
}

/** For a call that the server has answered with an error. */
export function rejected({ operation, method }: FailedCall, { error }: ErrorObject): RejectedError {
  const details = errorDetails(error);
  const syntax = errorSyntax(error);
  const words = [error.message, details, syntax.slice(0, 200)].filter((part) => part !== "").join(": ");
  const message = `${operation}: the server refused ${method}: ${words}`;
  return new RejectedError({ operation, reason: error.message, details, message, cause: error });
}

import { ErrorObject, JsonRpcError, NotificationObject, SuccessObject } from "jsonrpc-lite";

import { encodeExactly, encodeString, encodeValues, WrittenParams, type Encoded } from "./encode.js";

/*
 * JSON-RPC 1.0 as Open vSwitch speaks it (RFC 7047 section 4, lib/jsonrpc.c). The messages above are jsonrpc-lite's,
 * which are of version 2.0; on the wire there is no `jsonrpc` member, for ovsdb-server hangs up when it meets an
 * unknown one, a notification has `"id":null`, and a member that is null counts as absent.
 */

/** A request of the peer's. Its id may be any JSON value but null, which jsonrpc-lite's types do not admit. */
export class PeerRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];

  constructor(id: unknown, method: string, params: readonly unknown[]) {
    this.id = id;
    this.method = method;
    this.params = params;
  }
}

/** What a peer may send. */
export type Incoming = NotificationObject | SuccessObject | ErrorObject | PeerRequest;

/** Writes a request, or says what in it cannot be sent. */
export function encodeRequest(
  id: number,
  method: string,
  params: readonly unknown[] | WrittenParams,
): Encoded {
  return encodeCall(method, params, String(id));
}

/** Writes a notification, or says what in it cannot be sent. */
export function encodeNotification(notification: NotificationObject): Encoded {
  return encodeCall(notification.method, notification.params, "null");
}

function encodeCall(method: string, params: unknown, id: string): Encoded {
  const name = isWord(method) ? { text: `"${method}"` } : encodeString(method);
  if ("fault" in name) return { fault: { ...name.fault, path: "method" } };
  if (params instanceof WrittenParams)
    return { text: `{"id":${id},"method":${name.text},"params":${params.text}}` };
  if (!Array.isArray(params)) return { fault: { path: "params", expected: "an array", got: typeof params } };
  const values = encodeValues(params);
  if ("fault" in values) return { fault: { ...values.fault, path: `params${values.fault.path}` } };
  return { text: `{"id":${id},"method":${name.text},"params":${values.text}}` };
}

/** Whether it is written as it is, between quotes. All methods of OVSDB are. */
function isWord(method: string): boolean {
  return /^\w+$/u.test(method);
}

/** Writes the answer to a request of the peer's. */
export function encodeAnswer(request: PeerRequest, result: unknown): string {
  return `{"id":${encodeExactly(request.id)},"result":${encodeExactly(result)},"error":null}`;
}

/** Writes the refusal of a request of the peer's, as ovsdb-server words its own. */
export function encodeRefusal(request: PeerRequest, error: string): string {
  return `{"id":${encodeExactly(request.id)},"result":null,"error":${JSON.stringify(error)}}`;
}

/** Reads a message. Gives a string, which says why, where the value is none. */
export function decodeMessage(value: unknown): Incoming | string {
  if (typeof value !== "object" || value === null) return "a message is no object";
  const { method, params, result, error, id }: RawMessage = value;
  if (method !== undefined && method !== null) {
    if (typeof method !== "string") return "a message has a method that is no string";
    if (!Array.isArray(params)) return `the message ${shown(method)} has no array of params`;
    if (isThere(result) || isThere(error)) return `the message ${shown(method)} has a result or an error`;
    return isThere(id) ? new PeerRequest(id, method, params) : new NotificationObject(method, params);
  }
  if (typeof id !== "number") return `a reply has the id ${shown(id)}, which is none of ours`;
  if (isThere(error)) {
    return isThere(result)
      ? `the reply to request ${id} has both a result and an error`
      : new ErrorObject(id, decodeError(error));
  }
  return isThere(result)
    ? new SuccessObject(id, result)
    : `the reply to request ${id} has no result and no error`;
}

interface RawMessage {
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly id?: unknown;
}

/** jsonrpc-lite's types leave bigint out of what a result may be; it is one here. */
function isThere(value: unknown): value is object | string | number | boolean {
  return value !== undefined && value !== null;
}

/**
 * An error is a string, or an object with the tag in `error` and mostly with `details` (RFC 7047 section 4.1.3 and
 * ovsdb/jsonrpc-server.c). The tag becomes the message; the whole is in `data`.
 */
function decodeError(error: unknown): JsonRpcError {
  if (typeof error === "string") return new JsonRpcError(error, 0, error);
  if (typeof error === "object" && error !== null && "error" in error && typeof error.error === "string") {
    return new JsonRpcError(error.error, 0, error);
  }
  return new JsonRpcError(shown(error), 0, error);
}

/** The server's words of an error beyond its tag, unchanged; empty where there are none. */
export function errorDetails({ data }: { readonly data?: unknown }): string {
  const has = typeof data === "object" && data !== null && "details" in data;
  return has && typeof data.details === "string" ? data.details : "";
}

/** What of the request the error is about, quoted by the server; empty where it quotes nothing. */
export function errorSyntax({ data }: { readonly data?: unknown }): string {
  const has = typeof data === "object" && data !== null && "syntax" in data;
  return has && typeof data.syntax === "string" ? data.syntax : "";
}

/** A value of the peer's for a message to people. */
function shown(value: unknown): string {
  const text = encodeExactly(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

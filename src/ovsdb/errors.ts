import {
  type AbortedError,
  type DisconnectedError,
  IncompatibleError,
  InvalidError,
  NotFoundError,
  ProtocolError,
  RejectedError,
  type TimeoutError,
} from "../core/errors.js";
import { AbsentFault, type Fault, LayoutFault } from "./fault.js";
import { isObject, member } from "./json.js";
import type { DatabaseSchema } from "./schema.js";

/** Which operation of a transaction failed. */
export interface FailedOperation {
  /** Its place in the transaction, from 0. */
  readonly index: number;
  /** Its kind, such as `insert`. */
  readonly op: string;
  /** The table that it is about; `undefined` for `commit`, `abort`, `comment` and `assert`. */
  readonly table: string | undefined;
}

/**
 * The server refused a transaction; nothing of it was done. `reason` is the server's tag, such as `constraint
 * violation` or `timed out` (ovsdb-server(7), "Transact Errors"), `details` its own words.
 */
export class TransactionRejectedError extends RejectedError {
  /** The operation that failed, or `commit`: all of them ran, and what they left together was refused. */
  readonly at: FailedOperation | "commit";

  constructor(fields: {
    readonly operation: string;
    readonly reason: string;
    readonly details: string;
    readonly at: FailedOperation | "commit";
  }) {
    const { operation, reason, details, at } = fields;
    const where = at === "commit" ? "on commit" : `in operation ${at.index} (${describe(at)})`;
    const remedy = remedies.get(reason);
    const words = [`the server refused the transaction ${where}: ${reason}`, details, remedy];
    super({ operation, reason, details, message: `${operation}: ${words.filter(Boolean).join("; ")}` });
    this.at = at;
  }
}

function describe({ op, table }: FailedOperation): string {
  return table === undefined ? op : `${op} on ${table}`;
}

// By tag: lib/ovsdb-error.c, ovsdb/execution.c, ovsdb/transaction.c.
const remedies: ReadonlyMap<string, string> = new Map([
  ["timed out", "what the transaction was built on has changed: read again and build it anew"],
  ["not owner", "another client holds the lock"],
  ["not allowed", "this server or this remote takes no writes: use another remote"],
  ["permission error", "the role of this client forbids it: see the RBAC tables of the database"],
  ["duplicate uuid", "an earlier try may have done it already"],
  ["canceled", "the database was converted or removed meanwhile; a cluster may have done it all the same"],
  ["database not available", "this cluster member has not joined yet: use another remote, or try later"],
  ["I/O error", "the server could not write its file: see its log"],
]);

/** Why a call did not succeed. After `timeout`, `aborted` and `disconnected`, `outcome` says what is known. */
export type RequestError =
  InvalidError | RejectedError | TimeoutError | AbortedError | DisconnectedError | ProtocolError;

/** Why a transaction did not succeed. */
export type TransactError = RequestError | IncompatibleError;

/** Why there is no monitor. */
export type MonitorError = RequestError | IncompatibleError;

/** An OVSDB `<error>`: RFC 7047 section 3.1. ovsdb-server also sends a bare string in its place. */
export interface ServerError {
  readonly reason: string;
  readonly details: string;
}

/** Reads the `error` member of a reply, or an element of a transaction's result; `undefined`: it is no error. */
export function readServerError(json: unknown): ServerError | undefined {
  if (typeof json === "string") return { reason: json, details: "" };
  if (!isObject(json)) return undefined;
  const reason = member(json, "error");
  if (typeof reason !== "string") return undefined;
  const details = member(json, "details");
  return { reason, details: typeof details === "string" ? details : "" };
}

/** The error of a request that the server refused as a whole. */
export function refused(operation: string, method: string, { reason, details }: ServerError): RejectedError {
  const words = [`the server refused ${method}: ${reason}`, details, remedies.get(reason)];
  const message = `${operation}: ${words.filter(Boolean).join("; ")}`;
  return new RejectedError({ operation, reason, details, message });
}

/** The same error, with what to do about it where that is known. */
export function advised(error: RequestError, method: string): RequestError {
  return error.kind === "rejected" && remedies.has(error.reason)
    ? refused(error.operation, method, error)
    : error;
}

/** The error of an answer that is not what the protocol says. */
export function broken(operation: string, what: string, { path, expected, got }: Fault): ProtocolError {
  const where = path === "" ? what : `${what}: ${path}`;
  const message = `${operation}: the server's ${where} is ${got}; expected ${expected}. The connection was closed`;
  return new ProtocolError({ operation, message });
}

/** The error of input that cannot be sent: the caller's mistake, or something that this server does not have. */
export function unsendable(
  server: DatabaseSchema,
  operation: string,
  found: Fault,
): InvalidError | IncompatibleError {
  const { path, expected, got } = found;
  const database = `${server.name} ${server.version}`.trim();
  if (found instanceof AbsentFault) {
    const message = `${operation}: the server's database ${database} has no ${found.what} ${path}; a newer release may have it`;
    const wanted = `${found.what} ${path}`;
    const present = `none in ${database}`;
    return new IncompatibleError({ operation, item: path, wanted, present, why: "absent", message });
  }
  if (found instanceof LayoutFault) {
    const message = `${operation}: column ${path} of the server's database ${database} is ${got}; this program was written for ${expected}`;
    const names = { item: path, wanted: expected, present: got };
    return new IncompatibleError({ operation, ...names, why: "other-layout", message });
  }
  const message = `${operation}: ${path} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path, expected, got, message });
}

/** The error of asking for a database that the server does not have; `present` are those that it has, where it tells. */
export function noDatabase(operation: string, database: string, present: readonly string[]): NotFoundError {
  const others = present.filter((name) => name !== "_Server");
  const there = others.length === 0 ? "" : `; it has ${others.join(", ")}`;
  const message = `${operation}: the server has no database ${database}${there}`;
  return new NotFoundError({ operation, object: `database ${database}`, message });
}

/** The error of conditions on what is monitored, at a server that cannot have any. */
export function noConditions(operation: string): IncompatibleError {
  const message = `${operation}: the server has no monitor_cond, so it cannot monitor by conditions; ask for all rows, or use ovsdb-server 2.6 or later`;
  const method = "monitor_cond";
  return new IncompatibleError({
    operation,
    item: method,
    wanted: method,
    present: "monitor",
    why: "absent",
    message,
  });
}

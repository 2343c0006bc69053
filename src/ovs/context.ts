import { setTimeout as sleep } from "node:timers/promises";
import type { Deadline } from "../core/call.js";
import { ConflictError, DisconnectedError, ProtocolError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import {
  TransactionRejectedError,
  type Integer,
  type Operation,
  type OperationResult,
} from "../ovsdb/index.js";
import { applied } from "./applied.js";
import type { Db } from "./database.js";
import { numberedOperations, type OwnPort } from "./plan.js";
import type { Filled, Transaction } from "./prepared.js";
import type { Uuid } from "./rows.js";
import type { Session } from "./session.js";

/**
 * What this connection saw last, tried first to save looking it up. Nothing is believed: each use stands behind guards
 * in the transaction, and a wrong memory costs one more round trip.
 */
export interface Seen {
  /** Bridges that outlive their ports, by name. */
  readonly bridges: Map<string, Uuid>;
  /** Interfaces that we made on such bridges, by name. */
  readonly ports: Map<string, Pick<OwnPort, "interface" | "port" | "bridge">>;
}

/** So many names are remembered at most; the oldest is forgotten first, and looked up when it is wanted. */
const mostRemembered = 10_000;

/** Keeps what was seen under a name. */
export function remember<T>(seen: Map<string, T>, name: string, value: T): void {
  seen.delete(name);
  seen.set(name, value);
  if (seen.size <= mostRemembered) return;
  for (const oldest of seen.keys()) {
    seen.delete(oldest);
    return;
  }
}

/** What a verb works with. */
export interface Context {
  readonly operation: string;
  readonly owner: string;
  readonly datapathType: string;
  readonly session: Session;
  readonly deadline: Deadline;
  readonly wait: boolean;
  readonly rollback: boolean;
  readonly seen: Seen;
  /** Carries out an undo: with time of its own, on a new connection if this one broke, without waiting for vswitchd. */
  readonly undo: (
    body: (context: Context) => Promise<Result<unknown, VSwitchError>>,
  ) => Promise<readonly string[]>;
}

/** A transaction that the database holds. */
export interface Committed {
  readonly operations: readonly Operation[];
  readonly results: readonly OperationResult[];
  /** The number of this configuration, to wait for; `undefined` without `wait`. */
  readonly nextCfg: Integer | undefined;
}

/** What was found has changed since, and nothing was done: the verb plans again on fresh facts. */
export class ChangedMeanwhile extends ConflictError {
  constructor(operation: string, object: string) {
    super({
      operation,
      object,
      message: `${operation}: ${object} has changed meanwhile, and nothing was done`,
    });
  }
}

/** Whether the change of a bridge's ports met no bridge. The guards before it see to it that it is then the only one. */
function metNoBridge(operations: readonly Operation[], results: readonly OperationResult[]): boolean {
  let at = 0;
  for (const each of operations) {
    if (results[at]?.count === 0 && each.op === "mutate" && each.table === "Bridge") return true;
    at += 1;
  }
  return false;
}

/** Writes a verb's one transaction. With `wait` it takes a number for its configuration. */
export function commit(
  context: Context,
  root: Uuid,
  operations: readonly Operation<Db>[],
): Promise<Result<Committed, VSwitchError>> {
  const all = context.wait ? [...operations, ...numberedOperations(root)] : operations;
  return commitWhole(context, all, all);
}

/** As `commit`, of a transaction that was prepared with its number. */
export function commitPrepared(context: Context, filled: Filled): Promise<Result<Committed, VSwitchError>> {
  return commitWhole(context, filled, filled.prepared.operations);
}

async function commitWhole(
  context: Context,
  transaction: Transaction,
  operations: readonly Operation[],
): Promise<Result<Committed, VSwitchError>> {
  const { operation } = context;
  const written = await context.session.write(transaction, context.deadline);
  if (written.isErr()) return written;
  const results = written.value;
  if (metNoBridge(operations, results)) return Err(new ChangedMeanwhile(operation, "the bridge"));
  if (!context.wait) return Ok({ operations, results, nextCfg: undefined });
  const nextCfg = results.at(-1)?.rows?.[0]?.["next_cfg"];
  if (typeof nextCfg === "number" || typeof nextCfg === "bigint") return Ok({ operations, results, nextCfg });
  const message = `${operation}: the database took the change, and its root row (table Open_vSwitch) was gone: somebody deleted it`;
  return Err(new ProtocolError({ operation, message }));
}

/** The world was not as the transaction took it to be: a guard failed, or a name was taken at the commit. */
const isStale = (error: VSwitchError): boolean =>
  error instanceof ChangedMeanwhile ||
  (error instanceof TransactionRejectedError &&
    (error.reason === "timed out" ||
      error.reason === "referential integrity violation" ||
      (error.reason === "constraint violation" && error.at === "commit")));

const mostAttempts = 40;

/**
 * Plans and commits, and plans again on fresh facts when somebody else was faster: at once the first time, then after
 * a short random pause, so that two that collide do not go on colliding.
 */
export async function retrying<T>(
  context: Context,
  attempt: (nth: number) => Promise<Result<T, VSwitchError>>,
): Promise<Result<T, VSwitchError>> {
  for (let nth = 0; ; nth += 1) {
    const result = await attempt(nth);
    if (result.isOk() || !isStale(result.error)) return result;
    if (nth === mostAttempts) {
      const { operation } = context;
      const message = `${operation}: gave up after ${mostAttempts} attempts: others keep changing the same things (${result.error.message})`;
      return Err(new ConflictError({ operation, object: "Open_vSwitch", cause: result.error, message }));
    }
    if (nth > 0) await sleep(Math.random() * Math.min(2 ** nth, 50));
    if (context.deadline.hasPassed) {
      return Err(context.deadline.failure("trying again after others' changes", "not-sent"));
    }
  }
}

/** The error of a verb whose change is committed and whose wait for vswitchd did not end well. */
export function notApplied({ deadline }: Context, doing: string, cause: VSwitchError): VSwitchError {
  const { operation } = deadline;
  if (cause.kind !== "disconnected" && cause.kind !== "protocol") return deadline.failure(doing, "committed");
  const message = `${operation}: the connection ended while ${doing}: ${cause.message}`;
  return new DisconnectedError({ operation, outcome: "committed", cause, message });
}

/** Waits for vswitchd, if the verb waits at all. */
export async function committedApplied(
  { session, deadline }: Context,
  { nextCfg }: Committed,
): Promise<Result<void, VSwitchError> | undefined> {
  return nextCfg === undefined ? undefined : applied(session, nextCfg, deadline);
}

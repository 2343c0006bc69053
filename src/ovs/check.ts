import {
  ConflictError,
  DisconnectedError,
  RejectedError,
  type Outcome,
  type VSwitchError,
} from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { InterfaceSpec } from "../core/specs.js";
import { appliedInterface } from "./applied.js";
import type { Committed, Context } from "./context.js";
import type { AppliedRow, Uuid } from "./rows.js";

/** What a verb committed, and how to take it back. */
export interface Subject {
  /** As an error names it, such as `the interface vhu0`. */
  readonly what: string;
  /** The row of table `Interface` that vswitchd answers in. */
  readonly interface: Uuid;
  /** Its type, as Open vSwitch calls it. */
  readonly type: string;
  readonly undo: (context: Context) => Promise<Result<unknown, VSwitchError>>;
}

/**
 * Waits until vswitchd has taken a committed port and asks how it went; takes the change back when it went wrong.
 * Gives what vswitchd has written; `undefined`: the verb does not wait.
 */
export async function checkApplied(
  context: Context,
  committed: Committed,
  subject: Subject,
): Promise<Result<AppliedRow | undefined, VSwitchError>> {
  const { session, deadline } = context;
  if (deadline.hasPassed) return Err(await giveUp(context, subject, undefined));
  if (committed.nextCfg === undefined) return Ok(undefined);
  const done = await appliedInterface(session, committed.nextCfg, subject.interface, deadline);
  if (done.isErr()) return Err(await giveUp(context, subject, done.error));
  const row = done.value;
  if (row === undefined) return Err(deletedMeanwhile(context, subject));
  const bad = faultOf(row, subject.type);
  return bad === undefined ? Ok(row) : Err(await refuse(context, subject, bad));
}

async function takeBack(
  context: Context,
  subject: Subject,
): Promise<{ outcome: Outcome; leftBehind: readonly string[] }> {
  if (!context.rollback)
    return { outcome: "committed", leftBehind: [`${subject.what} stays in the database: rollback is off`] };
  const leftBehind = await context.undo(subject.undo);
  return { outcome: leftBehind.length === 0 ? "undone" : "committed", leftBehind };
}

async function giveUp(
  context: Context,
  subject: Subject,
  cause: VSwitchError | undefined,
): Promise<VSwitchError> {
  const { outcome, leftBehind } = await takeBack(context, subject);
  const { operation, deadline } = context;
  if (cause?.kind === "disconnected" || cause?.kind === "protocol") {
    const message = `${operation}: the connection ended while waiting for ovs-vswitchd to set up ${subject.what}: ${cause.message}`;
    return new DisconnectedError({ operation, outcome, leftBehind, cause, message });
  }
  const isCancelled = deadline.callerSignal?.aborted === true;
  const hint = isCancelled ? "" : " (is ovs-vswitchd running?)";
  return deadline.failure(
    `waiting for ovs-vswitchd to set up ${subject.what}, which was written to the database${hint}`,
    outcome,
    leftBehind,
  );
}

async function refuse(
  context: Context,
  subject: Subject,
  { said, advice }: PortFault,
): Promise<RejectedError> {
  const { leftBehind } = await takeBack(context, subject);
  const { operation } = context;
  const why = [said, advice].filter((words) => words !== "").join("; ");
  const message = `${operation}: ovs-vswitchd could not make ${subject.what}: ${why}`;
  const reason = said === "" ? "Interface.ofport" : "Interface.error";
  return new RejectedError({ operation, reason, details: said, leftBehind, message });
}

function deletedMeanwhile(context: Context, subject: Subject): ConflictError {
  const { operation } = context;
  const message = `${operation}: somebody deleted ${subject.what} while it was being made`;
  return new ConflictError({ operation, object: subject.what, message });
}

/** Why a port does not work. */
interface PortFault {
  /** vswitchd's own words, in `Interface.error`; "" where it says nothing. */
  readonly said: string;
  /** What to do about it, or where to look; "" where its words are enough. */
  readonly advice: string;
}

/**
 * Why a port does not work, from what vswitchd wrote of it; `undefined`: it works. An `ofport` that is still unset
 * once the configuration was applied means that the bridge itself could not be made: nothing else says so.
 */
function faultOf(row: AppliedRow, type: string): PortFault | undefined {
  if (row.ofport === null) {
    const questions =
      "has it the datapath type of the bridge, and the right to make its devices? Does another ovs-vswitchd run on this host?";
    const advice = `it got no port number, so its bridge could not be made: see the log of ovs-vswitchd (${questions})`;
    return { said: "", advice };
  }
  if (row.ofport >= 0) return undefined;
  const said = row.error ?? "";
  if (said === "") return { said, advice: "it gives no reason (Interface.error is empty): see its log" };
  const isLeft = type === "dpdkvhostuser" && said.includes("Unknown error -1");
  const advice = isLeft
    ? "most often a file of that name is left in the directory of its sockets: remove it"
    : "";
  return { said, advice };
}

/** What is worth knowing of a port that works. */
export function warningsOf(row: AppliedRow, spec: InterfaceSpec): readonly string[] {
  const warnings: string[] = [];
  if (row.ofport !== null && row.error !== null) warnings.push(row.error);
  if (row.ofport !== null && spec.ofportRequest !== undefined && row.ofport !== spec.ofportRequest) {
    warnings.push(`ofport ${spec.ofportRequest} was taken: the port got ${row.ofport}`);
  }
  if (spec.mtu !== undefined && row.mtu !== null && row.mtu !== 0 && row.mtu !== spec.mtu) {
    warnings.push(`the MTU is ${row.mtu}: ovs-vswitchd did not take ${spec.mtu}`);
  }
  return warnings;
}

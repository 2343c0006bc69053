import type { Deadline } from "../core/call.js";
import { DisconnectedError, ProtocolError, type VSwitchError } from "../core/errors.js";
import { Err, type Result } from "../core/result.js";
import type { Integer, TransactError } from "../ovsdb/index.js";
import { select, wait, type Db } from "./database.js";
import { interfaceColumnsWithCounters, type InterfaceRow, type Uuid } from "./rows.js";
import { graceMs, type Session } from "./session.js";

/*
 * How vswitchd is waited for. The server does the waiting (`wait` of RFC 7047 section 5.2.6) and answers at the very
 * commit that says so, together with what is asked for: one message, and none of what else becomes of the rows.
 */

/** The numbers of the configuration that is wanted, and of the one that vswitchd has applied. */
export type Configuration = Pick<Db["Open_vSwitch"], "next_cfg" | "cur_cfg">;

/** `undefined`: nobody has initialised the database. */
export async function readConfiguration(
  session: Session,
  deadline: Deadline,
): Promise<Result<Configuration | undefined, VSwitchError>> {
  const read = await session.read([select("Open_vSwitch", [], ["next_cfg", "cur_cfg"])], deadline);
  return read.map(([{ rows }]) => rows[0]);
}

/** Holds until vswitchd says that it has applied the configuration of this number, as `ovs-vsctl` waits. */
const reached = (nextCfg: Integer, deadline: Deadline) =>
  // The server's time is the longer one: it ends a wait whose end nobody could tell it any more.
  wait("Open_vSwitch", [["cur_cfg", ">=", nextCfg]], ["cur_cfg"], "!=", [], deadline.remainingMs() + graceMs);

/** Waits until vswitchd has applied the configuration of this number. */
export async function applied(
  session: Session,
  nextCfg: Integer,
  deadline: Deadline,
): Promise<Result<void, VSwitchError>> {
  const waited = await session.read([reached(nextCfg, deadline)], deadline);
  return waited.map(() => undefined).mapErr((error) => notReached(error, deadline));
}

/** Waits as `applied` does, and gives the row of an interface as it is then; `undefined`: it is gone. */
export async function appliedInterface(
  session: Session,
  nextCfg: Integer,
  id: Uuid,
  deadline: Deadline,
): Promise<Result<InterfaceRow | undefined, VSwitchError>> {
  const waited = await session.read(
    [reached(nextCfg, deadline), select("Interface", [["_uuid", "==", id]], interfaceColumnsWithCounters)],
    deadline,
  );
  if (waited.isErr()) return Err(notReached(waited.error, deadline));
  return waited.map(([, { rows }]) => rows[0]);
}

/** It only reads: whatever became of it, nothing was changed. */
function notReached(error: TransactError, deadline: Deadline): VSwitchError {
  const { operation } = deadline;
  const { kind, message } = error;
  if (kind === "timeout" || kind === "aborted")
    return deadline.failure("waiting for ovs-vswitchd", "not-sent");
  const fields = { operation, message, cause: error };
  if (kind === "disconnected") return new DisconnectedError({ ...fields, outcome: "not-sent" });
  return kind === "rejected" ? new ProtocolError(fields) : error;
}

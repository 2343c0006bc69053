import type { Deadline } from "../core/call.js";
import { DisconnectedError, ProtocolError, type VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { Integer, TransactError } from "../ovsdb/index.js";
import { select, type Db } from "./database.js";
import type { AppliedRow, Uuid } from "./rows.js";
import { graceMs, type Session } from "./session.js";

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

/** The server's time is the longer one: it ends a wait whose end nobody could tell it any more. */
const serverMs = (deadline: Deadline): number => deadline.remainingMs() + graceMs;

/** Waits until vswitchd has applied the configuration of this number. */
export async function applied(
  session: Session,
  nextCfg: Integer,
  deadline: Deadline,
): Promise<Result<void, VSwitchError>> {
  const waited = await session.read(session.prepared.applied(nextCfg, serverMs(deadline)), deadline);
  return waited.isErr() ? Err(notReached(waited.error, deadline)) : Ok(undefined);
}

/** Waits as `applied` does, and gives what vswitchd has written of an interface by then; `undefined`: it is gone. */
export async function appliedInterface(
  session: Session,
  nextCfg: Integer,
  id: Uuid,
  deadline: Deadline,
): Promise<Result<AppliedRow | undefined, VSwitchError>> {
  const operations = session.prepared.appliedInterface(nextCfg, serverMs(deadline), id);
  const waited = await session.read(operations, deadline);
  return waited.isErr() ? Err(notReached(waited.error, deadline)) : Ok(waited.value[1].rows[0]);
}

/** It only reads: whatever became of it, nothing was changed. */
function notReached(error: TransactError, deadline: Deadline): VSwitchError {
  const { operation } = deadline;
  const { kind, message } = error;
  if (kind === "timeout" || kind === "aborted") {
    const doing = "waiting for ovs-vswitchd to carry out what is in the database (is ovs-vswitchd running?)";
    return deadline.failure(doing, "not-sent");
  }
  const fields = { operation, message, cause: error };
  if (kind === "disconnected") return new DisconnectedError({ ...fields, outcome: "not-sent" });
  return kind === "rejected" ? new ProtocolError(fields) : error;
}

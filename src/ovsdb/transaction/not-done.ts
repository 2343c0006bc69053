import { ConflictError, InvalidError, NotFoundError } from "../../core/errors.js";
import type { TransactError } from "../errors.js";
import { shown } from "../fault.js";
import type { Snapshot } from "../replica/snapshot.js";
import type { Uuid } from "../uuid.js";
import type { Verified } from "./reads.js";

/** Whether the server may have done it all the same. A cluster may commit what it has cancelled (`ovsdb_trigger_cancel` of ovsdb/trigger.c). */
export function mayBeDone(error: TransactError): boolean {
  if (error.kind === "protocol") return true;
  if (error.kind === "rejected") return error.reason === "canceled";
  return "outcome" in error && error.outcome === "unknown";
}

/** Whether a snapshot has a row, of a table that may not be monitored. */
export function has(snapshot: Snapshot, table: string, uuid: Uuid): boolean {
  try {
    return snapshot.table(table).has(uuid);
  } catch {
    // It is not monitored: the server's word is all there is.
    return false;
  }
}

/** The error of a transaction that is about a row which is not there. */
export function notThere(
  operation: string,
  { table, uuid }: Pick<Verified, "table" | "uuid">,
  cause: Error,
): NotFoundError {
  const object = `row ${uuid ?? ""} of ${table}`;
  const message = `${operation}: there is no ${object}, so nothing was done`;
  return new NotFoundError({ operation, object, cause, message });
}

/** The error of a transaction whose reads do not hold any more. */
export function conflict(operation: string, failed: Verified, why: string, cause: Error): ConflictError {
  const { table, uuid, wait } = failed;
  const columns = wait.columns.filter((column) => column !== "_uuid");
  const seen = columns.length === 0 ? "" : ` (${columns.join(", ")})`;
  const object = uuid === undefined ? `rows of ${table}${seen}` : `row ${uuid} of ${table}${seen}`;
  const message = `${operation}: what the transaction read of ${object} is no longer so: ${why}. Nothing was done`;
  return new ConflictError({ operation, object, cause, message });
}

/** The error of a transaction that is to be tried no number of times that there is. */
export function badAttempts(operation: string, attempts: number): InvalidError {
  const expected = "a whole number from 1";
  const message = `${operation}: attempts is ${shown(attempts)}; expected ${expected}`;
  return new InvalidError({ operation, path: "attempts", expected, got: shown(attempts), message });
}

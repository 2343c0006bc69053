import { Deadline } from "../../core/call.js";
import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { TransactionRejectedError, type TransactError } from "../errors.js";
import type { OperationOptions, RowsByTable } from "../monitor.js";
import type { Operation } from "../operations.js";
import type { IndexRequest } from "../replica/snapshot.js";
import type { SessionPort } from "../session/port.js";
import type { DatabaseRows } from "../value.js";
import type { TransactionCallback } from "./commit.js";
import { isThenable, Recorder, typedTransaction } from "./transaction.js";

/** What a transaction would be, and that the server carries out each of its operations. */
export interface DryRun<T> {
  /** What the callback gave. */
  readonly value: T;
  /** The operations that would be sent, in order. */
  readonly operations: readonly Operation[];
}

const dryRunMs = 10_000;

/**
 * Calls the callback once and has the server carry out what it wrote, and then undo it by `abort`. An error is what the
 * server says to one of the operations: a read that is otherwise by now, too (`timed out`). What only a commit checks is
 * not tried: references, unique columns, and how many rows a table may have.
 */
export async function dryRun<Db extends DatabaseRows, Rows extends RowsByTable, T>(
  port: SessionPort<Rows>,
  indexes: IndexRequest,
  callback: TransactionCallback<Db, Rows, T>,
  options: OperationOptions,
): Promise<Result<DryRun<T>, TransactError>> {
  const { operation } = options;
  const started = Deadline.start(operation, options, dryRunMs);
  if (started.isErr()) return started;
  using deadline = started.value;
  const ready = await port.ready({ operation, ...deadline.step() });
  if (ready.isErr()) return ready;
  const recorder = new Recorder({ snapshot: port.snapshot(), attempt: 1, indexes });
  const value = callback(typedTransaction<Db, Rows>(recorder));
  const { operations } = recorder.finish();
  if (isThenable(value)) return Err(notSynchronous(operation));
  if (operations.length === 0) return Ok({ value, operations });
  const tried: readonly Operation[] = [...operations, { op: "abort" }];
  const answer = await port.transact(tried, { operation, ...deadline.step() });
  if (answer.isOk()) return Ok({ value, operations });
  const { error } = answer;
  const isUndone =
    error instanceof TransactionRejectedError &&
    error.at !== "commit" &&
    error.at.index === operations.length &&
    error.reason === "aborted";
  return isUndone ? Ok({ value, operations }) : Err(error);
}

function notSynchronous(operation: string): InvalidError {
  const expected = "a function that gives no promise";
  const message = `${operation}: the callback gave a promise; expected ${expected}. Nothing was sent`;
  return new InvalidError({ operation, path: "callback", expected, got: "a promise", message });
}

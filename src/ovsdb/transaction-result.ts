import type { ProtocolError, RejectedError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { readUuid } from "./atom.js";
import type { EncodedTransaction } from "./encode-transaction.js";
import {
  broken,
  readServerError,
  refused,
  TransactionRejectedError,
  type FailedOperation,
} from "./errors.js";
import { fault, Fault } from "./fault.js";
import { isArray, isObject, member } from "./json.js";
import type { Operation, SelectOperation } from "./operations.js";
import type { RowPlan } from "./row-plan.js";
import type { Uuid } from "./uuid.js";
import type { Row } from "./value.js";

/** What an `insert` gives: the id of the new row. */
export interface InsertResult {
  readonly uuid: Uuid;
  readonly count?: undefined;
  readonly rows?: undefined;
}

/** What an `update`, `mutate` or `delete` gives: how many rows met its conditions, changed or not. */
export interface CountResult {
  readonly uuid?: undefined;
  readonly count: number;
  readonly rows?: undefined;
}

/** What a `select` gives, in no promised order. */
export interface SelectResult<R = Row> {
  readonly uuid?: undefined;
  readonly count?: undefined;
  readonly rows: readonly R[];
}

/** What every other operation gives. */
export interface EmptyResult {
  readonly uuid?: undefined;
  readonly count?: undefined;
  readonly rows?: undefined;
}

/** What one operation of a transaction gave: a `uuid`, a `count`, `rows`, or none of them. */
export type OperationResult = InsertResult | CountResult | SelectResult | EmptyResult;

/** What an operation of that type gives. */
export type ResultOf<O> = O extends { readonly op: "insert" }
  ? InsertResult
  : O extends { readonly op: "update" | "mutate" | "delete" }
    ? CountResult
    : O extends SelectOperation<string, infer R>
      ? SelectResult<R>
      : EmptyResult;

/** What operations of these types give, each in its place. */
export type ResultsOf<Operations extends readonly unknown[]> = {
  readonly [I in keyof Operations]: ResultOf<Operations[I]>;
};

/**
 * Reads the result of a transaction. A failed one has the error in the place of the operation that failed, and null
 * after it; one that failed on commit has one element more than it had operations: RFC 7047 section 4.1.3.
 */
export function readTransactionResult(
  { wire: operations, plans }: EncodedTransaction,
  wire: unknown,
  operation: string,
): Result<readonly OperationResult[], RejectedError | ProtocolError> {
  if (!isArray(wire)) {
    // `ovsdb_execute_compose` of ovsdb/execution.c gives an error in place of the array.
    const error = readServerError(wire);
    if (error !== undefined) return Err(refused(operation, "the transaction", error));
    return Err(unreadable(operation, fault("an array", wire)));
  }
  const rejected = findError(operations, wire, operation);
  if (rejected !== undefined) return Err(rejected);
  if (wire.length !== operations.length) {
    return Err(unreadable(operation, new Fault(`${operations.length} elements`, `${wire.length} elements`)));
  }
  const results: OperationResult[] = [];
  for (const each of operations) {
    const index = results.length;
    const result = readResult(each.op, wire[index], plans.get(index));
    if (result instanceof Fault) return Err(unreadable(operation, result.within(`${index} (${each.op})`)));
    results.push(result);
  }
  return Ok(results);
}

function unreadable(operation: string, found: Fault): ProtocolError {
  return broken(operation, "transaction result (it may have been done)", found);
}

function findError(
  operations: EncodedTransaction["wire"],
  wire: readonly unknown[],
  operation: string,
): TransactionRejectedError | undefined {
  let index = 0;
  for (const element of wire) {
    const error = typeof element === "string" ? undefined : readServerError(element);
    if (error !== undefined) {
      const failed = operations[index];
      const at: FailedOperation | "commit" =
        failed === undefined ? "commit" : { index, op: failed.op, table: failed.table };
      return new TransactionRejectedError({ operation, ...error, at });
    }
    index += 1;
  }
  return undefined;
}

function readResult(op: Operation["op"], wire: unknown, plan: RowPlan | undefined): OperationResult | Fault {
  if (!isObject(wire)) return fault("an object", wire);
  if (op === "insert") {
    const uuid = readUuid(member(wire, "uuid"));
    return uuid === undefined ? fault("the uuid of the row", member(wire, "uuid")).within("uuid") : { uuid };
  }
  if (op === "update" || op === "mutate" || op === "delete") {
    const count = member(wire, "count");
    const isCount = typeof count === "number" && Number.isSafeInteger(count) && count >= 0;
    return isCount ? { count } : fault("a number of rows", count).within("count");
  }
  return plan === undefined ? {} : readRows(member(wire, "rows"), plan);
}

function readRows(wire: unknown, plan: RowPlan): SelectResult | Fault {
  if (!isArray(wire)) return fault("an array of rows", wire).within("rows");
  const rows: Row[] = [];
  for (const each of wire) {
    const uuid = isObject(each) ? readUuid(member(each, "_uuid")) : undefined;
    if (uuid === undefined) return fault("a row with its _uuid", each).within(plan.table);
    const row = plan.decode(uuid, each, "is-fault");
    if (row instanceof Fault) return row.within(plan.table);
    rows.push(row);
  }
  return { rows };
}

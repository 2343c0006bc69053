import { isSameValue } from "../matches.js";
import type { RowChange } from "../replica.js";
import type { MutateOperation, Operation, TableOperation, UpdateOperation } from "../operations.js";
import { isArray } from "../json.js";
import type { Uuid } from "../uuid.js";

/** A transaction of this session. */
export interface LocalTransaction {
  /** Its place among the session's transactions, from 1. */
  readonly id: number;
  /** The verb on whose behalf it was made. */
  readonly operation: string;
}

/**
 * The transactions that are on their way. The server tells a transaction's changes before its answer
 * (ovsdb-server(7) section 4.1.5), so whatever is told of them is told while they are here.
 */
export class TransactionsUnderway {
  readonly #underway = new Map<LocalTransaction, readonly Operation[]>();
  #last = 0;

  /** Notes a transaction until `act` calls what it is given: its answer has been read, or will not come. */
  during<T>(operations: readonly Operation[], operation: string, act: (answered: () => void) => T): T {
    this.#last += 1;
    const local: LocalTransaction = { id: this.#last, operation };
    this.#underway.set(local, operations);
    return act(() => void this.#underway.delete(local));
  }

  /** Which of them a change is of: one of its rows is what an operation makes of it. */
  originOf(rows: readonly RowChange[]): LocalTransaction | "remote" {
    for (const [local, operations] of this.#underway) {
      const byRow = operationsByRow(operations);
      if (rows.some((row) => byRow.get(row.uuid)?.some((each) => isDoneBy(each, row)) === true)) return local;
    }
    return "remote";
  }
}

/** The operations that name their row by its id. */
function operationsByRow(operations: readonly Operation[]): ReadonlyMap<Uuid, readonly TableOperation[]> {
  const byRow = new Map<Uuid, TableOperation[]>();
  for (const each of operations) {
    const uuid = rowOf(each);
    if (uuid === undefined || !("table" in each)) continue;
    const known = byRow.get(uuid);
    if (known === undefined) byRow.set(uuid, [each]);
    else known.push(each);
  }
  return byRow;
}

function rowOf(each: Operation): Uuid | undefined {
  if (each.op === "insert") return each.uuid;
  if (each.op !== "update" && each.op !== "mutate" && each.op !== "delete") return undefined;
  const [condition] = each.where;
  if (!isArray(condition) || condition[0] !== "_uuid" || condition[1] !== "==") return undefined;
  const [, , uuid] = condition;
  return isUuid(uuid) ? uuid : undefined;
}

function isUuid(value: unknown): value is Uuid {
  return typeof value === "string";
}

function isDoneBy(each: TableOperation, row: RowChange): boolean {
  if (each.op === "insert") return row.old === undefined;
  if (each.op === "delete") return row.new === undefined;
  if (each.op === "update") return isUpdatedBy(each, row);
  return each.op === "mutate" && isMutatedBy(each, row);
}

function isUpdatedBy({ row: written }: UpdateOperation, { new: after }: RowChange): boolean {
  return Object.keys(written).every((name) => {
    const value = after?.[name];
    return value !== undefined && isSameValue(value, written[name]);
  });
}

function isMutatedBy({ mutations }: MutateOperation, { old: before, new: after }: RowChange): boolean {
  return mutations.some((mutation) => {
    const name = isArray(mutation) && typeof mutation[0] === "string" ? mutation[0] : "";
    const [was, is] = [before?.[name], after?.[name]];
    return was !== undefined && is !== undefined && !isSameValue(was, is);
  });
}

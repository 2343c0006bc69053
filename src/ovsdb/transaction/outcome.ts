import type { ConflictError, NotFoundError } from "../../core/errors.js";
import type { TransactError } from "../errors.js";
import type { OperationResult } from "../transaction-result.js";
import type { Uuid } from "../uuid.js";
import type { Mark } from "./marker.js";

/** Why a transaction was not done, or why that is not known. */
export type CommitError = TransactError | ConflictError | NotFoundError;

/** The transaction was done, once, and the replica has it. */
export interface Committed<T> {
  readonly outcome: "committed";
  /** What the callback gave, in the attempt that was done. */
  readonly value: T;
  /**
   * What each operation gave, in the order in which they were sent: what verifies comes first. `undefined` where the
   * answer was lost and the rows that it inserted, or its mark, tell that it was done.
   */
  readonly results: readonly OperationResult[] | undefined;
  /** The ids of the rows that it inserted, in order. */
  readonly inserted: readonly Uuid[];
  /** How often the callback was called. */
  readonly attempts: number;
}

/** The transaction was not done: nothing of it, and it will not be. */
export interface Rejected {
  readonly outcome: "rejected";
  /**
   * Why: `conflict`, what was read kept changing; `not-found`, a row it is about is not there; `rejected`, the server
   * said no; `invalid` and `incompatible`, it was not even sent; `timeout`, `aborted`, `disconnected`, it was not sent
   * before the end.
   */
  readonly error: CommitError;
  readonly attempts: number;
}

/** The transaction may have been done, or not: the answer was lost, and nothing tells. */
export interface Unknown {
  readonly outcome: "unknown";
  readonly error: CommitError;
  /** The ids of the rows that it inserted if it was done, in order: look for them later. */
  readonly inserted: readonly Uuid[];
  /** What to look for, where a mark was asked for. No later transaction of this open database writes over it. */
  readonly mark: Mark | undefined;
  readonly attempts: number;
}

/** How a transaction ended. `switch (commit.outcome)` is exhaustive. */
export type Commit<T> = Committed<T> | Rejected | Unknown;

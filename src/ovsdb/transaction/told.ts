import { channel } from "node:diagnostics_channel";
import type { Commit, CommitError } from "./outcome.js";

/** What is told of each transaction on the channel `vswitch-drivers:ovsdb:transaction` of node:diagnostics_channel. */
export interface TransactionTold {
  readonly database: string;
  /** The verb on whose behalf it was made. */
  readonly operation: string;
  readonly outcome: Commit<unknown>["outcome"];
  /** How often its callback was called: more than once where others were faster, or an answer was lost. */
  readonly attempts: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Why it was not committed. */
  readonly error: CommitError | undefined;
}

const transactions = channel("vswitch-drivers:ovsdb:transaction");

/** Tells of a transaction when it has ended, where somebody listens. What a callback throws is not told. */
export async function telling<T>(
  database: string,
  operation: string,
  act: () => Promise<Commit<T>>,
): Promise<Commit<T>> {
  if (!transactions.hasSubscribers) return await act();
  const begun = performance.now();
  const ended = await act();
  const { outcome, attempts } = ended;
  const error = ended.outcome === "committed" ? undefined : ended.error;
  const durationMs = performance.now() - begun;
  const told: TransactionTold = { database, operation, outcome, attempts, durationMs, error };
  transactions.publish(told);
  return ended;
}

import { setTimeout as sleep } from "node:timers/promises";
import type { VSwitchError } from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import type { Context } from "./context.js";
import { afterUndo } from "./errors.js";
import { changedMeanwhile } from "./refusals.js";
import type { Steps } from "./steps.js";

/** A verb that changes the switch, as it runs. */
export interface Change {
  readonly context: Context;
  readonly rollback: boolean;
  /** Memif sockets that VPP could not bind on this connection: their ids are not used again. */
  readonly brokenSockets: Set<number>;
  /** Undoes steps on a connection and a deadline of their own; gives what could not be undone. */
  readonly undo: (steps: Steps) => Promise<readonly string[]>;
}

/** Somebody else did the same thing at the same time: it was undone and is to be tried again. */
export const again = Symbol("again");

/** The most attempts at a verb that others' changes get in the way of. */
export const mostAttempts = 20;

/** The longest pause between two of them, in milliseconds. */
const longestPauseMs = 40;

/** Tries until nobody gets in the way. Who collided waits a random while, so that one of them gets through. */
export async function retrying<T>(
  { context }: Change,
  what: string,
  attempt: (nth: number) => Promise<Result<T, VSwitchError> | typeof again>,
): Promise<Result<T, VSwitchError>> {
  const { operation, deadline } = context;
  for (let nth = 1; nth <= mostAttempts; nth++) {
    const result = await attempt(nth);
    if (result !== again) return result;
    if (deadline.signal.aborted)
      return Err(deadline.failure(`making way for others that change ${what}`, "undone"));
    await sleep(Math.random() * Math.min(longestPauseMs, 2 ** nth));
  }
  return Err(changedMeanwhile(operation, what));
}

/** The end of a change that failed half-way: what it did is taken back, unless the caller wants it kept. */
export async function takeBack(
  { rollback, undo }: Change,
  steps: Steps,
  error: VSwitchError,
): Promise<VSwitchError> {
  if (steps.isEmpty) return error;
  return afterUndo(error, rollback ? await undo(steps) : steps.all.map((what) => `${what}: rollback is off`));
}

import { AbortedError, InvalidError, TimeoutError, type Outcome } from "./errors.js";
import { Err, Ok, type Result } from "./result.js";
import { unwatchSignal, watchSignal } from "./signals.js";
import { printed } from "./validate.js";

/** What every call of this library takes. */
export interface CallOptions {
  /** Gives up when it fires; the call ends with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** The deadline in milliseconds from the call, 1 to 2147483647 (the longest timer of Node). The call ends with `timeout`. */
  readonly timeoutMs?: number | undefined;
}

/** The longest timer of Node, in milliseconds. */
export const longestTimer = 2_147_483_647;

/** The reason of a {@link Deadline}'s signal that fired because the time was up, not because a caller wanted it. */
class TimeUp {
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }
}

/**
 * The error of a step that ended because its signal fired: `timeout` when that is the signal of a call whose time was
 * up, `aborted` when somebody cancelled it.
 */
export function gaveUp(
  signal: AbortSignal | undefined,
  fields: {
    readonly operation: string;
    readonly doing: string;
    readonly outcome: Outcome;
    readonly leftBehind?: readonly string[];
  },
): TimeoutError | AbortedError {
  const { operation, doing, outcome, leftBehind = [] } = fields;
  const reason: unknown = signal?.reason;
  if (reason instanceof TimeUp) {
    const { timeoutMs } = reason;
    const message = `${operation}: no answer within ${timeoutMs} ms while ${doing}`;
    return new TimeoutError({ operation, outcome, leftBehind, timeoutMs, message });
  }
  const message = `${operation}: cancelled while ${doing}`;
  return new AbortedError({ operation, outcome, leftBehind, cause: reason, message });
}

/**
 * One call's deadline and cancellation as one `AbortSignal`, with the reason. Every step of the call gets the same
 * one, so the steps share the time. Dispose it when the call is over: it may hold a timer. The signal, with its timer,
 * is made when it is first asked for: most calls are over long before, and it would be a good part of what they cost.
 */
export class Deadline implements Disposable {
  readonly operation: string;
  readonly timeoutMs: number;
  /** What the caller may cancel with. */
  readonly callerSignal: AbortSignal | undefined;
  readonly #endsAt: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;
  readonly #onCallerAbort = (): void => this.#controller?.abort(this.callerSignal?.reason);

  private constructor(operation: string, timeoutMs: number, signal: AbortSignal | undefined) {
    this.operation = operation;
    this.timeoutMs = timeoutMs;
    this.#endsAt = performance.now() + timeoutMs;
    this.callerSignal = signal;
  }

  /** Starts the clock of a call; fails at once, with nothing sent, on a bad `timeoutMs` or a signal that has fired. */
  static start(
    operation: string,
    options: CallOptions | undefined,
    defaultMs: number,
  ): Result<Deadline, InvalidError | TimeoutError | AbortedError> {
    const timeoutMs = options?.timeoutMs ?? defaultMs;
    if (!(typeof timeoutMs === "number" && timeoutMs >= 1 && timeoutMs <= longestTimer)) {
      return Err(
        new InvalidError({
          operation,
          path: "timeoutMs",
          expected: `a number from 1 to ${longestTimer}`,
          got: printed(timeoutMs),
          message: `${operation}: timeoutMs is ${printed(timeoutMs)}; give milliseconds from 1 to ${longestTimer}, or leave it out for ${defaultMs}`,
        }),
      );
    }
    const { signal } = options ?? {};
    if (signal?.aborted === true) {
      return Err(
        gaveUp(signal, { operation, doing: "it had not begun, so nothing was sent", outcome: "not-sent" }),
      );
    }
    return Ok(new Deadline(operation, timeoutMs, options?.signal));
  }

  /** Fires when the time is up or the caller's signal fires. */
  get signal(): AbortSignal {
    this.#controller ??= this.#begin();
    return this.#controller.signal;
  }

  /** Whether the time is up or the caller's signal has fired. */
  get hasPassed(): boolean {
    return (
      this.#controller?.signal.aborted === true ||
      this.callerSignal?.aborted === true ||
      performance.now() >= this.#endsAt
    );
  }

  #begin(): AbortController {
    const controller = new AbortController();
    if (this.#isDisposed) return controller;
    const { callerSignal, timeoutMs } = this;
    if (callerSignal?.aborted === true) {
      controller.abort(callerSignal.reason);
      return controller;
    }
    const left = this.#endsAt - performance.now();
    if (left <= 0) controller.abort(new TimeUp(timeoutMs));
    else this.#timer = setTimeout(() => controller.abort(new TimeUp(timeoutMs)), Math.ceil(left));
    if (callerSignal !== undefined) watchSignal(callerSignal, this.#onCallerAbort);
    return controller;
  }

  /** Milliseconds that are left, at least 1, so that it can be given to the next step. */
  remainingMs(): number {
    return Math.max(1, Math.ceil(this.#endsAt - performance.now()));
  }

  /** What a step of this call is given. */
  step(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    return { signal: this.signal, timeoutMs: this.remainingMs() };
  }

  /** The error that says why this call gave up while it was `doing` something. */
  failure(doing: string, outcome: Outcome, leftBehind: readonly string[] = []): TimeoutError | AbortedError {
    const { operation, timeoutMs, callerSignal } = this;
    const signal = this.#controller?.signal.aborted === true ? this.#controller.signal : callerSignal;
    if (signal?.aborted === true) return gaveUp(signal, { operation, doing, outcome, leftBehind });
    const message = `${operation}: no answer within ${timeoutMs} ms while ${doing}`;
    return new TimeoutError({ operation, outcome, leftBehind, timeoutMs, message });
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    if (this.callerSignal !== undefined) unwatchSignal(this.callerSignal, this.#onCallerAbort);
  }
}

import { AbortedError, InvalidError, TimeoutError, type Outcome } from "./errors.js";
import { Err, Ok, type Result } from "./result.js";
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

/**
 * One call's deadline and cancellation as one `AbortSignal`, with the reason. Every step of the call gets the same
 * one, so the steps share the time. Dispose it when the call is over: it holds a timer.
 */
export class Deadline implements Disposable {
  readonly operation: string;
  readonly timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal | undefined;
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #onCallerAbort = (): void => this.#controller.abort();

  private constructor(operation: string, timeoutMs: number, signal: AbortSignal | undefined) {
    this.operation = operation;
    this.timeoutMs = timeoutMs;
    this.#endsAt = performance.now() + timeoutMs;
    this.#callerSignal = signal;
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
    if (signal?.aborted === true) this.#controller.abort();
    else signal?.addEventListener("abort", this.#onCallerAbort, { once: true });
  }

  /** Starts the clock of a call; fails at once, with nothing sent, on a bad `timeoutMs` or a signal that has fired. */
  static start(
    operation: string,
    options: CallOptions | undefined,
    defaultMs: number,
  ): Result<Deadline, InvalidError | AbortedError> {
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
    if (options?.signal?.aborted === true) {
      return Err(
        new AbortedError({
          operation,
          outcome: "not-sent",
          cause: options.signal.reason,
          message: `${operation}: the signal had fired before the call; nothing was sent`,
        }),
      );
    }
    return Ok(new Deadline(operation, timeoutMs, options?.signal));
  }

  /** Fires when the time is up or the caller's signal fires. */
  get signal(): AbortSignal {
    return this.#controller.signal;
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
    const { operation, timeoutMs } = this;
    if (this.#callerSignal?.aborted === true) {
      const message = `${operation}: cancelled while ${doing}`;
      return new AbortedError({ operation, outcome, leftBehind, cause: this.#callerSignal.reason, message });
    }
    const message = `${operation}: no answer within ${timeoutMs} ms while ${doing}`;
    return new TimeoutError({ operation, outcome, leftBehind, timeoutMs, message });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener("abort", this.#onCallerAbort);
  }
}

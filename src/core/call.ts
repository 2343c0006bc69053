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

interface Watched {
  readonly callbacks: Set<() => void>;
  readonly onAbort: () => void;
}

/** The calls that a caller's signal ends, behind one listener: Node warns of a leak at the eleventh on one signal. */
const watched = new WeakMap<AbortSignal, Watched>();

function watch(signal: AbortSignal, callback: () => void): void {
  const known = watched.get(signal);
  if (known !== undefined) {
    known.callbacks.add(callback);
    return;
  }
  const callbacks = new Set([callback]);
  const onAbort = (): void => callbacks.forEach((each) => each());
  watched.set(signal, { callbacks, onAbort });
  signal.addEventListener("abort", onAbort, { once: true });
}

function unwatch(signal: AbortSignal, callback: () => void): void {
  const known = watched.get(signal);
  known?.callbacks.delete(callback);
  if (known?.callbacks.size !== 0) return;
  watched.delete(signal);
  signal.removeEventListener("abort", known.onAbort);
}

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
 * one, so the steps share the time. Dispose it when the call is over: it holds a timer.
 */
export class Deadline implements Disposable {
  readonly operation: string;
  readonly timeoutMs: number;
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal | undefined;
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#callerSignal?.reason);

  private constructor(operation: string, timeoutMs: number, signal: AbortSignal | undefined) {
    this.operation = operation;
    this.timeoutMs = timeoutMs;
    this.#endsAt = performance.now() + timeoutMs;
    this.#callerSignal = signal;
    this.#timer = setTimeout(() => this.#controller.abort(new TimeUp(timeoutMs)), timeoutMs);
    if (signal?.aborted === true) this.#onCallerAbort();
    else if (signal !== undefined) watch(signal, this.#onCallerAbort);
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
    const { operation, signal, timeoutMs } = this;
    if (signal.aborted) return gaveUp(signal, { operation, doing, outcome, leftBehind });
    const message = `${operation}: no answer within ${timeoutMs} ms while ${doing}`;
    return new TimeoutError({ operation, outcome, leftBehind, timeoutMs, message });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    if (this.#callerSignal !== undefined) unwatch(this.#callerSignal, this.#onCallerAbort);
  }
}

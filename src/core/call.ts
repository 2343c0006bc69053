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
export function gaveUp(signal: AbortSignal | undefined, step: Step): TimeoutError | AbortedError {
  return gaveUpFor(signal?.reason, step);
}

/** A step that was given up. */
interface Step {
  readonly operation: string;
  readonly doing: string;
  readonly outcome: Outcome;
  readonly leftBehind?: readonly string[];
}

function gaveUpFor(reason: unknown, step: Step): TimeoutError | AbortedError {
  const { operation, doing, outcome, leftBehind = [] } = step;
  if (reason instanceof TimeUp) {
    const { timeoutMs } = reason;
    const message = `${operation}: no answer within ${timeoutMs} ms while ${doing}`;
    return new TimeoutError({ operation, outcome, leftBehind, timeoutMs, message });
  }
  const message = `${operation}: cancelled while ${doing}`;
  return new AbortedError({ operation, outcome, leftBehind, cause: reason, message });
}

/** Tells a step to give up: a signal, or the deadline of the call that it belongs to, which costs less to listen to. */
export type Stop = AbortSignal | Deadline;

/** Whether it is time to give up. */
export function hasStopped(stop: Stop): boolean {
  return stop instanceof Deadline ? stop.hasPassed : stop.aborted;
}

/** Calls `callback` once when it is time to give up, until `unwatchStop`. For one whose time has not come yet. */
export function watchStop(stop: Stop, callback: () => void): void {
  if (stop instanceof Deadline) stop.watch(callback);
  else stop.addEventListener("abort", callback, { once: true });
}

/** Ends what `watchStop` began with this very function. */
export function unwatchStop(stop: Stop, callback: () => void): void {
  if (stop instanceof Deadline) stop.unwatch(callback);
  else stop.removeEventListener("abort", callback);
}

/**
 * One call's deadline and cancellation as one `AbortSignal`, with the reason. Every step of the call gets the same
 * one, so the steps share the time. Dispose it when the call is over: it may hold a timer. The timer is made when somebody
 * first listens, and the signal when it is first asked for: most calls are over long before, and it would be a good part
 * of what they cost.
 */
export class Deadline implements Disposable {
  readonly operation: string;
  readonly timeoutMs: number;
  /** What the caller may cancel with. */
  readonly callerSignal: AbortSignal | undefined;
  readonly #endsAt: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watchers: readonly (() => void)[] = [];
  /** Why it fired. */
  #fired: { readonly reason: unknown } | undefined;
  #isArmed = false;
  readonly #onCallerAbort = (): void => this.#fire(this.callerSignal?.reason);
  readonly #onTimeUp = (): void => this.#fire(new TimeUp(this.timeoutMs));

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
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#arm();
      if (this.#fired !== undefined) this.#controller.abort(this.#fired.reason);
    }
    return this.#controller.signal;
  }

  /** Calls `callback` once when the signal fires, or would fire, until `unwatch`; at once if it has. No signal is made for it. */
  watch(callback: () => void): void {
    if (this.#fired !== undefined) return callback();
    this.#watchers = [...this.#watchers, callback];
    this.#arm();
    return undefined;
  }

  /** Ends what `watch` began with this very function. */
  unwatch(callback: () => void): void {
    this.#watchers = this.#watchers.filter((watcher) => watcher !== callback);
  }

  /** Whether the time is up or the caller's signal has fired. */
  get hasPassed(): boolean {
    return (
      this.#fired !== undefined || this.callerSignal?.aborted === true || performance.now() >= this.#endsAt
    );
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    const { callerSignal } = this;
    const left = this.#endsAt - performance.now();
    if (callerSignal?.aborted === true) return this.#onCallerAbort();
    if (left <= 0) return this.#onTimeUp();
    this.#timer = setTimeout(this.#onTimeUp, Math.ceil(left));
    if (callerSignal !== undefined) watchSignal(callerSignal, this.#onCallerAbort);
    return undefined;
  }

  #fire(reason: unknown): void {
    if (this.#fired !== undefined) return;
    this.#fired = { reason };
    this.#controller?.abort(reason);
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }

  /** Milliseconds that are left, at least 1, so that it can be given to the next step. */
  remainingMs(): number {
    return Math.max(1, Math.ceil(this.#endsAt - performance.now()));
  }

  /** What a step of this call is given. */
  step(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    return { signal: this.signal, timeoutMs: this.remainingMs() };
  }

  /** Waits for something as long as there is time, and no longer; it goes on by itself then. `doing` says what that was. */
  async wait<T, E>(
    promise: Promise<Result<T, E>>,
    doing: () => string,
    outcome: Outcome,
  ): Promise<Result<T, E | TimeoutError | AbortedError>> {
    const late = new Promise<Result<T, TimeoutError | AbortedError>>((resolve) => {
      this.watch(() => resolve(Err(this.failure(doing(), outcome))));
    });
    return await Promise.race([promise, late]);
  }

  /** The error that says why this call gave up while it was `doing` something. */
  failure(doing: string, outcome: Outcome, leftBehind: readonly string[] = []): TimeoutError | AbortedError {
    const { operation, timeoutMs, callerSignal } = this;
    const step = { operation, doing, outcome, leftBehind };
    if (this.#fired !== undefined) return gaveUpFor(this.#fired.reason, step);
    if (callerSignal?.aborted === true) return gaveUp(callerSignal, step);
    return gaveUpFor(new TimeUp(timeoutMs), step);
  }

  [Symbol.dispose](): void {
    // Nothing begins any more.
    this.#isArmed = true;
    clearTimeout(this.#timer);
    if (this.callerSignal !== undefined) unwatchSignal(this.callerSignal, this.#onCallerAbort);
  }
}

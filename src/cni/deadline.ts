/**
 * How long a command may take, with all that it takes back: less than the two minutes that kubelet waits for a call to
 * the container runtime (`runtimeRequestTimeout`), so that the runtime hears what was wrong.
 */
export const defaultCommandTimeoutMs = 90_000;

/** The part of a command's time that is kept for taking back what it did. */
const share = 0.25;

/** The time of one command: when its work has to end, and when the undoing of it. */
export class CommandTime implements Disposable {
  readonly totalMs: number;
  readonly #work = new AbortController();
  readonly #undo = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  #isUp = false;
  readonly #caller: AbortSignal;
  readonly #onCaller = (): void => this.#work.abort(this.#caller.reason);

  /** `caller` ends the work and leaves the undoing its time. */
  constructor(totalMs: number, caller: AbortSignal) {
    this.totalMs = totalMs;
    this.#caller = caller;
    const workMs = Math.ceil(totalMs * (1 - share));
    this.#timers = [
      setTimeout(() => {
        this.#isUp = !this.#work.signal.aborted;
        this.#work.abort(new Error(`the command's time was up after ${workMs} ms`));
      }, workMs),
      setTimeout(() => this.#undo.abort(new Error(`the command's time was up after ${totalMs} ms`)), totalMs),
    ];
    if (caller.aborted) this.#onCaller();
    else caller.addEventListener("abort", this.#onCaller, { once: true });
  }

  /** Ends the work. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Ends the undoing. */
  get undoSignal(): AbortSignal {
    return this.#undo.signal;
  }

  /** Whether the work was ended because its time was up, and nobody had cancelled it before. */
  get isUp(): boolean {
    return this.#isUp;
  }

  [Symbol.dispose](): void {
    this.#timers.forEach(clearTimeout);
    this.#caller.removeEventListener("abort", this.#onCaller);
  }
}

/** The time of one part of a command's work, whose timer keeps the process until it is disposed. */
export class PartTime implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal;
  readonly #onCaller = (): void => this.#controller.abort(this.#caller.reason);

  constructor(timeoutMs: number, caller: AbortSignal) {
    this.#caller = caller;
    this.#timer = setTimeout(
      () => this.#controller.abort(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    if (caller.aborted) this.#onCaller();
    else caller.addEventListener("abort", this.#onCaller, { once: true });
  }

  /** Fires when the time is up, or the command's signal fires. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#onCaller);
  }
}

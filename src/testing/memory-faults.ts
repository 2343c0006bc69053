import type { VSwitchError } from "../core/errors.js";
import type { VSwitch } from "../core/vswitch.js";

/** A verb of the core API. */
export type Verb = Exclude<keyof VSwitch, "engine" | "owner" | "close" | typeof Symbol.asyncDispose>;

/** When an injected error strikes: `before` the switch does anything, or `after` it has, as if its answer were lost. */
export type FailWhen = "before" | "after";

interface PlannedFailure {
  readonly error: VSwitchError;
  readonly when: FailWhen;
}

/** What a test has planned to go wrong on a switch. */
export class MemoryFaults {
  readonly #failures = new Map<Verb, PlannedFailure[]>();
  readonly #delays = new Map<Verb, number>();
  readonly #portErrors = new Map<string, string>();

  failNext(verb: Verb, failure: PlannedFailure): void {
    const planned = this.#failures.get(verb) ?? [];
    this.#failures.set(verb, [...planned, failure]);
  }

  /** The failure that the call now running is to have; it counts as used. */
  takeFailure(verb: Verb): PlannedFailure | undefined {
    return this.#failures.get(verb)?.shift();
  }

  delay(verb: Verb, ms: number): void {
    this.#delays.set(verb, ms);
  }

  delayOf(verb: Verb): number {
    return this.#delays.get(verb) ?? 0;
  }

  setPortError(name: string, text: string | null): void {
    if (text === null) this.#portErrors.delete(name);
    else this.#portErrors.set(name, text);
  }

  portError(name: string): string | null {
    return this.#portErrors.get(name) ?? null;
  }
}

/** Waits; ends early when one of the signals fires. 0 ms is one turn of the microtask queue. */
export function pause(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  if (ms === 0 || signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done, { once: true });
  });
}

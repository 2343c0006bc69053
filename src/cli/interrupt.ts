import { constants } from "node:os";
import { longestTimer } from "../core/call.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type SignalName = (typeof signals)[number];

/** The reason of a program's signal when the operating system's told it to end. */
export class Interrupted extends Error {
  /** As a shell tells of a process that a signal has ended: 128 and its number. */
  readonly exitCode: number;

  constructor(name: SignalName) {
    super(`ended by ${name}`);
    this.name = "Interrupted";
    this.exitCode = 128 + constants.signals[name];
  }
}

/**
 * Turns the first signal into an `AbortSignal`, so that what runs can be undone; a second one ends the process at
 * once. Dispose it when the work is done: until then the process stays, even where nothing but a signal is to come.
 */
export class Interrupts implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#leave();
    this.#controller.abort(new Interrupted(signals.find((known) => known === name) ?? "SIGTERM"));
  };

  readonly #stay = setInterval(() => undefined, longestTimer);

  constructor() {
    for (const name of signals) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #leave(): void {
    for (const name of signals) process.off(name, this.#onSignal);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#stay);
    this.#leave();
  }
}

import { unwatchSignal, watchSignal } from "../../core/signals.js";

/** Lets verbs that change the switch go one after the other: of one connection none gets in another's way. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Runs `body` when those before it are through; undefined: the signal fired first, and nothing was run. */
  async take<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T | undefined> {
    const before = this.#last;
    const turn = this.#run(before, signal, body);
    this.#last = turn.then(
      () => before,
      () => before,
    );
    return turn;
  }

  async #run<T>(before: Promise<void>, signal: AbortSignal, body: () => Promise<T>): Promise<T | undefined> {
    await endOf(before, signal);
    return signal.aborted ? undefined : body();
  }
}

/** Waits for a turn to end, or for the signal. */
function endOf(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      unwatchSignal(signal, end);
      resolve();
    };
    watchSignal(signal, end);
    void turn.then(end);
  });
}

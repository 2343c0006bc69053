import { once } from "node:events";

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
    const settled = new AbortController();
    const fired = once(signal, "abort", { signal: settled.signal }).catch(() => undefined);
    await Promise.race([before, signal.aborted ? undefined : fired]);
    settled.abort();
    return signal.aborted ? undefined : body();
  }
}

import { shuffled, type SessionRemote } from "./remotes.js";

/** The remotes of a session, tried one after the other, over and over. */
export class RemoteRing {
  readonly #shuffle: boolean;
  readonly #random: () => number;
  #all: readonly SessionRemote[];
  #next = 0;

  constructor(remotes: readonly SessionRemote[], shuffle: boolean, random: () => number) {
    this.#shuffle = shuffle;
    this.#random = random;
    this.#all = this.#ordered(remotes);
  }

  get size(): number {
    return this.#all.length;
  }

  /** The one whose turn it is. */
  take(): SessionRemote | undefined {
    const remote = this.#all[this.#next % this.#all.length];
    if (remote !== undefined) this.#next = (this.#next + 1) % this.#all.length;
    return remote;
  }

  /** Has others from now on, from the first on. */
  replace(remotes: readonly SessionRemote[]): void {
    this.#all = this.#ordered(remotes);
    this.#next = 0;
  }

  #ordered(remotes: readonly SessionRemote[]): readonly SessionRemote[] {
    return this.#shuffle ? shuffled(remotes, this.#random) : remotes;
  }
}

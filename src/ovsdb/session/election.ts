/** An election that begins sooner than this after the one before is the same one. */
const apartMs = 1000;
/** How long a cluster is given to elect a leader before the waits grow. */
const electionMs = 10_000;
/** How long it is left alone meanwhile, at most, once all its members have been tried. */
const pauseMs = 500;

/**
 * The waits while a cluster elects a leader, which takes it some seconds: all its members are tried in turn, with short
 * pauses after each round. The reference client waits 1, 2, 4 s between any two of them, and so finds the new leader
 * seconds late.
 */
export class Election {
  readonly #random: () => number;
  #from = -Infinity;
  #atOnce = 0;

  /** `random` gives a number from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A member of the cluster that would do was lost, or will not do any more. */
  begin(now: number, remotes: number): void {
    if (now - this.#from < apartMs) return;
    this.#from = now;
    this.#atOnce = remotes + 1;
  }

  /** No cluster's leader is waited for. */
  end(): void {
    this.#from = -Infinity;
  }

  /** How long to wait before the next attempt, in milliseconds; `undefined` where no election is waited for. */
  wait(now: number, remotes: number): number | undefined {
    if (now - this.#from >= electionMs) return undefined;
    this.#atOnce -= 1;
    if (this.#atOnce > 0) return 0;
    this.#atOnce = remotes;
    return pauseMs * (1 - this.#random() / 2);
  }
}

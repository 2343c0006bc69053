/** How long to wait between attempts to connect. */
export interface BackoffOptions {
  /** The first wait, in milliseconds; at least 1. Default: 1000. */
  readonly minMs?: number;
  /** The longest wait, in milliseconds; at least `minMs`. Default: 8000. */
  readonly maxMs?: number;
  /** How many attempts come at once, with no wait: as many as there are remotes. Default: 1. */
  readonly freeTries?: number;
}

/**
 * The waits between attempts, as Open vSwitch's own clients make them (lib/reconnect.c): 1 s, doubled to 8 s at most,
 * begun anew by a connection that was active for as long as the last wait. It holds no clock and no timer.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #freeTries: number;
  #waitMs = 0;

  constructor(options: BackoffOptions = {}) {
    this.#minMs = Math.max(options.minMs ?? 1000, 1);
    this.#maxMs = Math.max(options.maxMs ?? 8000, this.#minMs);
    this.#freeTries = options.freeTries ?? 1;
  }

  /** How long an attempt may take, in milliseconds, before it counts as failed. */
  get attemptMs(): number {
    return Math.max(1000, this.#waitMs);
  }

  /** An attempt failed. Gives the milliseconds to wait before the next one. */
  failed(): number {
    return this.#next(false);
  }

  /**
   * A connection ended after `activeMs` milliseconds from its start to the last sign of life. Gives the milliseconds
   * to wait before the next attempt.
   */
  disconnected(activeMs: number): number {
    return this.#next(activeMs >= this.#waitMs);
  }

  /** As at the beginning: the next attempts, as many as `freeTries`, come at once. */
  reset(freeTries: number): void {
    this.#freeTries = freeTries + 1;
    this.#waitMs = 0;
  }

  #next(startAnew: boolean): number {
    if (this.#freeTries > 1) {
      this.#freeTries--;
      this.#waitMs = 0;
    } else if (startAnew || this.#waitMs < this.#minMs) {
      this.#waitMs = this.#minMs;
    } else {
      this.#waitMs = this.#waitMs < this.#maxMs / 2 ? this.#waitMs * 2 : this.#maxMs;
    }
    return this.#waitMs;
  }
}

import { longestTimer } from "../../core/call.js";
import type { TimerName } from "./events.js";

/** The timers of a session: of each name one at most. */
export class Timers {
  readonly #timers = new Map<TimerName, NodeJS.Timeout>();
  readonly #fire: (timer: TimerName) => void;

  constructor(fire: (timer: TimerName) => void) {
    this.#fire = fire;
  }

  /** Sets it anew. */
  set(timer: TimerName, ms: number): void {
    this.clear(timer);
    this.#timers.set(
      timer,
      setTimeout(() => this.#fire(timer), Math.min(ms, longestTimer)),
    );
  }

  clear(timer: TimerName): void {
    clearTimeout(this.#timers.get(timer));
  }

  clearAll(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

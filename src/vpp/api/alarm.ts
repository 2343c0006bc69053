/** A time that never comes. */
export const never = Number.POSITIVE_INFINITY;

/**
 * One timer for many deadlines. It is set for the earliest and, when it fires, asks which is the next: calls that are
 * answered in time then cost no timer each. It does not keep the process alive.
 */
export class Alarm {
  readonly #ring: () => number;
  #timer: NodeJS.Timeout | undefined;
  #setFor = never;

  /** @param ring - called when a deadline has passed; gives the next one, on the clock of `performance.now` */
  constructor(ring: () => number) {
    this.#ring = ring;
  }

  /** Rings at `time` at the latest, or a little later. */
  at(time: number): void {
    if (time >= this.#setFor) return;
    this.#set(time);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#setFor = never;
  }

  #set(time: number): void {
    clearTimeout(this.#timer);
    this.#setFor = time;
    if (time === never) return;
    const wait = Math.max(1, Math.ceil(time - performance.now()));
    this.#timer = setTimeout(() => {
      this.#setFor = never;
      this.at(this.#ring());
    }, wait);
    this.#timer.unref();
  }
}

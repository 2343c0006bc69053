/** Listeners, each told whatever another one throws: that surfaces as an uncaught error, as a bug of its owner's. */
export class Listeners<T> {
  /** With whether each has any use for it just now. */
  readonly #listeners = new Map<(told: T) => void, () => boolean>();

  /**
   * Gives what ends it. The same function twice is told twice. `isListening`: whether there is any use in telling it just now;
   * it is told all the same.
   */
  add(listener: (told: T) => void, isListening = (): boolean => true): () => void {
    const own = (told: T): void => listener(told);
    this.#listeners.set(own, isListening);
    return () => void this.#listeners.delete(own);
  }

  /** Whether there is any use in telling anything just now. */
  get areListening(): boolean {
    for (const isListening of this.#listeners.values()) if (isListening()) return true;
    return false;
  }

  /** Who is added meanwhile is not told: it has begun after this. */
  tell(told: T): void {
    const listeners = Array.from(this.#listeners.keys());
    for (const listener of listeners) {
      if (this.#listeners.has(listener)) surface(() => listener(told));
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

function surface(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

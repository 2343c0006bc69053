/** Listeners, each told whatever another one throws: that surfaces as an uncaught error, as a bug of its owner's. */
export class Listeners<T> {
  readonly #listeners = new Set<(told: T) => void>();

  /** Gives what ends it. The same function twice is told twice. */
  add(listener: (told: T) => void): () => void {
    const own = (told: T): void => listener(told);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(told: T): void {
    for (const listener of this.#listeners) surface(() => listener(told));
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

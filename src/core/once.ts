/**
 * Asks `load` when it is first wanted, and gives the same to all. For modules: to import one that is there already
 * takes Node tens of microseconds. A failure is not kept.
 */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

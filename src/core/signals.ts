interface Watched {
  readonly callbacks: Set<() => void>;
  readonly onAbort: () => void;
}

/** What waits for a signal, behind one listener: Node warns of a leak at the eleventh on one signal. */
const watched = new WeakMap<AbortSignal, Watched>();

/** Calls `callback` once when the signal fires, until `unwatchSignal`. For a signal that has not fired yet. */
export function watchSignal(signal: AbortSignal, callback: () => void): void {
  const known = watched.get(signal);
  if (known !== undefined) {
    known.callbacks.add(callback);
    return;
  }
  const callbacks = new Set([callback]);
  const onAbort = (): void => {
    callbacks.forEach((each) => each());
    watched.delete(signal);
  };
  watched.set(signal, { callbacks, onAbort });
  signal.addEventListener("abort", onAbort, { once: true });
}

/** Ends what `watchSignal` began with this very function; does nothing where it has ended. */
export function unwatchSignal(signal: AbortSignal, callback: () => void): void {
  const known = watched.get(signal);
  known?.callbacks.delete(callback);
  if (known?.callbacks.size !== 0) return;
  watched.delete(signal);
  signal.removeEventListener("abort", known.onAbort);
}

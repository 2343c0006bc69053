import type { WatchEvent } from "./vswitch.js";

/** How an {@link EventQueue} merges, and whom it tells of its end. */
export interface EventQueueOptions<Event> {
  /** The thing that an event tells of; `null`: the event stands alone and is never merged. */
  readonly keyOf: (event: Event) => string | null;
  /** What is left to tell of two events on one thing, the reader having seen neither; `null`: nothing. */
  readonly merge: (pending: Event, next: Event) => Event | null;
  /** Stops the queue when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the queue takes no more events: whatever feeds it is to be released. */
  readonly onEnd?: () => void;
}

/**
 * Events for one reader. While the reader is away events on one thing are merged, so the queue never holds more than
 * one a thing: a merged event keeps the place of the first. Leaving a `for await` loop releases everything, and so does
 * `await using`.
 */
export class EventQueue<Event>
  implements AsyncIterableIterator<Event, undefined, undefined>, AsyncDisposable
{
  readonly #options: EventQueueOptions<Event>;
  /** Not empty only while `#readers` is empty. A map keeps the place of a key whose value is replaced. */
  readonly #pending = new Map<string | symbol, Event>();
  readonly #readers: ((result: IteratorResult<Event, undefined>) => void)[] = [];
  readonly #stop = (): void => this.stop();
  #open = true;

  constructor(options: EventQueueOptions<Event>) {
    this.#options = options;
    if (options.signal?.aborted === true) this.stop();
    else options.signal?.addEventListener("abort", this.#stop, { once: true });
  }

  /** Tells the reader of an event; after the end it is dropped. */
  push(event: Event): void {
    if (!this.#open) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader({ done: false, value: event });
    else this.#append(event);
  }

  #append(event: Event): void {
    const key = this.#options.keyOf(event) ?? Symbol("alone");
    const pending = this.#pending.get(key);
    const merged = pending === undefined ? event : this.#options.merge(pending, event);
    if (merged === null) this.#pending.delete(key);
    else this.#pending.set(key, merged);
  }

  /** No more events come: the reader gets what is pending, then `last` if there is one, then the end. */
  end(last?: Event): void {
    if (last !== undefined) this.push(last);
    this.#shut();
  }

  /** Ends at once, without what is pending. */
  stop(): void {
    this.#pending.clear();
    this.#shut();
  }

  #shut(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#options.signal?.removeEventListener("abort", this.#stop);
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#options.onEnd?.();
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    for (const [key, value] of this.#pending) {
      this.#pending.delete(key);
      return Promise.resolve({ done: false, value });
    }
    if (!this.#open) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** The reader leaves: what `break` calls. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    return Promise.resolve();
  }
}

const interfaceOf = (event: WatchEvent): string | null => {
  if (event.kind === "removed") return event.name;
  return "interface" in event ? event.interface.name : null;
};

function mergeWatchEvents(pending: WatchEvent, next: WatchEvent): WatchEvent | null {
  const unknownToReader = pending.kind === "added" || pending.kind === "current";
  if (next.kind === "removed") return unknownToReader ? null : next;
  if (!("interface" in next)) return next;
  return { kind: unknownToReader ? pending.kind : "changed", interface: next.interface };
}

/** The queue behind `watch`: at most one event an interface. */
export function watchQueue(signal: AbortSignal | undefined, onEnd: () => void): EventQueue<WatchEvent> {
  return new EventQueue({ keyOf: interfaceOf, merge: mergeWatchEvents, signal, onEnd });
}

import { decodeMessage, type MessageCodec, type Reader } from "../wire/index.js";
import type { VppCallError } from "./errors.js";

/** What a reader of events gets. */
export type VppEvent<Event> =
  /** An event, and which one: some requests turn on several. */
  | { readonly kind: "event"; readonly message: string; readonly value: Event }
  /**
   * Events are missing: read again what they are about. After `reconnected`, which is told when calls go out again and
   * before any event of the new connection, it may be another VPP, with other numbers; after `overflow`, `missed` events
   * came faster than they were read.
   */
  | {
      readonly kind: "gap";
      readonly why: "reconnected" | "overflow";
      readonly generation: number;
      readonly missed: number;
    }
  /** No more events will come. The last item. */
  | { readonly kind: "lost"; readonly error: VppCallError };

/** What feeds an event stream. */
export interface EventTaker {
  /** An event, in the form with this place among the request's `events`, between two offsets of the reader's bytes. */
  take(form: number, reader: Reader, start: number, end: number): void;
  /** The connection was made again, and calls go out on it. */
  resume(generation: number): void;
  /** It cannot go on. */
  lose(error: VppCallError): void;
  /** The client was closed. */
  end(): void;
}

type Step<Event> = IteratorResult<VppEvent<Event>, undefined>;

/**
 * Events for one reader, from the moment it was got. Leaving a `for await` loop, or `await using`, ends the
 * subscription, with VPP too when it was the last reader's.
 */
export class EventStream<Event>
  implements AsyncIterableIterator<VppEvent<Event>, undefined, undefined>, AsyncDisposable
{
  readonly #codecs: readonly MessageCodec<Event, never>[];
  readonly #most: number;
  readonly #onLeave: (stream: EventTaker) => void;
  #generation: number;
  #queue: VppEvent<Event>[] = [];
  #waiting: ((step: Step<Event>) => void)[] = [];
  #isOver = false;

  /** @internal */
  constructor(
    codecs: readonly MessageCodec<Event, never>[],
    generation: number,
    most: number,
    onLeave: (stream: EventTaker) => void,
  ) {
    this.#codecs = codecs;
    this.#generation = generation;
    this.#most = most;
    this.#onLeave = onLeave;
  }

  /** @internal */
  take(form: number, reader: Reader, start: number, end: number): void {
    const codec = this.#codecs[form];
    if (codec === undefined || this.#isOver) return;
    const event = decodeMessage(codec, reader.select(start, end));
    if (event.isErr()) return this.lose(event.error);
    this.#push({ kind: "event", message: codec.name, value: event.value });
  }

  /** @internal */
  resume(generation: number): void {
    this.#generation = generation;
    this.#push({ kind: "gap", why: "reconnected", generation, missed: 0 });
  }

  /** @internal */
  lose(error: VppCallError): void {
    this.#push({ kind: "lost", error });
    this.#leave();
  }

  /** @internal */
  end(): void {
    this.#leave();
  }

  next(): Promise<Step<Event>> {
    const event = this.#queue.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<Step<Event>> {
    this.#queue = [];
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #push(event: VppEvent<Event>): void {
    if (this.#isOver) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) return reader({ done: false, value: event });
    if (this.#queue.length >= this.#most) this.#overflow();
    this.#queue.push(event);
    return undefined;
  }

  /** What waits is dropped, and the reader is told how much. */
  #overflow(): void {
    let missed = 0;
    for (const waiting of this.#queue) missed += waiting.kind === "gap" ? waiting.missed : 1;
    const wasReconnected = this.#queue.some(
      (waiting) => waiting.kind === "gap" && waiting.why === "reconnected",
    );
    const why = wasReconnected ? "reconnected" : "overflow";
    this.#queue = [{ kind: "gap", why, generation: this.#generation, missed }];
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const reader of this.#waiting.splice(0)) reader({ done: true, value: undefined });
    this.#onLeave(this);
  }
}

import type { MessageValue } from "../../vpp/schema/narrow.js";

/** A request that came in. */
export interface ReceivedRequest {
  readonly message: string;
  readonly context: number;
  readonly clientIndex: number;
  readonly value: MessageValue;
}

/** The last requests that came in. A server that runs for long forgets old ones. */
export class RequestLog implements Iterable<ReceivedRequest> {
  readonly #most: number;
  #requests: ReceivedRequest[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(request: ReceivedRequest): void {
    if (this.#most === 0) return;
    if (this.#requests.length >= 2 * this.#most) this.#requests = this.#requests.slice(-this.#most);
    this.#requests.push(request);
  }

  /** The requests of one message, or all but pings, the oldest first. */
  of(message: string): readonly ReceivedRequest[] {
    return this.#requests.filter((request) => request.message === message);
  }

  /** The names of all messages that came, in order. */
  names(): readonly string[] {
    return this.#requests.map(({ message }) => message);
  }

  [Symbol.iterator](): IterableIterator<ReceivedRequest> {
    return this.#requests[Symbol.iterator]();
  }

  clear(): void {
    this.#requests = [];
  }
}

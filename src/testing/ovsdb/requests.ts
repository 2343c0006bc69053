/** A request that came in. */
export interface OvsdbRequest {
  readonly method: string;
  readonly params: readonly unknown[];
  /** `undefined` of a notification. */
  readonly id: unknown;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
}

/** The last requests that came in. A server that runs for long forgets old ones. */
export class OvsdbRequestLog implements Iterable<OvsdbRequest> {
  readonly #most: number;
  #requests: OvsdbRequest[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(request: OvsdbRequest): void {
    if (this.#most === 0) return;
    if (this.#requests.length >= 2 * this.#most) this.#requests = this.#requests.slice(-this.#most);
    this.#requests.push(request);
  }

  /** The requests of one method, the oldest first. */
  of(method: string): readonly OvsdbRequest[] {
    return this.#requests.filter((request) => request.method === method);
  }

  /** The methods of all requests, in order. */
  methods(): readonly string[] {
    return this.#requests.map(({ method }) => method);
  }

  [Symbol.iterator](): IterableIterator<OvsdbRequest> {
    return this.#requests[Symbol.iterator]();
  }

  clear(): void {
    this.#requests = [];
  }
}

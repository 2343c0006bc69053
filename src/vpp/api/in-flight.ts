import type { Exchange } from "./exchange.js";

/** VPP's own clients take no context above: the top bit marks client indices of sockets. 0 means none. */
const mostContext = 0x7fff_ffff;

/**
 * The exchanges that the server has not finished, found by context. Contexts count up from 1, so the newest ones lie
 * in a ring; one that is still taken after a whole turn is skipped.
 */
export class InFlight {
  readonly #window: number;
  /** Never more than half full. */
  #ring = emptyRing(64);
  #nextContext = 1;
  #sent = 0;
  #size = 0;
  #abandoned = 0;

  /** @param window - how many exchanges may be under way */
  constructor(window: number) {
    this.#window = window;
  }

  /** How many exchanges the server has not finished. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#window;
  }

  /** Gives the exchange its context. */
  add(exchange: Exchange): void {
    if (2 * this.#size >= this.#ring.length) this.#grow();
    const ring = this.#ring;
    const mask = ring.length - 1;
    let context = this.#nextContext;
    while (ring[context & mask] !== undefined) context = next(context);
    this.#nextContext = next(context);
    ring[context & mask] = exchange;
    this.#size++;
    exchange.context = context;
    exchange.sequence = ++this.#sent;
    exchange.state = "sent";
  }

  /** The exchange of a context. Contexts that are over belong to nobody. */
  find(context: number): Exchange | undefined {
    const exchange = this.#ring[context & (this.#ring.length - 1)];
    return exchange !== undefined && exchange.context === context ? exchange : undefined;
  }

  /** The server has finished this exchange. */
  remove(exchange: Exchange): void {
    if (this.find(exchange.context) !== exchange) return;
    this.#drop(exchange);
    if (this.#abandoned > 0) this.#forgetBefore(exchange.sequence);
  }

  /** Nobody waits for this exchange any more; it keeps its place while the server may work on it. */
  abandon(exchange: Exchange): void {
    if (exchange.state !== "sent") return;
    exchange.state = "abandoned";
    this.#abandoned++;
  }

  /** Those that are not finished, the abandoned ones included. */
  *[Symbol.iterator](): IterableIterator<Exchange> {
    if (this.#size === 0) return;
    for (const exchange of this.#ring) if (exchange !== undefined) yield exchange;
  }

  /**
   * A server answers in order, so what was abandoned before an exchange that is answered now will not be answered, or
   * by a handler that works on its own: then the late answer finds nobody. Without this, requests that VPP never
   * answers would fill the window for good.
   */
  #forgetBefore(sequence: number): void {
    for (const exchange of this) {
      if (exchange.state === "abandoned" && exchange.sequence < sequence) this.#drop(exchange);
    }
  }

  #grow(): void {
    const larger = emptyRing(2 * this.#ring.length);
    for (const exchange of this) larger[exchange.context & (larger.length - 1)] = exchange;
    this.#ring = larger;
  }

  #drop(exchange: Exchange): void {
    this.#ring[exchange.context & (this.#ring.length - 1)] = undefined;
    this.#size--;
    if (exchange.state === "abandoned") this.#abandoned--;
    exchange.state = "over";
  }
}

/** @param room - a power of two */
function emptyRing(room: number): (Exchange | undefined)[] {
  return Array<Exchange | undefined>(room).fill(undefined);
}

function next(context: number): number {
  return context === mostContext ? 1 : context + 1;
}

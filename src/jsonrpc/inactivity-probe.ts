import { longestTimer } from "../core/call.js";

/** What a probe needs from the connection that it watches. */
export interface ProbedConnection {
  /** How many bytes wait to be sent. */
  queuedBytes(): number;
  /** Asks the peer for a sign of life. */
  probe(): void;
  /** The peer gave none: it is gone. */
  lost(): void;
}

/** The shortest interval, as in lib/reconnect.c. */
export const shortestProbeMs = 1000;

/**
 * Finds out that a peer has vanished: after an interval of silence it asks for a sign of life, after another it calls
 * the peer lost. Every received byte is a sign of life, and so is that our own queue gets shorter (lib/jsonrpc.c).
 * A busy event loop is not held against the peer: before either step what has come in the meantime is read first,
 * as in lib/reconnect.c.
 */
export class InactivityProbe {
  readonly #intervalMs: number;
  readonly #connection: ProbedConnection;
  #hasAsked = false;
  #lastSign = performance.now();
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor(intervalMs: number, connection: ProbedConnection) {
    this.#intervalMs = intervalMs;
    this.#connection = connection;
    this.#wait(intervalMs);
  }

  /** Bytes have come. */
  received(): void {
    this.#lastSign = performance.now();
    this.#hasAsked = false;
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(
      () => {
        // Timers come before input in a turn of Node's event loop, immediates after it.
        this.#turn = setImmediate(() => this.#look());
      },
      Math.min(ms, longestTimer),
    );
    // The socket keeps the process running, while there is one.
    this.#timer.unref();
  }

  #look(): void {
    const queuedBytes = this.#connection.queuedBytes();
    if (queuedBytes < this.#queuedBytes) this.received();
    this.#queuedBytes = queuedBytes;

    const left = this.#lastSign + this.#intervalMs - performance.now();
    if (left > 0) {
      this.#wait(Math.ceil(left));
    } else if (this.#hasAsked) {
      this.#connection.lost();
    } else {
      this.#hasAsked = true;
      this.#lastSign = performance.now();
      this.#wait(this.#intervalMs);
      this.#connection.probe();
    }
  }
}

import type { InvalidError } from "../../core/errors.js";
import type { Reader, Writer } from "../wire/index.js";
import type { VppCallError } from "./errors.js";

/** Where an exchange stands. */
export type ExchangeState =
  /** Waits for room in the window. */
  | "queued"
  /** Its request is on its way or with the server. */
  | "sent"
  /** Nobody waits any more, and the server may still answer. */
  | "abandoned"
  /** Answered, or never to be. */
  | "over";

/**
 * One request and all that answers it. It takes one place in the window and one context; a dump and the ping behind
 * it are one exchange.
 */
export abstract class Exchange {
  /** The message, for errors. */
  readonly operation: string;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** When its time is up, on the clock of `performance.now`. */
  readonly endsAt: number;
  state: ExchangeState = "queued";
  /** The number that its answers repeat; given when it is sent. */
  context = 0;
  /** Its place in the order of sending. */
  sequence = 0;

  constructor(operation: string, timeoutMs: number, endsAt: number = performance.now() + timeoutMs) {
    this.operation = operation;
    this.timeoutMs = timeoutMs;
    this.endsAt = endsAt;
  }

  /** Writes its messages, framed. A value that cannot be sent is the error given; the caller takes back what was written. */
  abstract write(writer: Writer, clientIndex: number): InvalidError | undefined;

  /**
   * Takes a message that bears its context, between two offsets of the reader's bytes. Gives whether that was the last.
   * Called also when it is abandoned, so that its end is found.
   */
  abstract receive(id: number, reader: Reader, start: number, end: number): boolean;

  /** Tells whoever waits that it failed. Never called when it is abandoned or over. */
  abstract fail(error: VppCallError): void;
}

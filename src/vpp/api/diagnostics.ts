import { channel } from "node:diagnostics_channel";

import { headerBytes } from "./frame.js";

/**
 * What is published on the channel `vswitch-drivers:vpp:call` of `node:diagnostics_channel` when a call, a dump, a stream
 * or a subscription request ends. Costs nothing while nobody listens.
 */
export interface CallRecord {
  /** The client's name. */
  readonly client: string;
  /** The request's name. */
  readonly message: string;
  /** The number that its answers repeated; 0: it was never sent. Of a stream, that of its last page. */
  readonly context: number;
  /** Bytes of the request, or of all pages' requests, without headers. */
  readonly requestBytes: number;
  /** Bytes of all that answered it, without headers. */
  readonly replyBytes: number;
  /** How many details came. */
  readonly details: number;
  /** From the call to its end, in milliseconds. */
  readonly durationMs: number;
  /** VPP's return value; undefined where the answer has none, or there was no answer. */
  readonly retval: number | undefined;
  /** `ok`, or the `kind` of the error. */
  readonly outcome: string;
}

/** What is published on the channel `vswitch-drivers:vpp:connection` when a connection is made or lost. */
export interface ConnectionRecord {
  /** The client's name. */
  readonly client: string;
  readonly state: "ready" | "lost" | "not-responding" | "closed";
  /** Counts the connections of this client, from 1. */
  readonly generation: number;
  /** Why it was lost. */
  readonly reason: string | undefined;
}

/** The channel that gets a `CallRecord` for each finished request. */
export const callChannel = channel("vswitch-drivers:vpp:call");

/** The channel that gets a `ConnectionRecord` when a client's connection changes. */
export const connectionChannel = channel("vswitch-drivers:vpp:connection");

/** Collects what a `CallRecord` tells, while somebody listens. */
export class CallMeter {
  readonly #client: string;
  readonly #message: string;
  readonly #start = performance.now();
  #context = 0;
  #requestBytes = 0;
  #replyBytes = 0;
  #details = 0;
  retval: number | undefined;

  private constructor(client: string, message: string) {
    this.#client = client;
    this.#message = message;
  }

  /** A meter for a request; undefined when nobody listens. */
  static start(client: string, message: string): CallMeter | undefined {
    return callChannel.hasSubscribers ? new CallMeter(client, message) : undefined;
  }

  /** One message went out, with its header. */
  sent(context: number, bytes: number): void {
    this.#context = context;
    this.#requestBytes += bytes - headerBytes;
  }

  /** One message came in. */
  received(bytes: number, isDetails = false): void {
    this.#replyBytes += bytes;
    if (isDetails) this.#details++;
  }

  /** Publishes the record. */
  end(outcome: string): void {
    const record: CallRecord = {
      client: this.#client,
      message: this.#message,
      context: this.#context,
      requestBytes: this.#requestBytes,
      replyBytes: this.#replyBytes,
      details: this.#details,
      durationMs: performance.now() - this.#start,
      retval: this.retval,
      outcome,
    };
    callChannel.publish(record);
  }
}

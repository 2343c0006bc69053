import { longestTimer } from "../../core/call.js";
import type { Result } from "../../core/result.js";
import {
  JsonRpcConnection,
  type CallError,
  type NotificationParts,
  type ResultParts,
} from "../../jsonrpc/connection.js";
import { dial, type TlsOptions } from "../../net/dial.js";
import { listen, type Listener } from "../../net/listen.js";
import type { ByteStream } from "../../net/stream.js";
import { isArray } from "../json.js";
import { follow } from "./follow.js";
import type { SessionRemote } from "./remotes.js";

/** How connections are made. */
export interface LinkSetup {
  readonly operation: string;
  readonly tls: TlsOptions | undefined;
  readonly probeIntervalMs: number | undefined;
  readonly maxMessageBytes: number | undefined;
}

/** What a link tells. */
export interface LinkHandlers {
  /** There is a connection; one that there was is over. */
  connected(): void;
  /** None comes of it. */
  failed(error: Error): void;
  /** Any other notification has come. */
  notified(method: string, params: readonly unknown[]): void;
  /** What takes the updates of monitors. */
  readonly updates: () => NotificationParts;
  /** The connection ended by itself. */
  lost(error: Error): void;
}

/**
 * The one connection of a session, or what is done to have one. Of a connection, or an attempt, that this side has ended
 * nothing is told any more.
 */
export class Link {
  readonly #setup: LinkSetup;
  readonly #handlers: LinkHandlers;
  #attempt: AbortController | undefined;
  #listener: Listener | undefined;
  #listening: object | undefined;
  #connection: JsonRpcConnection | undefined;

  constructor(setup: LinkSetup, handlers: LinkHandlers) {
    this.#setup = setup;
    this.#handlers = handlers;
  }

  get connection(): JsonRpcConnection | undefined {
    return this.#connection;
  }

  dial(remote: SessionRemote, timeoutMs: number): void {
    if (remote.kind === "passive") return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const late = new Error(`no connection to ${remote.text} within ${Math.round(timeoutMs)} ms`);
    const timer = setTimeout(() => attempt.abort(late), Math.min(timeoutMs, longestTimer));
    const { operation, tls } = this.#setup;
    const dialled = dial(remote.remote, { operation, tls, signal: attempt.signal, server: "ovsdb-server" });
    void follow(dialled, (dialled) => {
      clearTimeout(timer);
      if (this.#attempt !== attempt) {
        if (dialled.isOk()) dialled.value.destroy();
        return;
      }
      this.#attempt = undefined;
      if (dialled.isOk()) this.#connected(dialled.value);
      else this.#handlers.failed(attempt.signal.aborted ? late : dialled.error);
    });
  }

  listen(remote: SessionRemote): void {
    if (remote.kind === "active") return;
    const token = {};
    this.#listening = token;
    const accept = (stream: ByteStream): void => {
      if (this.#listening !== token) return stream.destroy();
      // As in lib/jsonrpc.c: the new connection takes the place of the old one.
      this.#drop();
      this.#connected(stream);
    };
    const { operation, tls } = this.#setup;
    void follow(listen(remote.address, { operation, tls, accept }), (listening) => {
      if (this.#listening !== token) {
        if (listening.isOk()) listening.value.close();
      } else if (listening.isOk()) {
        this.#listener = listening.value;
      } else {
        this.#handlers.failed(listening.error);
      }
    });
  }

  /**
   * Asks over the connection, and goes on with the answer if it is still the one by then. Whoever asks watches the time.
   * `parts` takes the result as it comes. Gives the id of the call; 0 where there is no connection.
   */
  ask(
    method: string,
    params: readonly unknown[],
    answer: (reply: Result<unknown, CallError>) => void,
    parts?: ResultParts,
  ): number {
    const connection = this.#connection;
    if (connection === undefined) return 0;
    const { operation } = this.#setup;
    void follow(connection.call(method, params, { operation, timeoutMs: longestTimer, parts }), (reply) => {
      if (this.#connection === connection && connection.closed === undefined) answer(reply);
    });
    return connection.lastCallId;
  }

  /** Sends what nobody waits for the answer to. */
  tell(method: string, params: readonly unknown[]): void {
    this.ask(method, params, () => undefined);
  }

  /** Ends whatever there is. */
  hangUp(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#listening = undefined;
    this.#listener?.close();
    this.#listener = undefined;
    this.#drop();
  }

  #connected(stream: ByteStream): void {
    const { probeIntervalMs, maxMessageBytes } = this.#setup;
    const connection = new JsonRpcConnection(stream, { probeIntervalMs, maxMessageBytes });
    this.#connection = connection;
    connection.takeNotifications(this.#handlers.updates());
    connection.events.on("notification", ({ method, params }) => {
      if (this.#connection === connection && isArray(params)) this.#handlers.notified(method, params);
    });
    connection.events.on("close", (error) => {
      if (this.#connection === connection) this.#handlers.lost(error);
    });
    this.#handlers.connected();
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }
}

import { EventEmitter } from "eventemitter3";

import { Deadline, type CallOptions } from "../../core/call.js";
import { DisconnectedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Remote } from "../../net/remote.js";
import type { MessageValue } from "../schema/narrow.js";
import type { DumpMessage, StreamMessage, SubscribeMessage } from "../wire/index.js";
import { explainAbsence, type Capability } from "./capability.js";
import { Dump } from "./details.js";
import { connectionChannel, type ConnectionRecord } from "./diagnostics.js";
import type { VppCallError, VppConnectError } from "./errors.js";
import type { EventStream } from "./event-stream.js";
import type { MessageForm } from "./fit.js";
import { HealthCheck } from "./health.js";
import { Link, type Connection } from "./link.js";
import type { Settings, VppCallOptions } from "./options.js";
import { refused, Requests, type Callable, type Dumpable } from "./requests.js";
import type { SubscriptionKeys } from "./subscription-request.js";
import { Subscriptions } from "./subscriptions.js";

/** What a client tells by events, besides what its calls tell of themselves. */
export interface VppClientEvents {
  /** Connected, the server's messages known, subscriptions renewed. Counts the connections, from 1. */
  ready: [generation: number];
  /** The connection was lost; another is tried for unless `reconnect` is false. */
  lost: [reason: Error];
  /** The health check: VPP has stopped answering. The connection is kept, and calls still go out. */
  "not-responding": [];
  /** The health check: VPP answers again. */
  responding: [];
  /** The client was closed, or has lost its connection and tries for no other. The last event. */
  close: [reason: Error | undefined];
}

/** Whether calls can go out; `not-responding` when the health check misses VPP's answers. */
export type VppClientState = "connecting" | "ready" | "not-responding" | "closed";

type Answer<T> = Promise<Result<T, VppCallError>>;

/**
 * A client of VPP's binary API. Messages are given as codecs, from generated bindings or from a model; or by name, when
 * `api` was given to `connectVpp`. Any number of calls, dumps and subscriptions may be under way at once.
 */
export class VppClient extends EventEmitter<VppClientEvents> implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #link: Link;
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  #health: HealthCheck | undefined;
  #state: VppClientState = "connecting";
  #generation = 0;
  /** The end that `close()` began, which is waited for by all who call it. */
  #closing: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(settings: Settings, remotes: readonly Remote[]) {
    super();
    this.#settings = settings;
    this.#subscriptions = new Subscriptions(settings);
    this.#link = new Link(remotes, settings, {
      connecting: (connection) => this.#subscriptions.resume(connection),
      ready: (connection) => this.#ready(connection),
      lost: (reason, again) => this.#lost(reason, again),
    });
    this.#requests = new Requests(settings, this.#link);
    if (settings.onReady !== undefined) this.on("ready", settings.onReady);
  }

  /** @internal */
  open(options: CallOptions): Promise<Result<void, VppConnectError>> {
    return this.#link.open(options);
  }

  /** Whether calls can go out. */
  get state(): VppClientState {
    return this.#state;
  }

  /** Which connection this is, from 1. Numbers that were got on another one mean nothing on this one. */
  get generation(): number {
    return this.#generation;
  }

  /** Every message that the server has, without CRCs; none while there is no connection. */
  messages(): Iterable<string> {
    return this.#link.current?.session.table.names() ?? [];
  }

  /**
   * Makes a request that is answered once.
   *
   * @param message - its codec, or its name
   * @param request - its fields without header and counts; those with a default may be left out
   * @returns the reply; `rejected` (a {@link RetvalError}) when VPP answered with a `retval` other than 0
   */
  // TypeScript reports the last overload: what is wrong with the fields of a binding is told by that one.
  call(message: string, request?: MessageValue, options?: VppCallOptions): Answer<MessageValue>;
  call<In, Reply>(message: Callable<In, Reply>, request: In, options?: VppCallOptions): Answer<Reply>;
  call<In, Reply>(
    message: string | Callable<In, Reply>,
    request: In | MessageValue = {},
    options: VppCallOptions = {},
  ): Answer<Reply | MessageValue> {
    if (typeof message !== "string") return this.#requests.call(message, request, options);
    const found = this.#requests.definitions(message).andThen((catalog) => catalog.call(message));
    return found.isErr() ? Promise.resolve(found) : this.#requests.call(found.value, request, options);
  }

  /**
   * Makes a request that is answered by details: a dump, or a cursor stream, whose pages are followed to the end. Nothing
   * is sent before the result is read.
   *
   * @param message - its codec, or its name
   * @param request - its fields, for a stream without the cursor
   */
  dump(message: string, request?: MessageValue, options?: VppCallOptions): Dump<MessageValue>;
  dump<In, Details>(
    message: StreamMessage<In, unknown, Details, unknown>,
    request: Omit<In, "cursor">,
    options?: VppCallOptions,
  ): Dump<Details>;
  dump<In, Details>(
    message: DumpMessage<In, Details, unknown>,
    request: In,
    options?: VppCallOptions,
  ): Dump<Details>;
  dump<Details>(
    message: string | Dumpable<Details>,
    request: object = {},
    options: VppCallOptions = {},
  ): Dump<Details> | Dump<MessageValue> {
    const { maxBacklogBytes } = this.#settings;
    if (typeof message !== "string") {
      return new Dump<Details>(
        (sink) => this.#requests.dump(message, request, options, sink),
        maxBacklogBytes,
      );
    }
    return new Dump<MessageValue>((sink) => {
      const found = this.#requests.definitions(message).andThen((catalog) => catalog.dump(message));
      return found.isErr()
        ? refused(sink, found.error)
        : this.#requests.dump(found.value, request, options, sink);
    }, maxBacklogBytes);
  }

  /**
   * Asks for events and gives them as they come. All who ask for the same share one request to VPP, which is taken back
   * when the last one leaves and made again after a reconnect.
   *
   * @param message - the codec or the name of the request that turns the events on, such as `want_interface_events`
   * @param request - its fields but for `enable_disable` or `enable`, and `pid`
   */
  events<In, Event>(
    message: SubscribeMessage<In, unknown, Event, unknown>,
    request?: Omit<In, SubscriptionKeys>,
    options?: VppCallOptions,
  ): Answer<EventStream<Event>>;
  events(
    message: string,
    request?: MessageValue,
    options?: VppCallOptions,
  ): Answer<EventStream<MessageValue>>;
  async events<In, Event>(
    message: string | SubscribeMessage<In, unknown, Event, unknown>,
    request: object = {},
    options: VppCallOptions = {},
  ): Answer<EventStream<Event> | EventStream<MessageValue>> {
    const operation = typeof message === "string" ? message : message.name;
    const connection = this.#requests.connection(operation, options);
    if (connection.isErr()) return connection;
    if (typeof message !== "string") {
      return this.#subscriptions.subscribe(connection.value, message, request, options);
    }
    const found = this.#requests.definitions(message).andThen((catalog) => catalog.subscribe(message));
    if (found.isErr()) return found;
    return this.#subscriptions.subscribe(connection.value, found.value, request, options);
  }

  /** What the server can do with a message; undefined while there is no connection. */
  capability(message: string | MessageForm): Capability | undefined {
    const { current } = this.#link;
    if (current === undefined) return undefined;
    if (typeof message !== "string") return current.routes.capability(message);
    const { session, catalog } = current;
    const server = session.table.find(message);
    if (server === undefined) return explainAbsence(session.table, catalog, message);
    const isOther = catalog !== undefined && catalog.layout(message, server.crc) === undefined;
    const { id, crc } = server;
    return isOther ? { state: "other-layout", message, crc } : { state: "available", message, id, crc };
  }

  /** Asks VPP for a sign of life (`control_ping`). The answer says also that all requests before it were answered. */
  async ping(options: VppCallOptions = {}): Answer<void> {
    const connection = this.#requests.connection("control_ping", options);
    if (connection.isErr()) return connection;
    const timeoutMs = options.timeoutMs ?? this.#settings.callTimeoutMs;
    return connection.value.session.ping(timeoutMs, options.signal);
  }

  /**
   * Waits until there is a connection.
   *
   * @returns its generation
   */
  async whenReady(options: CallOptions = {}): Promise<Result<number, VppCallError>> {
    const started = Deadline.start("whenReady", options, this.#settings.callTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    while (this.#link.current === undefined) {
      if (this.#state === "closed") return Err(closedError());
      if (!(await this.#changed(deadline.signal))) {
        return Err(deadline.failure(`waiting for VPP (${this.#link.trouble.message})`, "not-sent"));
      }
    }
    return Ok(this.#generation);
  }

  /**
   * Ends the connection in good order: waits shortly for what is with VPP, takes subscriptions back, says goodbye. Calls
   * that are not answered by then end with `disconnected`; loops over events end. Idempotent.
   */
  close(): Promise<void> {
    if (this.#state === "closed") return this.#closing;
    this.#state = "closed";
    this.#closing = this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#health?.stop();
    this.#link.stopTrying();
    const events = this.#subscriptions.close();
    if (events !== undefined) await events;
    await this.#link.close();
    this.#finish(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ready(connection: Connection): void {
    this.#generation = connection.generation;
    this.#state = "ready";
    const { healthCheck } = this.#settings;
    if (healthCheck !== undefined) {
      this.#health = new HealthCheck(healthCheck, connection.session, (isResponding) => {
        this.#state = isResponding ? "ready" : "not-responding";
        this.#tell(this.#state, undefined);
        this.emit(isResponding ? "responding" : "not-responding");
      });
    }
    this.#subscriptions.resumed(connection);
    this.#tell("ready", undefined);
    this.emit("ready", connection.generation);
  }

  #lost(reason: Error, again: boolean): void {
    // Under close(), which tells the end itself.
    if (this.#state === "closed") return;
    this.#health?.stop();
    this.#state = again ? "connecting" : "closed";
    this.#tell("lost", reason);
    this.emit("lost", reason);
    if (again) return;
    this.#subscriptions.end();
    this.#finish(reason);
  }

  #finish(reason: Error | undefined): void {
    this.#tell("closed", reason);
    this.emit("close", reason);
    this.removeAllListeners();
  }

  #tell(state: ConnectionRecord["state"], reason: Error | undefined): void {
    if (!connectionChannel.hasSubscribers) return;
    const { name } = this.#settings;
    const record: ConnectionRecord = {
      client: name,
      state,
      generation: this.#generation,
      reason: reason?.message,
    };
    connectionChannel.publish(record);
  }

  /** Over at the next change of state (true) or when the signal fires (false). */
  #changed(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (hasChanged: boolean): void => {
        this.off("ready", onChange);
        this.off("close", onChange);
        signal.removeEventListener("abort", onAbort);
        resolve(hasChanged);
      };
      const onChange = (): void => settle(true);
      const onAbort = (): void => settle(false);
      this.on("ready", onChange);
      this.on("close", onChange);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}

function closedError(): DisconnectedError {
  const message = "whenReady: the client is closed; connect anew";
  return new DisconnectedError({ operation: "whenReady", outcome: "not-sent", message });
}

import { Deadline, longestTimer } from "../../core/call.js";
import { DisconnectedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Reader, SubscribeMessage } from "../wire/index.js";
import { Call } from "./call.js";
import { CallMeter } from "./diagnostics.js";
import type { VppCallError } from "./errors.js";
import { EventStream, type EventTaker } from "./event-stream.js";
import type { Connection } from "./link.js";
import type { VppCallOptions } from "./options.js";
import { switchOf, type Switch } from "./subscription-request.js";

/** What subscriptions are made with. */
export interface SubscriptionSettings {
  /** The client's name. */
  readonly name: string;
  readonly callTimeoutMs: number;
  readonly maxQueuedEvents: number;
}

/** The parts of a request for events that do not depend on the types of its values. */
type AnySubscribe = SubscribeMessage<never, unknown, unknown, unknown>;

/** One request for events, shared by all who make the same. */
interface Topic {
  readonly message: AnySubscribe;
  readonly request: Switch;
  readonly takers: Set<EventTaker>;
  /** Which form of its events a message id of the server means. */
  readonly forms: Map<number, number>;
  /** Over when VPP has answered. */
  ready: Promise<Result<void, VppCallError>>;
}

/** VPP: the events are on already. Readers share one request, so a client before us left it to its successor (VPP before 22.02). */
const invalidRegistration = -31;

/** All events that a client reads: what VPP was asked for, once each, and asked again after a reconnect. */
export class Subscriptions {
  readonly #settings: SubscriptionSettings;
  readonly #topics = new Map<string, Topic>();
  #connection: Connection | undefined;
  /** Readers do not know yet that the connection is another: what comes now is older than what the gap has them read. */
  #isResuming = false;

  constructor(settings: SubscriptionSettings) {
    this.#settings = settings;
  }

  /** Asks for events, unless they come already. */
  async subscribe<In, Event>(
    connection: Connection,
    message: SubscribeMessage<In, unknown, Event, unknown>,
    request: object,
    options: VppCallOptions,
  ): Promise<Result<EventStream<Event>, VppCallError>> {
    const wanted = switchOf(message, request);
    if (wanted.isErr()) return wanted;
    const { maxQueuedEvents, callTimeoutMs } = this.#settings;
    const started = Deadline.start(message.name, options, callTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const topic = this.#topics.get(wanted.value.key) ?? this.#open(connection, message, wanted.value);
    const stream = new EventStream(message.events, connection.generation, maxQueuedEvents, (left) =>
      this.#leave(topic, left),
    );
    topic.takers.add(stream);
    const ready = await deadline.wait(topic.ready, () => "waiting for VPP to answer", "unknown");
    if (ready.isOk()) return Ok(stream);
    stream.end();
    return ready;
  }

  /** Asks a new connection for everything that is still read; undefined: nothing is. */
  resume(connection: Connection): Promise<void> | undefined {
    this.#connection = connection;
    this.#isResuming = true;
    return this.#topics.size === 0 ? undefined : this.#resumeAll(connection);
  }

  async #resumeAll(connection: Connection): Promise<void> {
    await Promise.all(
      [...this.#topics.values()].map(async (topic) => {
        topic.ready = this.#renew(connection, topic);
        const renewed = await topic.ready;
        // Lost once more while asking: the next connection is asked again.
        if (renewed.isOk() || connection.session.isOver) return;
        // A set can be iterated while members leave it.
        for (const taker of topic.takers) taker.lose(renewed.error);
      }),
    );
  }

  /** Calls go out on the new connection: readers are told of the gap, and can read anew what they missed. */
  resumed({ generation }: Connection): void {
    this.#isResuming = false;
    for (const { takers } of this.#topics.values()) for (const taker of takers) taker.resume(generation);
  }

  /** The client closes: VPP before 22.02 would send the events to whoever gets our index next. Undefined: there are none. */
  close(): Promise<unknown> | undefined {
    const connection = this.#connection;
    if (connection === undefined || this.#topics.size === 0) return undefined;
    const topics = [...this.#topics.values()];
    this.end();
    return Promise.all(topics.map((topic) => this.#turnOff(connection, topic)));
  }

  /** No more events will come. */
  end(): void {
    const topics = [...this.#topics.values()];
    this.#topics.clear();
    for (const { takers } of topics) for (const taker of takers) taker.end();
  }

  #open(connection: Connection, message: AnySubscribe, request: Switch): Topic {
    this.#connection = connection;
    const topic: Topic = {
      message,
      request,
      takers: new Set(),
      forms: new Map(),
      ready: Promise.resolve(Ok(undefined)),
    };
    this.#topics.set(request.key, topic);
    // Each who waits for it has a time of his own.
    topic.ready = this.#turnOn(connection, topic, longestTimer);
    return topic;
  }

  /** A request that only starts something is not repeated: it would start it again. */
  async #renew(connection: Connection, topic: Topic): Promise<Result<void, VppCallError>> {
    if (topic.request.off !== undefined) return this.#turnOn(connection, topic, undefined);
    const { name } = topic.message;
    const message = `${name}: the connection to VPP was lost, and asking again would do again what ${name} does`;
    return Err(new DisconnectedError({ operation: name, outcome: "unknown", message }));
  }

  async #turnOn(
    connection: Connection,
    topic: Topic,
    timeoutMs: number | undefined,
  ): Promise<Result<void, VppCallError>> {
    const listening = this.#listen(connection, topic);
    if (listening.isErr()) return listening;
    const answer = await this.#ask(connection, topic, topic.request.on, timeoutMs);
    const isOn =
      answer.isErr() && answer.error.kind === "rejected" && answer.error.code === invalidRegistration;
    return isOn ? Ok(undefined) : answer;
  }

  async #turnOff(connection: Connection, topic: Topic): Promise<void> {
    const { off } = topic.request;
    if (off === undefined || connection.session.isOver) return;
    await this.#ask(connection, topic, off, undefined);
  }

  /** From now on, before VPP has answered: the first event may come with the answer. */
  #listen(connection: Connection, topic: Topic): Result<void, VppCallError> {
    const { session, routes } = connection;
    const { events, name } = topic.message;
    topic.forms.clear();
    for (const [form, event] of events.entries()) {
      routes.match(event).map((id) => {
        topic.forms.set(id, form);
        const onEvent = (reader: Reader, start: number, end: number): void =>
          this.#deliver(id, reader, start, end);
        return session.expect(id, { contextAt: -1, onEvent });
      });
    }
    return topic.forms.size > 0 ? Ok(undefined) : routes.pick(events, name).map(() => undefined);
  }

  #deliver(id: number, reader: Reader, start: number, end: number): void {
    if (this.#isResuming) return;
    for (const { forms, takers } of this.#topics.values()) {
      const form = forms.get(id);
      if (form !== undefined) for (const taker of takers) taker.take(form, reader, start, end);
    }
  }

  #ask(
    connection: Connection,
    topic: Topic,
    request: object,
    timeoutMs: number | undefined,
  ): Promise<Result<void, VppCallError>> {
    const { message } = topic;
    const { session, routes } = connection;
    const route = routes.find(message);
    if (route.isErr()) return Promise.resolve(route);
    const reply = message.replies[route.value.reply];
    if (reply === undefined) return Promise.resolve(Ok(undefined));
    const { name, callTimeoutMs } = this.#settings;
    const meter = CallMeter.start(name, message.name);
    return new Promise((resolve) => {
      const settle = (result: Result<unknown, VppCallError>): void => resolve(result.map(() => undefined));
      const timeout = timeoutMs ?? callTimeoutMs;
      new Call(session, route.value, message, reply, request, timeout, meter, settle).start(undefined);
    });
  }

  #leave(topic: Topic, taker: EventTaker): void {
    topic.takers.delete(taker);
    if (topic.takers.size > 0 || this.#topics.get(topic.request.key) !== topic) return;
    this.#topics.delete(topic.request.key);
    const connection = this.#connection;
    if (connection !== undefined) void this.#turnOff(connection, topic);
  }
}

import { longestTimer } from "../../core/call.js";
import { AbortedError, DisconnectedError, InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { CallMessage, DumpMessage, StreamMessage, SubscribeMessage } from "../wire/index.js";
import { Call } from "./call.js";
import type { Catalog } from "./catalog.js";
import type { DetailsSink, RunningDump } from "./details.js";
import { CallMeter } from "./diagnostics.js";
import { DumpRun } from "./dump-run.js";
import type { VppCallError } from "./errors.js";
import type { Connection, Link } from "./link.js";
import type { Settings, VppCallOptions } from "./options.js";

/** A request that is answered once. */
export type Callable<In, Reply> =
  CallMessage<In, Reply, unknown> | SubscribeMessage<In, Reply, unknown, unknown>;

/** A request that is answered by details. */
export type Dumpable<Details> =
  DumpMessage<never, Details, unknown> | StreamMessage<never, unknown, Details, unknown>;

const nothingToLeave: RunningDump = { leave: () => undefined };

/** Sends requests over whatever connection there is. */
export class Requests {
  readonly #settings: Settings;
  readonly #link: Link;

  constructor(settings: Settings, link: Link) {
    this.#settings = settings;
    this.#link = link;
  }

  /** The connection, for a call with these options. */
  connection(operation: string, options: VppCallOptions): Result<Connection, VppCallError> {
    const { current } = this.#link;
    const { signal, timeoutMs, generation } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 1 && timeoutMs <= longestTimer)) {
      return Err(badTimeout(operation, timeoutMs));
    }
    if (signal?.aborted === true) {
      const message = `${operation}: the signal had fired before the call; nothing was sent`;
      return Err(new AbortedError({ operation, outcome: "not-sent", cause: signal.reason, message }));
    }
    if (current === undefined) return Err(notConnected(operation, this.#link.trouble));
    if (generation !== undefined && generation !== current.generation) {
      return Err(otherGeneration(operation, generation, current.generation));
    }
    return Ok(current);
  }

  /** The definitions of the messages that are called by name. */
  definitions(operation: string): Result<Catalog, VppCallError> {
    const { current, trouble } = this.#link;
    if (current === undefined) return Err(notConnected(operation, trouble));
    return current.catalog === undefined ? Err(noDefinitions(operation)) : Ok(current.catalog);
  }

  call<Reply>(
    message: Callable<never, Reply>,
    request: unknown,
    options: VppCallOptions,
  ): Promise<Result<Reply, VppCallError>> {
    const connection = this.connection(message.name, options);
    if (connection.isErr()) return Promise.resolve(connection);
    const { session, routes } = connection.value;
    const route = routes.find(message);
    if (route.isErr()) return Promise.resolve(route);
    const reply = message.replies[route.value.reply];
    if (reply === undefined) throw new RangeError(`${message.name} has no reply ${route.value.reply}`);
    const { name, callTimeoutMs } = this.#settings;
    const timeoutMs = options.timeoutMs ?? callTimeoutMs;
    const meter = CallMeter.start(name, message.name);
    return new Promise((resolve) => {
      const call = new Call(session, route.value, message, reply, request, timeoutMs, meter, resolve);
      call.start(options.signal);
    });
  }

  dump<Details>(
    message: Dumpable<Details>,
    request: object,
    options: VppCallOptions,
    sink: DetailsSink<Details>,
  ): RunningDump {
    const connection = this.connection(message.name, options);
    if (connection.isErr()) return refused(sink, connection.error);
    const { session, routes } = connection.value;
    const route = routes.find(message);
    if (route.isErr()) return refused(sink, route.error);
    const details = message.details[route.value.details];
    if (details === undefined) throw new RangeError(`${message.name} has no details ${route.value.details}`);
    const { name, dumpTimeoutMs } = this.#settings;
    return new DumpRun({
      session,
      route: route.value,
      codec: message,
      details,
      reply: message.service === "stream" ? message.replies[route.value.reply] : undefined,
      request,
      timeoutMs: options.timeoutMs ?? dumpTimeoutMs,
      signal: options.signal,
      meter: CallMeter.start(name, message.name),
      sink,
    }).start();
  }
}

/** A dump that was not sent. */
export function refused<Details>(sink: DetailsSink<Details>, error: VppCallError): RunningDump {
  sink.end(error);
  return nothingToLeave;
}

function badTimeout(operation: string, timeoutMs: number): InvalidError {
  const expected = `a number from 1 to ${longestTimer}`;
  const got = String(timeoutMs);
  const message = `${operation}: timeoutMs is ${got}; give milliseconds, ${expected}. Nothing was sent`;
  return new InvalidError({ operation, path: "timeoutMs", expected, got, message });
}

function notConnected(operation: string, trouble: Error): DisconnectedError {
  const message = `${operation}: there is no connection to VPP: ${trouble.message}; nothing was sent`;
  return new DisconnectedError({ operation, outcome: "not-sent", cause: trouble, message });
}

function otherGeneration(operation: string, wanted: number, present: number): DisconnectedError {
  const message = `${operation}: it was meant for connection ${wanted} and this is ${present}, on which numbers may mean other things; find out again what it is about. Nothing was sent`;
  return new DisconnectedError({ operation, outcome: "not-sent", message });
}

function noDefinitions(operation: string): InvalidError {
  const message = `${operation}: messages can be called by name when their definitions are known: give api (a directory with *.api.json, a model, or "bootstrap") when connecting, or pass the message of generated bindings. Nothing was sent`;
  return new InvalidError({ operation, path: "message", expected: "a codec", got: operation, message });
}

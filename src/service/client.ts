import type { Socket } from "node:net";
import {
  ErrorObject,
  JsonRpcError,
  NotificationObject,
  parseObject,
  RequestObject,
  SuccessObject,
  type JsonRpc,
} from "jsonrpc-lite";
import { toJson } from "../core/json.js";
import { Err, InvalidError, type Result, type VSwitchError } from "../index.js";
import { busy, invalidRequest, onWire, parseError } from "./errors.js";
import type { Limits } from "./limits.js";
import { LineSplitter, type Line } from "./lines.js";
import type { Method } from "./methods.js";
import { Watches, type WatchSource } from "./watches.js";

type Id = string | number;

/** What a client is served with. */
export interface ClientOptions {
  readonly methods: ReadonlyMap<string, Method>;
  readonly watch: WatchSource;
  readonly limits: Limits;
  readonly log: (line: string) => void;
}

/** The answer to one message, and what begins once it is sent. */
interface Answer {
  readonly reply: JsonRpc | undefined;
  readonly begin?: (() => void) | undefined;
}

const noAnswer: Answer = { reply: undefined };

/** A client that does not read what it asked for is not read either, beyond so many bytes. */
const mostUnread = 1_048_576;

/** Where a method's params are an object. */
const isNamed = (params: unknown): boolean => params === undefined || !Array.isArray(params);

const byName = (operation: string): InvalidError =>
  new InvalidError({
    operation,
    path: "",
    expected: "an object, with the arguments by their names",
    got: "a list",
    message: `${operation}: params is a list; expected an object, with the arguments by their names`,
  });

/** The id of something that is no request, so that its sender knows which; `null`: it has none. */
function idOf(value: unknown): Id | null {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  return typeof value.id === "string" || typeof value.id === "number" ? value.id : null;
}

/** One connection to the service: reads requests, runs them, writes what comes of them. */
export class Client {
  readonly #socket: Socket;
  readonly #options: ClientOptions;
  readonly #lines: LineSplitter;
  /** What cancels each request that runs. A notification has no id to be cancelled by. */
  readonly #running = new Map<Id | symbol, AbortController>();
  readonly #watches: Watches;
  #handling = 0;
  #ended = false;
  /** What still comes is read and thrown away. */
  #discards = false;
  readonly closed: Promise<void>;

  constructor(socket: Socket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#lines = new LineSplitter(options.limits.maxMessageBytes);
    this.#watches = new Watches(options.watch, (event) => this.#send(event));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#cancelAll();
        resolve();
      });
    });
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      if (!this.#ended) this.#take(this.#lines.push(chunk));
    });
    socket.on("end", () => this.#onEnd());
    socket.on("drain", () => {
      if (!this.#ended) socket.resume();
    });
  }

  /** Refuses a client that there is no room for. */
  static refuse(socket: Socket, why: string): void {
    socket.on("error", () => undefined);
    socket.end(`${toJson(new ErrorObject(null, busy(why)), 0)}\n`);
    socket.resume();
    socket.destroySoon();
  }

  /** Reads no more; when what runs has been answered, the connection ends. After `graceMs` what still runs is cancelled. */
  finish(graceMs: number): Promise<void> {
    this.#discards = false;
    this.#socket.pause();
    return this.#end(graceMs);
  }

  async #end(graceMs: number): Promise<void> {
    this.#ended = true;
    this.#watches.stop();
    this.#endWhenIdle();
    const timers = [
      setTimeout(() => this.#cancelAll(), graceMs),
      // A cancelled verb may still have to be undone.
      setTimeout(() => this.#socket.destroy(), 2 * graceMs),
    ];
    await this.closed;
    for (const timer of timers) clearTimeout(timer);
  }

  #cancelAll(): void {
    this.#watches.stop();
    for (const controller of this.#running.values()) controller.abort();
  }

  #onEnd(): void {
    this.#take(this.#lines.end());
    this.#ended = true;
    // Who still listens to a watch has not closed its side.
    this.#watches.stop();
    this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    // What was written still goes out. A client that keeps its side open does not keep ours.
    if (!this.#ended || this.#handling > 0) return;
    if (this.#discards) this.#socket.end();
    else this.#socket.destroySoon();
  }

  #take(lines: readonly Line[]): void {
    for (const line of lines) {
      if (this.#ended) return;
      if (line.fault === undefined) void this.#handle(line.text);
      else void this.#refuseLine(line.fault, line.last);
    }
  }

  async #refuseLine(fault: string, last: boolean): Promise<void> {
    if (!last) {
      await this.#send(new ErrorObject(null, parseError(fault)));
      return this.#endWhenIdle();
    }
    // A client that still writes would not get to read the answer if its writing failed.
    this.#discards = true;
    void this.#send(new ErrorObject(null, invalidRequest(fault)));
    await this.#end(this.#options.limits.graceMs);
  }

  async #handle(text: string): Promise<void> {
    this.#handling += 1;
    try {
      await this.#answer(text);
    } catch (error) {
      this.#options.log(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : "?"}`);
      this.#socket.destroy();
    } finally {
      this.#handling -= 1;
      this.#endWhenIdle();
    }
  }

  async #answer(text: string): Promise<void> {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (error) {
      await this.#send(new ErrorObject(null, parseError(error instanceof Error ? error.message : "")));
      return;
    }
    if (Array.isArray(message)) return this.#batch(message);
    const { reply, begin } = await this.#one(message);
    if (reply !== undefined) await this.#send(reply);
    begin?.();
  }

  /** JSON-RPC 2.0 section 6. */
  async #batch(messages: readonly unknown[]): Promise<void> {
    const { maxInFlight } = this.#options.limits;
    if (messages.length === 0 || messages.length > maxInFlight) {
      const why = `a batch has ${messages.length} requests; from 1 to ${maxInFlight} are taken`;
      return this.#send(new ErrorObject(null, invalidRequest(why)));
    }
    const answers = await Promise.all(messages.map((message) => this.#one(message)));
    const replies = answers.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
    if (replies.length > 0) await this.#send(replies);
    for (const { begin } of answers) begin?.();
  }

  async #one(message: unknown): Promise<Answer> {
    const { payload } = parseObject(message);
    if (payload instanceof RequestObject) return this.#request(payload);
    if (payload instanceof NotificationObject) return this.#notified(payload);
    if (!(payload instanceof JsonRpcError)) return noAnswer;
    const why = 'a message is no request of JSON-RPC 2.0, such as {"jsonrpc":"2.0","id":1,"method":"about"}';
    return { reply: new ErrorObject(idOf(message), invalidRequest(why)) };
  }

  async #notified({ method, params }: NotificationObject): Promise<Answer> {
    if (method === "cancel") {
      const id = idOf(params);
      if (id !== null) this.#running.get(id)?.abort();
      return noAnswer;
    }
    const run = this.#options.methods.get(method);
    if (run === undefined || this.#full() || !isNamed(params)) return noAnswer;
    await this.#during(Symbol(method), (signal) => this.#run(method, run, params, signal));
    return noAnswer;
  }

  #full(): boolean {
    const { maxInFlight } = this.#options.limits;
    return this.#running.size + this.#watches.size >= maxInFlight;
  }

  async #request({ id, method, params }: RequestObject): Promise<Answer> {
    // jsonrpc-lite lets through no other id.
    if (id === null) return noAnswer;
    const refuse = (error: JsonRpcError): Answer => ({ reply: new ErrorObject(id, error) });
    if (this.#running.has(id))
      return refuse(invalidRequest(`a request with the id ${JSON.stringify(id)} is under way`));
    if (method === "unwatch") return this.#reply(id, this.#watches.unwatch(params));
    if (this.#full())
      return refuse(busy(`${this.#options.limits.maxInFlight} requests and watches are under way already`));
    try {
      return await this.#during(id, (signal) => this.#carryOut(id, method, params, signal));
    } catch (error) {
      this.#options.log(`internal error in ${method}: ${error instanceof Error ? error.stack : "?"}`);
      return refuse(JsonRpcError.internalError("a fault of the service, which its log tells of"));
    }
  }

  async #during<T>(id: Id | symbol, work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#running.delete(id);
    }
  }

  async #carryOut(id: Id, method: string, params: unknown, signal: AbortSignal): Promise<Answer> {
    if (method === "watch") {
      const started = await this.#watches.start(params, signal);
      const { reply } = this.#reply(
        id,
        started.map(({ result }) => result),
      );
      return { reply, begin: started.isOk() ? started.value.begin : undefined };
    }
    const run = this.#options.methods.get(method);
    if (run !== undefined) return this.#reply(id, await this.#run(method, run, params, signal));
    const why = "no method of this name; the method about tells which there are";
    return { reply: new ErrorObject(id, JsonRpcError.methodNotFound(why)) };
  }

  #run(operation: string, run: Method, params: unknown, signal: AbortSignal): ReturnType<Method> {
    return isNamed(params) ? run(params ?? {}, { signal }) : Err(byName(operation));
  }

  #reply(id: Id, result: Result<unknown, VSwitchError>): Answer {
    return {
      reply: result.isErr()
        ? new ErrorObject(id, onWire(result.error))
        : new SuccessObject(id, result.value ?? null),
    };
  }

  /** Writes, and waits until the socket has taken it, so that who reads slowly is told less often. */
  async #send(message: unknown): Promise<void> {
    const text = `${toJson(message, 0)}\n`;
    if (!this.#socket.writable) return;
    await new Promise<void>((resolve) => {
      this.#socket.write(text, () => resolve());
      if (this.#socket.writableLength > mostUnread) this.#socket.pause();
    });
  }
}

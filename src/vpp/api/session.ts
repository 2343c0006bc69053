import type { Deadline } from "../../core/call.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { ByteStream } from "../../net/stream.js";
import { Reader } from "../wire/index.js";
import { Alarm, never } from "./alarm.js";
import type { VppCallError, VppConnectError } from "./errors.js";
import type { Exchange } from "./exchange.js";
import { FrameSplitter } from "./frame.js";
import { InFlight } from "./in-flight.js";
import { fixedIds, notVpp, readWelcome, writeCreateClient, writeKeepaliveReply } from "./memclnt.js";
import { beginFrame, endFrame, Outbox } from "./outbox.js";
import { Farewell, findPing, Ping, type PingIds } from "./ping.js";
import { ServerTable } from "./server-table.js";
import { broken, cancelled, disconnected, hungUp, timedOut } from "./session-errors.js";

/** How to hold a connection. */
export interface SessionOptions {
  /** What VPP shows for us in `show api clients`. */
  readonly name: string;
  /** How many exchanges may be under way. */
  readonly window: number;
  /** The most bytes of one message. */
  readonly maxFrameBytes: number;
  /** The connection ended by itself. Called once, after all that was under way has been told. */
  readonly onEnd: (reason: Error, session: Session) => void;
}

/** What to do with a message from the server, by its id. */
interface Incoming {
  /** Where the context stands; -1: it has none. */
  readonly contextAt: number;
  /** Set for events. */
  readonly onEvent?: (reader: Reader, start: number, end: number) => void;
}

/** How long a failed attempt to connect goes on behind the scenes, in milliseconds. */
const farewellMs = 1000;

/** One connection: the handshake, the window of exchanges, the messages that come in, the farewell. */
export class Session {
  readonly #stream: ByteStream;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #splitter: FrameSplitter;
  readonly #reader = new Reader();
  readonly #inFlight: InFlight;
  readonly #alarm = new Alarm(() => this.#giveUpLate());
  readonly #incoming: (Incoming | undefined)[] = [];
  #queue: Exchange[] = [];
  #onWelcome: ((welcome: Result<void, VppConnectError>) => void) | undefined;
  #onIdle: (() => void) | undefined;
  #state: "greeting" | "open" | "closing" | "over" = "greeting";
  #clientIndex = 0;
  #table = ServerTable.empty;
  #ping: PingIds = { request: 0, reply: 0 };

  private constructor(stream: ByteStream, options: SessionOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#outbox = new Outbox(stream);
    this.#inFlight = new InFlight(options.window);
    this.#splitter = new FrameSplitter(
      {
        chunk: (bytes) => void this.#reader.load(bytes),
        message: (bytes, start, end) => this.#receive(bytes, start, end),
      },
      options.maxFrameBytes,
    );
    stream.start({
      data: (chunk) => this.#read(chunk),
      close: (reason) => this.#end(reason ?? new Error("the server hung up")),
    });
  }

  /** Makes a client of a fresh stream. When that fails, the stream is seen off. */
  static async open(
    stream: ByteStream,
    options: SessionOptions,
    deadline: Deadline,
  ): Promise<Result<Session, VppConnectError>> {
    const session = new Session(stream, options);
    const welcome = await session.#greet(deadline);
    if (welcome.isOk()) return Ok(session);
    // The answer may be on its way: a VPP before 23.02 that writes to a closed socket dies (d7413835e14).
    void session.close(farewellMs);
    return welcome;
  }

  /** The messages of this server. */
  get table(): ServerTable {
    return this.#table;
  }

  /** Whether nothing more can be sent. */
  get isOver(): boolean {
    return this.#state !== "open";
  }

  /** The ids of this server's ping. */
  get pingIds(): PingIds {
    return this.#ping;
  }

  /** Says what to do with messages of an id. What was said first holds, but for events. */
  expect(id: number, incoming: Incoming): void {
    if (this.#incoming[id] === undefined || incoming.onEvent !== undefined) this.#incoming[id] = incoming;
  }

  /** Sends an exchange, at once or when there is room in the window. */
  submit(exchange: Exchange): void {
    if (this.#state !== "open") return exchange.fail(disconnected(exchange, "the connection is closed"));
    this.#alarm.at(exchange.endsAt);
    if (this.#inFlight.isFull || this.#queue.length > 0) this.#queue.push(exchange);
    else this.#send(exchange);
  }

  /** Nobody waits for this exchange any more. */
  abandon(exchange: Exchange): void {
    if (exchange.state !== "queued") return this.#inFlight.abandon(exchange);
    exchange.state = "over";
    this.#queue = this.#queue.filter((queued) => queued !== exchange);
  }

  /** Gives an exchange up because the caller's signal fired. */
  cancel(exchange: Exchange, cause: unknown): void {
    const error = cancelled(exchange, cause);
    this.abandon(exchange);
    exchange.fail(error);
  }

  /** Asks for a sign of life. The answer also says that all that was sent before has been answered. */
  async ping(timeoutMs: number, signal?: AbortSignal): Promise<Result<void, VppCallError>> {
    return new Promise((resolve) => {
      const ping = new Ping(this.#ping, timeoutMs, (result) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(result);
      });
      const onAbort = (): void => this.cancel(ping, signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.submit(ping);
    });
  }

  /** The same, past the window: what finds out about a server that answers nothing must not wait for its answers. */
  async pingAhead(timeoutMs: number): Promise<Result<void, VppCallError>> {
    return new Promise((resolve) => {
      this.#sendAhead(new Ping(this.#ping, timeoutMs, resolve));
    });
  }

  /**
   * Ends the connection in good order: what is on its way is waited for, then `sockclnt_delete` and its answer. After
   * `timeoutMs` the socket is closed all the same. 16 sockets that close at once without `sockclnt_delete` hang VPP
   * 26.06; one that closes under answers kills a VPP before 23.02.
   */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state === "closing" || this.#state === "over") return;
    const endsAt = performance.now() + timeoutMs;
    const left = (): number => Math.max(1, endsAt - performance.now());
    for (const exchange of this.#queue.splice(0)) {
      exchange.state = "over";
      exchange.fail(disconnected(exchange, "the client was closed"));
    }
    if (this.#state === "greeting") await this.#welcomeWithin(timeoutMs);
    if (this.#state === "open") {
      this.#state = "closing";
      if (this.#inFlight.size > 0) await this.pingAhead(left());
      // A handler of VPP that works on its own answers after the ping; what is never answered costs the whole time.
      if (this.#inFlight.size > 0) await this.#idleWithin(left());
      await new Promise<unknown>((resolve) => {
        this.#sendAhead(new Farewell(left(), resolve));
      });
    }
    this.#stream.destroy();
    this.#end(undefined);
  }

  #greet(deadline: Deadline): Promise<Result<void, VppConnectError>> {
    const { writer } = this.#outbox;
    const frame = beginFrame(writer);
    writeCreateClient(writer, this.#options.name);
    endFrame(writer, frame);
    this.#outbox.flush();
    return new Promise((resolve) => {
      const settle = (welcome: Result<void, VppConnectError>): void => {
        deadline.unwatch(onLate);
        this.#onWelcome = undefined;
        resolve(welcome);
      };
      const onLate = (): void =>
        settle(Err(deadline.failure("waiting for the message table of VPP", "not-sent")));
      this.#onWelcome = settle;
      deadline.watch(onLate);
    });
  }

  /** After the caller has given up: the welcome may still come. */
  async #welcomeWithin(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onWelcome = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #idleWithin(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #read(chunk: Buffer): void {
    const fault = this.#splitter.push(chunk);
    if (fault !== undefined) return this.#break(fault);
    while (this.#queue.length > 0 && !this.#inFlight.isFull) {
      const exchange = this.#queue.shift();
      if (exchange !== undefined) this.#send(exchange);
    }
    if (this.#inFlight.size === 0) this.#onIdle?.();
  }

  #receive(bytes: Buffer, start: number, end: number): void {
    if (this.#state === "greeting") return this.#welcome(bytes, start, end);
    if (this.#state === "over") return;
    const id = bytes.readUInt16BE(start);
    const incoming = this.#incoming[id];
    if (incoming?.onEvent !== undefined) return incoming.onEvent(this.#reader, start, end);
    if (id === fixedIds.keepalive) return this.#keepAlive(bytes, start, end);
    // What nobody expects can only be a wrong answer, and nearly all answers have their context right behind the id.
    const contextAt = start + (incoming?.contextAt ?? 2);
    if (contextAt < start || contextAt + 4 > end) return;
    const exchange = this.#inFlight.find(bytes.readUInt32BE(contextAt));
    // An answer to nobody: it came late, or it is an event that nobody has asked for.
    if (exchange?.receive(id, this.#reader, start, end) === true) this.#inFlight.remove(exchange);
  }

  #welcome(bytes: Buffer, start: number, end: number): void {
    const welcome = readWelcome(bytes, start, end).andThen((value) => {
      const ping = findPing(value.table);
      return ping === undefined ? Err(notVpp("its table has no control_ping")) : Ok({ ...value, ping });
    });
    if (welcome.isErr()) {
      this.#onWelcome?.(welcome);
      this.#stream.destroy();
      return this.#end(welcome.error);
    }
    const { clientIndex, table, ping } = welcome.value;
    this.#clientIndex = clientIndex;
    this.#table = table;
    this.#ping = ping;
    this.#state = "open";
    this.expect(ping.reply, { contextAt: 2 });
    this.expect(fixedIds.deleteClientReply, { contextAt: 2 });
    this.#onWelcome?.(Ok(undefined));
  }

  #keepAlive(bytes: Buffer, start: number, end: number): void {
    if (end - start < 10) return;
    const { writer } = this.#outbox;
    const frame = beginFrame(writer);
    writeKeepaliveReply(writer, bytes.readUInt32BE(start + 6));
    endFrame(writer, frame);
    this.#outbox.schedule();
  }

  #send(exchange: Exchange): void {
    const { writer } = this.#outbox;
    const at = writer.offset;
    this.#inFlight.add(exchange);
    const fault = exchange.write(writer, this.#clientIndex);
    if (fault === undefined) return this.#outbox.schedule();
    writer.truncate(at);
    this.#inFlight.remove(exchange);
    exchange.fail(fault);
    return undefined;
  }

  #sendAhead(exchange: Exchange): void {
    if (this.#state === "over") return exchange.fail(disconnected(exchange, "it has ended"));
    this.#alarm.at(exchange.endsAt);
    this.#send(exchange);
  }

  /** Fails what is late; gives the next deadline. */
  #giveUpLate(): number {
    const now = performance.now();
    let earliest = never;
    for (const exchange of [...this.#inFlight, ...this.#queue]) {
      if (exchange.state === "abandoned") continue;
      if (exchange.endsAt > now) earliest = Math.min(earliest, exchange.endsAt);
      else this.#timeOut(exchange);
    }
    return earliest;
  }

  #timeOut(exchange: Exchange): void {
    const error = timedOut(exchange, this.#options.window);
    this.abandon(exchange);
    exchange.fail(error);
  }

  /** The stream makes no sense any more. */
  #break(fault: string): void {
    const error = this.#state === "greeting" ? notVpp(fault) : broken(fault);
    this.#onWelcome?.(Err(error));
    this.#stream.destroy();
    this.#end(error);
  }

  /** The connection is gone, by itself for a reason or because it was closed: everybody who waits is told, once. */
  #end(why: Error | undefined): void {
    if (this.#state === "over") return;
    const before = this.#state;
    this.#state = "over";
    this.#alarm.stop();
    const nobodyWaits = this.#inFlight.size === 0 && this.#queue.length === 0;
    // To make an error costs more than all the rest.
    if (before === "closing" && nobodyWaits) return;
    const reason = why ?? new Error("the client was closed");
    this.#onWelcome?.(Err(hungUp(reason)));
    this.#onIdle?.();
    const waiting = [...this.#inFlight, ...this.#queue.splice(0)];
    for (const exchange of waiting) {
      const wasAbandoned = exchange.state === "abandoned";
      const error = disconnected(exchange, reason.message, reason);
      this.#inFlight.remove(exchange);
      exchange.state = "over";
      if (!wasAbandoned) exchange.fail(error);
    }
    if (before === "open") this.#options.onEnd(reason, this);
  }
}

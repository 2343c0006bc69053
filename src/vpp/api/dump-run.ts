import type { InvalidError } from "../../core/errors.js";
import { decodeMessage, type MessageCodec, type Reader, type Writer } from "../wire/index.js";
import { wrongAnswer, writeMessage } from "./call.js";
import type { DetailsSink, RunningDump } from "./details.js";
import type { CallMeter } from "./diagnostics.js";
import type { VppCallError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { writePing } from "./ping.js";
import { RetvalError } from "./retval.js";
import type { Route } from "./routes.js";
import type { Session } from "./session.js";

/** What a dump is made of. */
export interface DumpParts<Details> {
  readonly session: Session;
  readonly route: Route;
  readonly codec: MessageCodec<unknown, unknown>;
  readonly details: MessageCodec<Details, never>;
  /** The reply that ends a page of a cursor stream; undefined for dumps, which a ping ends. */
  readonly reply: MessageCodec<unknown, never> | undefined;
  readonly request: object;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly meter: CallMeter | undefined;
  readonly sink: DetailsSink<Details>;
}

/** A stream goes on with another page. */
const eagain = -165;

/** What VPP answers to a stream of an empty vector, and to a cursor behind the last element. */
const invalidValue = -7;

/**
 * One dump under way. The first kind is a request with a ping behind it, whose answer marks the end; the second is
 * pages, each ended by a reply that says whether there is another (VPP: `REPLY_AND_DETAILS_MACRO` in
 * `src/vlibapi/api_helper_macros.h`).
 */
export class DumpRun<Details> implements RunningDump {
  readonly #parts: DumpParts<Details>;
  readonly #endsAt: number;
  #page: Page<Details> | undefined;
  #count = 0;
  #isOver = false;

  constructor(parts: DumpParts<Details>) {
    this.#parts = parts;
    this.#endsAt = performance.now() + parts.timeoutMs;
  }

  start(): this {
    this.#parts.signal?.addEventListener("abort", this, { once: true });
    this.#send(this.#parts.reply === undefined ? undefined : 0);
    return this;
  }

  leave(): void {
    if (this.#isOver) return;
    if (this.#page !== undefined) this.#parts.session.abandon(this.#page);
    this.#finish("left");
  }

  /** The caller's signal fired. */
  handleEvent(): void {
    if (this.#page !== undefined) this.#parts.session.cancel(this.#page, this.#parts.signal?.reason);
  }

  /** Details came. */
  take(reader: Reader, start: number, end: number): void {
    const { meter, sink, details } = this.#parts;
    this.#count++;
    meter?.received(end - start, true);
    const fault = sink.take(details, reader, start, end);
    if (fault !== undefined) this.give(fault);
  }

  /** A page is complete. */
  endPage(reader: Reader, start: number, end: number): void {
    const { reply, meter, route } = this.#parts;
    meter?.received(end - start);
    if (reply === undefined) return this.#end(undefined);
    // A reply without `retval` ends the stream.
    const hasRetval = route.retvalAt !== -1 && start + route.retvalAt + 4 <= end;
    const retval = hasRetval ? reader.view.getInt32(start + route.retvalAt) : 0;
    if (meter !== undefined) meter.retval = retval;
    if (retval === eagain) return this.#nextPage(reply, reader, start, end);
    const isEmpty = retval === invalidValue && (this.#count === 0 || this.#pages > 1);
    return this.#end(
      retval === 0 || isEmpty ? undefined : new RetvalError(this.#parts.codec.name, "it", retval),
    );
  }

  /** It cannot go on; the server may send more all the same. */
  give(error: VppCallError): void {
    if (this.#page !== undefined) this.#parts.session.abandon(this.#page);
    this.#end(error);
  }

  fail(error: VppCallError): void {
    this.#end(error);
  }

  #pages = 0;

  /** The cursor is only set where there is another page: VPP leaves it as it was in memory at the end of an empty pool. */
  #nextPage(reply: MessageCodec<unknown, never>, reader: Reader, start: number, end: number): void {
    const value = decodeMessage(reply, reader.select(start, end));
    if (value.isErr()) return this.#end(value.error);
    const cursor = cursorOf(value.value);
    // `trace_dump` goes on by other means than a cursor.
    return cursor === undefined ? this.#end(undefined) : this.#send(cursor);
  }

  #send(cursor: number | undefined): void {
    const { session, request } = this.#parts;
    const value = cursor === undefined ? request : { ...request, cursor };
    this.#pages++;
    this.#page = new Page(this, this.#parts, value, this.#endsAt);
    session.submit(this.#page);
  }

  #end(error: VppCallError | undefined): void {
    if (this.#isOver) return;
    this.#finish(error === undefined ? "ok" : error.kind);
    this.#parts.sink.end(error);
  }

  #finish(outcome: string): void {
    this.#isOver = true;
    this.#parts.signal?.removeEventListener("abort", this);
    this.#parts.meter?.end(outcome);
  }
}

/** One request of a dump and what answers it. */
class Page<Details> extends Exchange {
  readonly #run: DumpRun<Details>;
  readonly #parts: DumpParts<Details>;
  readonly #value: object;

  constructor(run: DumpRun<Details>, parts: DumpParts<Details>, value: object, endsAt: number) {
    super(parts.codec.name, parts.timeoutMs, endsAt);
    this.#run = run;
    this.#parts = parts;
    this.#value = value;
  }

  write(writer: Writer, clientIndex: number): InvalidError | undefined {
    const { codec, route, reply, session, meter } = this.#parts;
    const { context } = this;
    const before = writer.offset;
    const fault = writeMessage(codec, this.#value, route.id, writer, clientIndex, context);
    if (fault !== undefined) return fault;
    meter?.sent(context, writer.offset - before);
    // Under the same context, as VPP's own clients do: the ids tell the two apart.
    if (reply === undefined) writePing(writer, session.pingIds, clientIndex, context);
    return undefined;
  }

  receive(id: number, reader: Reader, start: number, end: number): boolean {
    const { route, details, session } = this.#parts;
    const isWanted = this.state === "sent";
    if (id === route.detailsId) {
      if (isWanted) this.#run.take(reader, start, end);
      return false;
    }
    if (id === route.replyId) {
      if (isWanted) this.#run.endPage(reader, start, end);
      return true;
    }
    if (isWanted) this.#run.give(wrongAnswer(this.operation, details.name, session, id));
    return false;
  }

  fail(error: VppCallError): void {
    this.#run.fail(error);
  }
}

function cursorOf(reply: unknown): number | undefined {
  return typeof reply === "object" && reply !== null && "cursor" in reply && typeof reply.cursor === "number"
    ? reply.cursor
    : undefined;
}

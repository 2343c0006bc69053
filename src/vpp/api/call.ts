import { ProtocolError, type InvalidError } from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import { decodeMessage, encodeMessage, type MessageCodec, type Reader, type Writer } from "../wire/index.js";
import type { CallMeter } from "./diagnostics.js";
import type { VppCallError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { beginFrame, endFrame } from "./outbox.js";
import { RetvalError } from "./retval.js";
import type { Route } from "./routes.js";
import type { Session } from "./session.js";

/** One request and its one reply. */
export class Call<In, Reply> extends Exchange {
  readonly #session: Session;
  readonly #route: Route;
  readonly #codec: MessageCodec<unknown, In>;
  readonly #replyCodec: MessageCodec<Reply, never>;
  readonly #request: In;
  readonly #resolve: (result: Result<Reply, VppCallError>) => void;
  #signal: AbortSignal | undefined;
  readonly #meter: CallMeter | undefined;

  constructor(
    session: Session,
    route: Route,
    codec: MessageCodec<unknown, In>,
    replyCodec: MessageCodec<Reply, never>,
    request: In,
    timeoutMs: number,
    meter: CallMeter | undefined,
    resolve: (result: Result<Reply, VppCallError>) => void,
  ) {
    super(codec.name, timeoutMs);
    this.#session = session;
    this.#route = route;
    this.#codec = codec;
    this.#replyCodec = replyCodec;
    this.#request = request;
    this.#meter = meter;
    this.#resolve = resolve;
  }

  /** Sends it; gives it up when the signal fires. */
  start(signal: AbortSignal | undefined): void {
    const hazard = this.#route.guard?.check(this.#request);
    if (hazard !== undefined) return this.fail(hazard);
    this.#signal = signal;
    // An object that listens, not a function: nothing is made for it.
    signal?.addEventListener("abort", this, { once: true });
    this.#session.submit(this);
    return undefined;
  }

  /** The caller's signal fired. */
  handleEvent(): void {
    this.#session.cancel(this, this.#signal?.reason);
  }

  write(writer: Writer, clientIndex: number): InvalidError | undefined {
    const { context } = this;
    const before = writer.offset;
    const fault = writeMessage(this.#codec, this.#request, this.#route.id, writer, clientIndex, context);
    if (fault === undefined) this.#meter?.sent(context, writer.offset - before);
    return fault;
  }

  receive(id: number, reader: Reader, start: number, end: number): boolean {
    if (this.state === "sent") this.#settle(this.#read(id, reader, start, end));
    return true;
  }

  fail(error: VppCallError): void {
    this.#settle(Err(error));
  }

  #read(id: number, reader: Reader, start: number, end: number): Result<Reply, VppCallError> {
    const { replyId, retvalAt, guard } = this.#route;
    if (id !== replyId) return Err(wrongAnswer(this.operation, this.#replyCodec.name, this.#session, id));
    const meter = this.#meter;
    meter?.received(end - start);
    if (retvalAt !== -1 && start + retvalAt + 4 <= end) {
      const retval = reader.view.getInt32(start + retvalAt);
      if (meter !== undefined) meter.retval = retval;
      guard?.note(this.#request, retval);
      if (retval !== 0) return Err(new RetvalError(this.operation, "it", retval));
    }
    return decodeMessage(this.#replyCodec, reader.select(start, end));
  }

  #settle(result: Result<Reply, VppCallError>): void {
    this.#signal?.removeEventListener("abort", this);
    this.#meter?.end(result.isOk() ? "ok" : result.error.kind);
    this.#resolve(result);
  }
}

/** Writes one framed message. */
export function writeMessage<In>(
  codec: MessageCodec<unknown, In>,
  value: In,
  id: number,
  writer: Writer,
  clientIndex: number,
  context: number,
): InvalidError | undefined {
  const frame = beginFrame(writer);
  const size = encodeMessage(codec, value, { id, clientIndex, context }, writer);
  if (size.isErr()) return size.error;
  endFrame(writer, frame);
  return undefined;
}

/** The error for an answer of another type than the request has. */
export function wrongAnswer(request: string, wanted: string, session: Session, id: number): ProtocolError {
  const message = `${request}: the server answered with ${session.table.describe(id)} instead of ${wanted}; it may have done what was asked`;
  return new ProtocolError({ operation: request, message });
}

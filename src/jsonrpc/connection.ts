import { EventEmitter } from "eventemitter3";
import { NotificationObject, SuccessObject, type ErrorObject } from "jsonrpc-lite";

import { gaveUp, longestTimer } from "../core/call.js";
import {
  DisconnectedError,
  ProtocolError,
  TimeoutError,
  type InvalidError,
  type Outcome,
} from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { ByteStream } from "../net/stream.js";
import {
  badTimeout,
  ended,
  notSent,
  rejected,
  unsendable,
  type CallError,
  type ConnectionClosed,
} from "./call-errors.js";
import type { WrittenParams } from "./encode.js";
import { FrameScanner } from "./frame-scanner.js";
import { InactivityProbe, shortestProbeMs } from "./inactivity-probe.js";
import { decodeMessage, encodeNotification, encodeRequest, PeerRequest, type Incoming } from "./message.js";
import { MessageBeginning } from "./message-beginning.js";
import { MessageParts } from "./message-parts.js";
import { notificationReader, type NotificationParts } from "./notification-parts.js";
import type { JsonRpcCallOptions, JsonRpcEvents, JsonRpcOptions } from "./options.js";
import { PeerAnswers } from "./peer-answers.js";
import { PendingCalls, type GivenUp, type PendingCall, type ResultParts } from "./pending-calls.js";
import { ReadPace } from "./read-pace.js";
import { replyReader } from "./reply-parts.js";
import { streamEnd } from "./stream-end.js";

export type { CallError, ConnectionClosed } from "./call-errors.js";
export type { NotificationParts } from "./notification-parts.js";
export type { JsonRpcOptions } from "./options.js";
export type { ResultParts } from "./pending-calls.js";

/**
 * A JSON-RPC 1.0 session as Open vSwitch speaks it (RFC 7047 section 4, lib/jsonrpc.c), over a stream that it owns.
 * It answers the peer's `echo` requests by itself, and refuses all others as an unknown method. A reply to a call
 * that has timed out or was aborted is dropped; any other reply that was not asked for ends the session, as does
 * everything else that is no JSON-RPC 1.0.
 */
export class JsonRpcConnection implements Disposable {
  readonly events = new EventEmitter<JsonRpcEvents>();
  readonly #stream: ByteStream;
  readonly #scanner: FrameScanner;
  readonly #calls = new PendingCalls((id, call, why) => this.#giveUp(id, call, why));
  readonly #parts: MessageParts;
  readonly #beginning = new MessageBeginning();
  readonly #pace: ReadPace;
  readonly #answers: PeerAnswers;
  readonly #probe: InactivityProbe | undefined;
  #hasHeard = false;
  #receivedBytes = 0;
  #closed: ConnectionClosed | undefined;
  #taken: NotificationParts | undefined;

  constructor(stream: ByteStream, options: JsonRpcOptions = {}) {
    this.#stream = stream;
    this.#scanner = new FrameScanner({ maxBytes: options.maxMessageBytes });
    this.#parts = new MessageParts(this.#scanner);
    this.#pace = new ReadPace(stream);
    this.#answers = new PeerAnswers(stream);
    const probeMs = stream.needsProbes ? (options.probeIntervalMs ?? 5000) : 0;
    if (probeMs > 0) {
      this.#probe = new InactivityProbe(Math.max(probeMs, shortestProbeMs), {
        queuedBytes: () => stream.writableBytes,
        probe: () => this.#sendProbe(),
        lost: () => this.#disconnect("the server gave no sign of life, not even to an inactivity probe"),
      });
    }
    stream.start({
      data: (chunk) => this.#onData(chunk),
      keepsNothing: () => !this.#scanner.keepsChunk,
      close: (error) => this.#onStreamClosed(error),
    });
  }

  /** Why the connection is over; `undefined` while it lives. */
  get closed(): ConnectionClosed | undefined {
    return this.#closed;
  }

  /** The id of the call that was made last, for a `cancel`; 0 before the first. Unchanged by a call that is refused. */
  get lastCallId(): number {
    return this.#calls.lastId;
  }

  /** How many bytes have come. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** How many bytes have come of the reply to a call whose end has not; since the last part, where it comes in parts. */
  unfinishedBytesOf(id: number): number {
    const { present } = this.#parts;
    const mayBe = present === undefined ? this.#beginning.mayBeReplyTo(id) : present === id;
    return mayBe ? this.#scanner.unfinishedBytes : 0;
  }

  /** How many bytes wait to be sent: what a server that does not read costs us. */
  get writableBytes(): number {
    return this.#stream.writableBytes;
  }

  /**
   * Calls a method and gives its result. Integers beyond ±(2^53 - 1) are bigints, in both directions. It fails with
   * `invalid` where the parameters hold what the server would not accept, with `rejected` where it says no (`reason`
   * is its tag or its words), and else as its name says; after `timeout`, `aborted`, `disconnected` with the outcome
   * `unknown`, and after `protocol`, the server may have acted.
   */
  call(
    method: string,
    params: readonly unknown[] | WrittenParams,
    options: JsonRpcCallOptions,
  ): Promise<Result<unknown, CallError>> {
    return new Promise((resolve) => void this.request(method, params, options, resolve));
  }

  /**
   * Does what `call` does, and tells the outcome to `settle`, synchronously: before anything that came after the answer,
   * and before it returns where nothing is sent. Gives the id of the request, for a `cancel`; 0 where nothing is sent.
   */
  request(
    method: string,
    params: readonly unknown[] | WrittenParams,
    options: JsonRpcCallOptions,
    settle: PendingCall["settle"],
  ): number {
    const { operation, signal, timeoutMs, parts } = options;
    const id = this.#calls.nextId;
    const text = this.#textOf(id, method, params, options);
    if (typeof text !== "string") {
      settle(Err(text));
      return 0;
    }
    const endsAt = performance.now() + timeoutMs;
    this.#calls.add({ operation, method, timeoutMs, signal, endsAt, parts, settle });
    if (parts !== undefined) this.#wantReply(id, parts);
    this.#stream.write(text);
    return id;
  }

  /** A request as it is sent, or why it cannot be. */
  #textOf(
    id: number,
    method: string,
    params: readonly unknown[] | WrittenParams,
    { operation, signal, timeoutMs }: JsonRpcCallOptions,
  ): string | CallError {
    if (!(timeoutMs >= 1 && timeoutMs <= longestTimer)) return badTimeout(operation, timeoutMs);
    if (signal?.aborted === true) {
      const doing = `${method} had not been sent`;
      return gaveUp(signal, { operation, doing, outcome: "not-sent" });
    }
    if (this.#closed !== undefined) return notSent(operation, method, this.#closed);
    const encoded = encodeRequest(id, method, params);
    return "fault" in encoded ? unsendable(operation, method, encoded.fault) : encoded.text;
  }

  /** Has the notifications of some methods taken, long ones as they come. They are told as events no more. */
  takeNotifications(parts: NotificationParts): void {
    this.#taken = parts;
    const begin = (message: unknown): void => {
      const decoded = decodeMessage(message);
      if (typeof decoded === "string") this.#violate(decoded);
      else if (decoded instanceof NotificationObject) parts.begin(decoded.method, decoded.params, "part");
    };
    this.#parts.want("notifications", notificationReader(parts, begin, this.#isLive));
  }

  /** Sends a notification, which is never answered. */
  notify(
    method: string,
    params: readonly unknown[],
    operation: string,
  ): Result<void, InvalidError | DisconnectedError> {
    if (this.#closed !== undefined) return Err(notSent(operation, method, this.#closed));
    const encoded = encodeNotification(new NotificationObject(method, params));
    if ("fault" in encoded) return Err(unsendable(operation, method, encoded.fault));
    this.#stream.write(encoded.text);
    return Ok(undefined);
  }

  /** Ends the session at once. What waits fails as `disconnected`. Does nothing the second time. */
  close(): void {
    this.#disconnect("this side closed the connection");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onData(chunk: Buffer): void {
    this.#hasHeard = true;
    this.#receivedBytes += chunk.length;
    this.#probe?.received();
    this.#pace.begin(chunk);
    const fault = this.#scanner.push(chunk, (value) => {
      this.#onValue(value);
      return this.#closed === undefined;
    });
    if (fault !== undefined) this.#violate(fault);
    else this.#pace.end();
    const { unfinishedBytes } = this.#scanner;
    if (unfinishedBytes > 0) this.#beginning.note(chunk, unfinishedBytes);
  }

  #onValue(value: unknown): void {
    const finish = this.#parts.takeFinish();
    if (finish !== undefined) return finish(value);
    const message = decodeMessage(value);
    if (typeof message === "string") this.#violate(message);
    else this.#onMessage(message);
  }

  readonly #isLive = (): boolean => this.#closed === undefined;

  #wantReply(id: number, parts: ResultParts): void {
    const end = (): void => {
      const call = this.#calls.take(id);
      if (call === undefined) return this.#checkOwed(id);
      this.#parts.forget(id);
      this.#endParts(call);
    };
    this.#parts.want(id, replyReader(id, parts, this.#calls, end, this.#isLive));
  }

  #endParts(call: PendingCall): void {
    if (this.#closed === undefined) call.parts?.end();
    call.settle(this.#closed === undefined ? Ok(undefined) : Err(ended(call, this.#closed)));
  }

  #onMessage(message: Incoming): void {
    if (message instanceof NotificationObject) this.#onNotification(message);
    else if (!(message instanceof PeerRequest)) this.#onReply(message);
    else if (!this.#answers.answer(message)) this.#violate("it sends requests and does not read the answers");
  }

  #onNotification(message: NotificationObject): void {
    const taken = this.#taken;
    if (taken === undefined || !message.method.startsWith(taken.methods)) {
      return this.#tell(() => this.events.emit("notification", message));
    }
    taken.begin(message.method, message.params, "whole");
    if (this.#closed === undefined) taken.end();
  }

  #onReply(reply: SuccessObject | ErrorObject): void {
    const id = Number(reply.id);
    const call = this.#calls.take(id);
    if (call?.parts !== undefined) {
      this.#parts.forget(id);
      if (reply instanceof SuccessObject) {
        call.parts.take(reply.result);
        this.#endParts(call);
      } else call.settle(Err(rejected(call, reply)));
    } else if (call !== undefined) {
      call.settle(reply instanceof SuccessObject ? Ok(reply.result) : Err(rejected(call, reply)));
    } else this.#checkOwed(id);
  }

  #checkOwed(id: number): void {
    this.#parts.forget(id);
    if (!this.#calls.takeOwed(id))
      this.#violate(`it answered request ${id}, which does not wait for an answer`);
  }

  #sendProbe(): void {
    const echo = encodeRequest(this.#calls.addUnawaited(), "echo", []);
    if ("text" in echo) this.#stream.write(echo.text);
  }

  #giveUp(id: number, call: PendingCall, why: GivenUp): void {
    this.#parts.giveUp(id);
    const { operation, method, timeoutMs, signal } = call;
    const outcome = "unknown";
    if (why === "aborted") {
      const doing = `waiting for the answer to ${method}`;
      call.settle(Err(gaveUp(signal, { operation, doing, outcome })));
    } else {
      const message = `${operation}: no answer to ${method} within ${timeoutMs} ms from ${this.#stream.remote.text}`;
      call.settle(Err(new TimeoutError({ operation, outcome, timeoutMs, message })));
    }
  }

  #onStreamClosed(error: Error | undefined): void {
    const { words, isViolation, outcome } = streamEnd(error, this.#hasHeard, this.#scanner.unfinishedBytes);
    if (isViolation) this.#violate(words);
    else this.#disconnect(words, outcome, error);
  }

  #disconnect(words: string, outcome: Outcome = "unknown", cause?: unknown): void {
    const message = `${this.#stream.remote.text}: ${words}`;
    this.#end(() => new DisconnectedError({ operation: "connection", outcome, message, cause }));
  }

  #violate(words: string): void {
    const message = `${this.#stream.remote.text}: the server broke the protocol: ${words}`;
    this.#end(() => new ProtocolError({ operation: "connection", message }));
  }

  #end(reasonOf: () => ConnectionClosed): void {
    if (this.#closed !== undefined) return;
    const reason = reasonOf();
    this.#closed = reason;
    this.#probe?.stop();
    this.#pace.stop();
    this.#stream.destroy();
    for (const call of this.#calls.takeAll()) call.settle(Err(ended(call, reason)));
    this.#tell(() => this.events.emit("close", reason));
  }

  /** A listener that throws is a bug of its owner's: it surfaces as one, and the session stays whole. */
  #tell(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

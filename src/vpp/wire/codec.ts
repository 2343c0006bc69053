import type { Reader } from "./reader.js";
import type { Writer } from "./writer.js";

/**
 * One message in one form on the wire: how to write it and how to read it. Made by the generator, or at run time
 * from API JSON; the two cannot be told apart from outside.
 */
export interface MessageCodec<Out, In = Out> {
  /** VPP's name, such as `sw_interface_dump`. */
  readonly name: string;
  /** The CRCs, eight hexadecimal digits each, under which servers announce this form; the newest first. */
  readonly crcs: readonly string[];
  /**
   * The fingerprint of the bytes: two messages with the same one are laid out the same, whatever their CRCs, field names
   * and enumerations.
   */
  readonly layout: string;
  /** Bytes of the fixed part, with the message id. The whole message, unless `variable`. */
  readonly size: number;
  /** Whether more may follow the fixed part. */
  readonly variable: boolean;
  /** Where the server finds whom to answer; -1 where the message has none. */
  readonly clientIndexAt: number;
  /** Where the context stands that a reply repeats; -1 where the message has none, as in events. */
  readonly contextAt: number;
  /** Writes the message at the end. Throws a fault that `encodeMessage` explains. */
  encode(writer: Writer, value: In, id: number, clientIndex: number, context: number): void;
  /** Reads the message that the reader stands at, its id first. Throws a fault that `decodeMessage` explains. */
  decode(reader: Reader): Out;
}

/** The value of a message that has nothing but its header: an object without properties. */
export type NoFields = Readonly<Record<string, never>>;

/** The one value of all messages without fields: nothing is made for it. */
export const noFields: NoFields = Object.freeze({});

/** Any message, for tables of them. */
export type AnyMessage = MessageCodec<unknown, never>;

/**
 * A request that is answered once. `replies` holds the answer in each of its forms: which one a server speaks, its
 * message table tells.
 */
export interface CallMessage<In, Reply, Out = In> extends MessageCodec<Out, In> {
  readonly service: "call";
  readonly replies: readonly MessageCodec<Reply, never>[];
}

/** A request that is answered by any number of details, with nothing to mark the end. */
export interface DumpMessage<In, Details, Out = In> extends MessageCodec<Out, In> {
  readonly service: "dump";
  readonly details: readonly MessageCodec<Details, never>[];
}

/** A request that is answered by any number of details and then one reply that holds the cursor. */
export interface StreamMessage<In, Reply, Details, Out = In> extends MessageCodec<Out, In> {
  readonly service: "stream";
  readonly replies: readonly MessageCodec<Reply, never>[];
  readonly details: readonly MessageCodec<Details, never>[];
}

/** A request that is answered once, and turns events on or off. */
export interface SubscribeMessage<In, Reply, Event, Out = In> extends MessageCodec<Out, In> {
  readonly service: "subscribe";
  readonly replies: readonly MessageCodec<Reply, never>[];
  readonly events: readonly MessageCodec<Event, never>[];
}

/** A request that is never answered. */
export interface OneWayMessage<In, Out = In> extends MessageCodec<Out, In> {
  readonly service: "one-way";
}

/** Any request, for tables of them. */
export type AnyRequest =
  | CallMessage<never, unknown, unknown>
  | DumpMessage<never, unknown, unknown>
  | StreamMessage<never, unknown, unknown, unknown>
  | SubscribeMessage<never, unknown, unknown, unknown>
  | OneWayMessage<never, unknown>;

/** One arm of a union that nothing in its message discriminates: its value is bytes, which an arm makes and reads. */
export interface UnionArm<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

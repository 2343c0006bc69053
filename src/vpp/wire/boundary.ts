import { InvalidError, ProtocolError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { MessageCodec } from "./codec.js";
import { BoundsFault, FieldFault, printed } from "./faults.js";
import type { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** Who a message is from and which answer belongs to it. */
export interface MessageHeader {
  /** The message id of the server's table. */
  readonly id: number;
  /** What the handshake gave; 0 for messages that hold none. */
  readonly clientIndex: number;
  /** The number that the reply repeats; 0 for messages that hold none. */
  readonly context: number;
}

/**
 * Writes a message at the writer's end and gives its size in bytes. On a value that cannot be sent, nothing is left
 * in the writer and the error names the field.
 */
export function encodeMessage<In>(
  codec: MessageCodec<unknown, In>,
  value: In,
  header: MessageHeader,
  writer: Writer,
): Result<number, InvalidError> {
  const start = writer.offset;
  try {
    codec.encode(writer, value, header.id, header.clientIndex, header.context);
    return Ok(writer.offset - start);
  } catch (thrown) {
    writer.truncate(start);
    return Err(explain(codec, value, thrown));
  }
}

/** Reads the message that the reader stands at. A message that is cut short or announces too much is a `protocol` error. */
export function decodeMessage<Out>(
  codec: MessageCodec<Out, never>,
  reader: Reader,
): Result<Out, ProtocolError> {
  const start = reader.offset;
  try {
    return Ok(codec.decode(reader));
  } catch (thrown) {
    if (!(thrown instanceof BoundsFault)) throw thrown;
    const size = reader.end - start;
    return Err(
      new ProtocolError({
        operation: codec.name,
        cause: thrown,
        message: `${codec.name}: ${thrown.message} (${size} bytes in all, ${codec.size} at least expected); the server's ${codec.name} is not the one of these bindings, or the stream is damaged`,
      }),
    );
  }
}

/**
 * Finds the field at fault. The encoders carry no field names, which keeps them small and fast; so the failed
 * encoding is done once more with a value that notes each property as it is read. The last one read is the one.
 */
function explain(codec: MessageCodec<unknown, unknown>, value: unknown, thrown: unknown): InvalidError {
  const trace = new Trace();
  let fault = thrown;
  try {
    codec.encode(new Writer(), trace.watch(value), 0, 0, 0);
  } catch (again) {
    fault = again;
  }
  // A field was looked for in what has none.
  const lost = fault instanceof FieldFault && fault.got === undefined && trace.ownerValue !== undefined;
  if (fault instanceof FieldFault && !lost) {
    return invalid(codec.name, trace.field, fault.expected, printed(trace.plain(fault.got)));
  }
  if (lost || fault instanceof TypeError) {
    return invalid(
      codec.name,
      trace.owner,
      "an object with the fields of its type",
      printed(trace.ownerValue),
    );
  }
  throw fault;
}

function invalid(name: string, path: string, expected: string, got: string): InvalidError {
  const where = path === "" ? name : `${name}: ${path}`;
  return new InvalidError({
    operation: name,
    path,
    expected,
    got,
    message: `${where} is ${got}; give ${expected}. Nothing was sent`,
  });
}

/** Notes the path of the last property read through a watched value. */
class Trace {
  /** The last property read. */
  field = "";
  /** What that property was read from, or what a failed read was tried on. */
  owner = "";
  ownerValue: unknown;
  readonly #watched = new WeakMap<object, unknown>();

  watch(value: unknown, path = ""): unknown {
    this.owner = path;
    this.ownerValue = value;
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    // A stand-in target: a proxy of a frozen object could not hand out watched parts.
    const proxy = new Proxy<object>(Array.isArray(value) ? [] : {}, {
      get: (_target, key): unknown => {
        const part: unknown = Reflect.get(value, key);
        if (typeof key === "symbol" || typeof part === "function") return part;
        // The number of items is read to check the list itself.
        this.field = Array.isArray(value) && key === "length" ? path : join(path, key, Array.isArray(value));
        return this.watch(part, this.field);
      },
    });
    this.#watched.set(proxy, value);
    return proxy;
  }

  /** The value behind a watched one. */
  plain(value: unknown): unknown {
    return typeof value === "object" && value !== null && this.#watched.has(value)
      ? this.#watched.get(value)
      : value;
  }
}

function join(path: string, key: string, inArray: boolean): string {
  if (inArray) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

/**
 * The header in front of every message, both ways (VPP: `msgbuf_t` in `src/vlibapi/api_common.h`): 8 bytes that mean
 * nothing to the other side (VPP sends a pointer of its own there), the length of the message, 4 bytes of nothing.
 */
export const headerBytes = 16;

/** Where the message's length stands in the header: 32 bits, big-endian, without the header. */
export const lengthAt = 8;

/** A message has at least its id. */
const leastMessage = 2;

/** No server comes near: the largest reply, `get_api_json`, has about 3.5 MB. */
export const defaultMaxFrameBytes = 64 * 1024 * 1024;

/**
 * So much is reserved for a message on its announcement alone: the message table, of some 350 KB, then grows in one piece.
 * What is not filled costs no memory.
 */
const smallRoom = 1024 * 1024;

const nothing: Buffer = Buffer.alloc(0);

/** What comes out of a byte stream. */
export interface FrameHandlers {
  /** New bytes are at hand: the next frames lie in them. */
  chunk(bytes: Buffer): void;
  /** One message, between two offsets of the chunk told last. */
  message(bytes: Buffer, start: number, end: number): void;
}

/**
 * Splits a byte stream into messages where they lie: nothing is copied but messages that arrive in pieces. Those are
 * collected in a buffer that grows with what has come, so that a length which is only announced costs nothing.
 */
export class FrameSplitter {
  readonly #handlers: FrameHandlers;
  readonly #maxBytes: number;
  #partial = nothing;
  /** How many bytes of `#partial` are filled; 0: the stream stands between two frames. */
  #filled = 0;

  constructor(handlers: FrameHandlers, maxBytes: number = defaultMaxFrameBytes) {
    this.#handlers = handlers;
    this.#maxBytes = maxBytes;
  }

  /** Whether the stream stands between two frames. */
  get isIdle(): boolean {
    return this.#filled === 0;
  }

  /** Takes the next bytes of the stream. Gives what is wrong with it; then nothing more may be read. */
  push(chunk: Buffer): string | undefined {
    let at = 0;
    if (this.#filled > 0) {
      const taken = this.#complete(chunk);
      if (typeof taken === "string") return taken;
      at = taken;
    }
    if (at < chunk.length) {
      this.#handlers.chunk(chunk);
      while (chunk.length - at >= headerBytes) {
        const length = readLength(chunk, at);
        if (length < leastMessage || length > this.#maxBytes) return this.#impossible(length);
        const end = at + headerBytes + length;
        if (end > chunk.length) break;
        this.#handlers.message(chunk, at + headerBytes, end);
        at = end;
      }
      this.#keep(chunk, at);
    }
    return undefined;
  }

  /** Goes on with the message that began in earlier chunks; gives how much of the chunk belongs to it. */
  #complete(chunk: Buffer): number | string {
    let taken = 0;
    if (this.#filled < headerBytes) {
      taken = Math.min(headerBytes - this.#filled, chunk.length);
      this.#append(chunk, 0, taken, headerBytes);
      if (this.#filled < headerBytes) return taken;
    }
    const length = readLength(this.#partial, 0);
    if (length < leastMessage || length > this.#maxBytes) return this.#impossible(length);
    const whole = headerBytes + length;
    const more = Math.min(whole - this.#filled, chunk.length - taken);
    this.#append(chunk, taken, taken + more, whole);
    if (this.#filled === whole) {
      const message = this.#partial;
      this.#partial = nothing;
      this.#filled = 0;
      this.#handlers.chunk(message);
      this.#handlers.message(message, headerBytes, whole);
    }
    return taken + more;
  }

  #keep(chunk: Buffer, at: number): void {
    if (at === chunk.length) return;
    const whole = chunk.length - at < headerBytes ? headerBytes : headerBytes + readLength(chunk, at);
    this.#append(chunk, at, chunk.length, whole);
  }

  /** Adds bytes to the partial message, whose size will be `whole`. Room grows by doubling, so copies stay linear. */
  #append(chunk: Buffer, start: number, end: number, whole: number): void {
    const filled = this.#filled + end - start;
    if (filled > this.#partial.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(filled, Math.min(whole, Math.max(2 * filled, smallRoom))));
      this.#partial.copy(room, 0, 0, this.#filled);
      this.#partial = room;
    }
    chunk.copy(this.#partial, this.#filled, start, end);
    this.#filled = filled;
  }

  #impossible(length: number): string {
    return length < leastMessage
      ? `a message of ${length} bytes was announced, too few for a message id`
      : `a message of ${length} bytes was announced and the limit is ${this.#maxBytes}`;
  }
}

function readLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + lengthAt);
}

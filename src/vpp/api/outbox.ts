import type { ByteStream } from "../../net/stream.js";
import { Writer } from "../wire/index.js";
import { headerBytes, lengthAt } from "./frame.js";

/** A buffer that one large message made is not kept. */
const mostKeptBytes = 1024 * 1024;

/**
 * So much goes out at once though more will come: VPP then works on the first requests while the next are written. All
 * of a window in one piece keeps only one of the two sides busy at a time.
 */
const enoughBytes = 256;

/** Room for what goes out together, unless a message is large. */
const roomBytes = 1024;

/** Puts a header in front of the message that was written behind `beginFrame`'s offset. */
export function endFrame(writer: Writer, at: number): void {
  writer.view.setUint32(at + lengthAt, writer.offset - at - headerBytes);
}

/** Room for a header; its offset, for `endFrame`. */
export function beginFrame(writer: Writer): number {
  return writer.reserve(headerBytes);
}

/** Collects what is written in one turn of the event loop, and sends it as one. */
export class Outbox {
  readonly #stream: ByteStream;
  readonly #flush = (): void => this.flush();
  #writer = new Writer(roomBytes);
  #scheduled = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** What to write with. Fetch it anew for every message. */
  get writer(): Writer {
    return this.#writer;
  }

  /** Sends soon: after all that runs now has written what it has to write, but not more than a few requests together. */
  schedule(): void {
    if (this.#writer.offset >= enoughBytes) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Runs when the queue of microtasks is empty, so replies that several callers await become one write.
    process.nextTick(this.#flush);
  }

  /** Sends now. */
  flush(): void {
    this.#scheduled = false;
    const writer = this.#writer;
    if (writer.offset === 0) return;
    // The stream keeps what it is given; the writer's buffer is filled again.
    if (writer.bytes.length > mostKeptBytes) {
      this.#stream.writeNow(writer.written());
      this.#writer = new Writer(roomBytes);
    } else {
      this.#stream.writeNow(Buffer.from(writer.written()));
      writer.reset();
    }
  }
}

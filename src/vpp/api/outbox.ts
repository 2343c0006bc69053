import process from "node:process";
import type { ByteStream } from "../../net/stream.js";
import { Writer } from "../wire/index.js";
import { headerBytes, lengthAt } from "./frame.js";

/** A buffer that one large message made is not kept. */
const mostKeptBytes = 1024 * 1024;

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
  #writer = new Writer();
  #scheduled = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** What to write with. Fetch it anew for every message. */
  get writer(): Writer {
    return this.#writer;
  }

  /** Sends soon: after all that runs now has written what it has to write. */
  schedule(): void {
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
      this.#stream.write(writer.written());
      this.#writer = new Writer();
    } else {
      this.#stream.write(Buffer.from(writer.written()));
      writer.reset();
    }
  }
}

import type { ByteStream } from "../net/stream.js";

/** So long incoming bytes may be worked at in one go, in milliseconds, before timers and others get their turn. */
const longestGoMs = 4;

/** Of a shorter chunk nobody keeps the time: with it, all that had come has been read, and most are one reply. */
const longChunk = 16_384;

/**
 * Has a stream pause once its bytes have kept the event loop for long: Node may read many chunks in one turn, which would
 * keep everybody else waiting.
 */
export class ReadPace {
  readonly #stream: ByteStream;
  /** When the present turn of the event loop began to work at what comes in. */
  #began: number | undefined;
  #isPaused = false;
  #isOver = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** A chunk is going to be worked at. */
  begin(chunk: Uint8Array): void {
    if (chunk.length < longChunk || this.#began !== undefined) return;
    this.#began = performance.now();
    setImmediate(() => {
      this.#began = undefined;
      if (this.#isPaused && !this.#isOver) this.#stream.resume();
      this.#isPaused = false;
    });
  }

  /** It has been worked at. */
  end(): void {
    if (this.#began === undefined || this.#isPaused || this.#isOver) return;
    if (performance.now() - this.#began <= longestGoMs) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  /** The stream is over. */
  stop(): void {
    this.#isOver = true;
  }
}

/** Shorter pieces are copied together: a peer that sends byte by byte must not cost a buffer a byte. */
const shortPiece = 4096;
const tailBytes = 16_384;

/** The beginning of a text whose end has not come yet, as it came, without copying long pieces twice. */
export class Pieces {
  #closed: Buffer[] = [];
  #tail: Buffer | undefined;
  #tailLength = 0;
  #length = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes. Gives whether it keeps the very buffer. */
  append(bytes: Buffer): boolean {
    this.#length += bytes.length;
    if (bytes.length >= shortPiece) {
      this.#closeTail();
      this.#closed.push(bytes);
      return true;
    }
    if (this.#tailLength + bytes.length > tailBytes) this.#closeTail();
    this.#tail ??= Buffer.allocUnsafe(tailBytes);
    this.#tail.set(bytes, this.#tailLength);
    this.#tailLength += bytes.length;
    return false;
  }

  /** Everything with `last` at its end, in one buffer. It is empty then. */
  takeWith(last: Buffer): Buffer {
    if (this.#length === 0) return last;
    const tail = this.#tail;
    this.#closeTail();
    const whole = Buffer.concat([...this.#closed, last], this.#length + last.length);
    this.#closed = [];
    this.#length = 0;
    // Everything has been copied out of it.
    this.#tail = tail;
    return whole;
  }

  #closeTail(): void {
    if (this.#tail === undefined || this.#tailLength === 0) return;
    this.#closed.push(this.#tail.subarray(0, this.#tailLength));
    this.#tail = undefined;
    this.#tailLength = 0;
  }
}

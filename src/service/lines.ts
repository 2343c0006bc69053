/** What a line of the peer's is: its text, or why it has none. */
export type Line =
  | { readonly text: string; readonly fault?: never }
  | { readonly text?: never; readonly fault: string; readonly last: boolean };

const newline = 10;

/** Splits a stream of bytes into the messages of the service: one JSON text a line, in UTF-8. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that these bytes complete. After a fault that is the `last` nothing more may be pushed. */
  push(chunk: Buffer): readonly Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at));
      from = at + 1;
      if (this.#bytes > this.#maxBytes) return [...lines, this.#tooLong()];
      lines.push(...this.#take());
    }
    this.#keep(chunk.subarray(from));
    if (this.#bytes > this.#maxBytes) lines.push(this.#tooLong());
    return lines;
  }

  /** The line that the stream ended in, if there is one: nobody need send the last newline. */
  end(): readonly Line[] {
    return this.#take();
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#bytes += piece.length;
    this.#pieces.push(piece);
  }

  #tooLong(): Line {
    this.#pieces = [];
    return { fault: `a message is longer than ${this.#maxBytes} bytes, which is the limit here`, last: true };
  }

  #take(): readonly Line[] {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    if (bytes === undefined || bytes.length === 0) return [];
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      return [{ fault: "a message is not UTF-8", last: false }];
    }
    return text.trim() === "" ? [] : [{ text }];
  }
}

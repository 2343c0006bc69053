/** Within so many bytes nearly every server says which message it is. */
const enough = 64;

/** How the message begins whose end has not come, as far as it has: that tells which one it may be. */
export class MessageBeginning {
  #text = "";

  /** A chunk has been read, and the message has so many bytes by then. */
  note(chunk: Buffer, bytes: number): void {
    const from = chunk.length - bytes;
    if (from >= 0) this.#text = chunk.toString("latin1", from, from + enough);
    else if (this.#text.length < enough)
      this.#text += chunk.toString("latin1", 0, enough - this.#text.length);
  }

  /** Whether it may be the reply to that call: `false` where it is another message for certain. */
  mayBeReplyTo(id: number): boolean {
    const [, found] = /^\{\s*(?:"error"\s*:\s*null\s*,\s*)?"id"\s*:\s*(\w+)\s*,/u.exec(this.#text) ?? [];
    return found === undefined ? !/^\{\s*"(?:method|params)"/u.test(this.#text) : found === String(id);
  }
}

import type { ByteStream } from "../net/stream.js";
import { encodeAnswer, encodeRefusal, type PeerRequest } from "./message.js";

/** A peer that asks for more than this without reading any answer asks only to fill our memory. */
const mostAnswersQueued = 16_777_216;

/** Answers a peer's requests: `echo` by what it brought, all others by a refusal. */
export class PeerAnswers {
  readonly #stream: ByteStream;
  /** The bytes of the answers since the last time that nothing waited to be sent. */
  #queued = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Gives whether it has: not one whose answers nobody reads. */
  answer(request: PeerRequest): boolean {
    const text =
      request.method === "echo"
        ? encodeAnswer(request, request.params)
        : encodeRefusal(request, "unknown method");
    this.#queued = (this.#stream.writableBytes === 0 ? 0 : this.#queued) + text.length;
    if (this.#queued > mostAnswersQueued) return false;
    this.#stream.write(text);
    return true;
  }
}

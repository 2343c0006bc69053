import type { Outcome } from "../core/errors.js";
import { errorCode, reasonOf, tlsHint } from "../net/unreachable.js";

/** Why a stream ended by itself. */
export interface StreamEnd {
  readonly words: string;
  /** Whether the peer broke the protocol by it. */
  readonly isViolation?: true;
  /** Whether the peer may have acted on what waits for an answer. */
  readonly outcome: Outcome;
}

/** Tells it from the error, if there was one, from whether anything ever came, and from the bytes of a message that did not end. */
export function streamEnd(error: Error | undefined, hasHeard: boolean, unfinishedBytes: number): StreamEnd {
  if (error !== undefined) {
    const hint = tlsHint(errorCode(error));
    const words = `the connection broke: ${reasonOf(error)}${hint === undefined ? "" : `; ${hint}`}`;
    // With TLS 1.3 the server's refusal of our certificate comes after the handshake: it has read nothing of ours.
    return { words, outcome: hint !== undefined && !hasHeard ? "not-sent" : "unknown" };
  }
  if (unfinishedBytes > 0) {
    const words = `it closed the connection in the middle of a message, after ${unfinishedBytes} bytes`;
    return { words, isViolation: true, outcome: "unknown" };
  }
  const words = hasHeard
    ? "the server closed the connection; its log may say why"
    : "the server closed the connection without a word: is it an OVSDB server?";
  return { words, outcome: "unknown" };
}

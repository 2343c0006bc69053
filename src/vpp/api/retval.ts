import { RejectedError } from "../../core/errors.js";
import { decodeMessage, Reader, type MessageCodec } from "../wire/index.js";
import { vnetError, type RetvalClass } from "./vnet-errors.js";

/**
 * VPP answered with a `retval` other than 0. `reason` is its VNET_API_ERROR, `code` the number. What else the reply
 * holds means nothing then (VPP leaves it as it was in memory) and is not handed out.
 */
export class RetvalError extends RejectedError {
  /** What the number means to a program. */
  readonly class: RetvalClass;

  constructor(operation: string, request: string, code: number, note = "") {
    const known = vnetError(code);
    const words = known.name.toLowerCase().replaceAll("_", " ");
    super({
      operation,
      reason: known.name,
      code,
      details: words,
      message: `${operation}: VPP refused ${request} with ${known.name} (${code})${note}`,
    });
    this.class = known.class;
  }
}

/** `retval` stands right behind the context in nearly all replies, behind one more number in a few. */
const farthest = 16;

/**
 * Where a reply's `retval` stands; -1 for a reply without. Codecs know their fields and do not tell, so a blank message
 * with a mark in it is read. It has to be known before a reply is decoded: a refusal leaves the rest of the reply, counts
 * included, as it was in VPP's memory.
 */
export function retvalOffset(codec: MessageCodec<unknown, never>): number {
  const bytes = Buffer.alloc(codec.size);
  const mark = -99;
  const marked = new Set([mark, mark >>> 0]);
  const first = codec.contextAt + 4;
  for (let at = first; at + 4 <= codec.size && at <= first + farthest; at++) {
    bytes.fill(0).writeInt32BE(mark, at);
    const value = decodeMessage(codec, new Reader(bytes)).unwrapOr(undefined);
    // The mark fell on a count that now announces more than there is.
    if (value === undefined) continue;
    if (typeof value !== "object" || value === null || !("retval" in value)) return -1;
    if (typeof value.retval === "number" && marked.has(value.retval)) return at;
  }
  return -1;
}

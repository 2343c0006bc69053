import { constants } from "node:buffer";

import { manyDigits, parseExactly, type LongDigits } from "./exact-json.js";
import { findRun, isMember, parseRun } from "./member-run.js";
import { PartialTexts, type PartialText } from "./partial-text.js";
import { Pieces } from "./pieces.js";
import { describeJunk } from "./stranger.js";

/** What a peer may send. */
export interface FrameLimits {
  /**
   * The longest message, in bytes. Default: 256 MiB, twenty times the full dump of a switch with 20 000 ports; the
   * most is what a JavaScript string can hold (512 MiB in Node 20).
   */
  readonly maxBytes?: number | undefined;
  /** How deep arrays and objects may nest. Default: 1000, which is Open vSwitch's own limit (lib/json.c). */
  readonly maxDepth?: number | undefined;
}

const unfinished = -1;
const tooDeep = -2;
/** Below this, `#scan` says where a text may be cut: at `cutBase - at`. */
const cutBase = -3;

/** A part is read once it has so many bytes: about a millisecond's work. */
const partBytes = 32_768;

/** Where members were looked for in vain, so many bytes are looked at one by one: to cut a text for nothing costs more. */
const vainBytes = 8192;

/**
 * Splits a stream of bytes into JSON objects. They follow each other with nothing, or white space, between them
 * (RFC 7047 section 4), so the end of each is found by looking at every byte, once, as it comes. What that finds out
 * by the way is where the numbers are that a double cannot hold.
 */
export class FrameScanner {
  readonly #maxBytes: number;
  readonly #maxDepth: number;
  #hasDelivered = false;

  readonly #text = new Pieces();
  #keepsChunk = false;
  /** How many brackets are open; 0 between two texts. */
  #depth = 0;
  #inString = false;
  /** Whether the chunk ended behind a backslash. */
  #escaped = false;
  /** Where in the text the digits began with which the chunk ended; -1 where it did not. */
  #digitsFrom = -1;
  /** For every open bracket: which one, how many commas came, where in the text the last string began. */
  readonly #brackets: Uint8Array;
  readonly #commas: Int32Array;
  readonly #strings: Int32Array;
  /** The least depth since the last entry of `#longDigits`. */
  #least = 1;
  #longDigits: LongDigits = [];
  readonly #partials = new PartialTexts();
  /** The one of them that the present text is. */
  #partial: PartialText | undefined;
  /** Up to which depth the present text may be cut; 0 where it may not; undefined before that is known. */
  #cutDepth: number | undefined;
  /** The depth inside the object that is becoming a list; 0 outside of one. */
  #openList = 0;
  /** How long the parts were that it has been cut into. */
  #cutBytes = 0;
  /** Up to where in the chunk every byte is looked at. */
  #noRunBefore = 0;

  constructor(limits: FrameLimits = {}) {
    this.#maxBytes = Math.min(limits.maxBytes ?? 268_435_456, constants.MAX_STRING_LENGTH);
    this.#maxDepth = limits.maxDepth ?? 1000;
    this.#brackets = new Uint8Array(this.#maxDepth + 1);
    this.#commas = new Int32Array(this.#maxDepth + 1);
    this.#strings = new Int32Array(this.#maxDepth + 1);
  }

  /** Wants the texts that begin so in parts, and no others: from the next one on, not the one that has begun to come. */
  wantParts(wanted: readonly PartialText[]): void {
    this.#partials.want(wanted);
  }

  /**
   * Takes the next bytes, which it may change, and which must stay as they are then where it keeps them, and gives every
   * object that they complete to `deliver`, until that returns false. Where the bytes are no such thing it says why; nothing may be pushed after that.
   */
  push(chunk: Buffer, deliver: (value: unknown) => boolean): string | undefined {
    let at = 0;
    this.#noRunBefore = 0;
    this.#keepsChunk = false;
    while (at < chunk.length) {
      if (this.#depth === 0) {
        const byte = chunk[at] ?? 0;
        if (isSpace(byte)) {
          at++;
          continue;
        }
        if (byte !== 0x7b) return describeJunk(chunk.subarray(at), !this.#hasDelivered);
      }
      const stop = this.#scan(chunk, at);
      const isCut = stop <= cutBase;
      const end = isCut ? cutBase - stop : stop;
      if (end === tooDeep) return `it nests arrays and objects more than ${this.#maxDepth} deep`;
      const partEnd = end === unfinished ? chunk.length : end;
      // Most chunks are one short message.
      const part = at === 0 && partEnd === chunk.length ? chunk : chunk.subarray(at, partEnd);
      if (this.#cutBytes + this.#text.length + part.length > this.#maxBytes) {
        return `a message is longer than ${this.#maxBytes} bytes`;
      }
      if (end === unfinished) {
        this.#keepsChunk = this.#text.append(part);
        return undefined;
      }
      at = end;
      const text = this.#text.takeWith(isCut ? Buffer.concat([part, this.#closing()]) : part);
      const parsed = parseExactly(text, this.#longDigits);
      if (!parsed.ok) return `a message is not JSON: ${parsed.why}`;
      this.#hasDelivered = true;
      this.#least = 1;
      if (this.#longDigits.length > 0) this.#longDigits = [];
      if (isCut) {
        this.#cutBytes += text.length;
        this.#reopen();
        if (this.#partial?.take(parsed.value) === false) return undefined;
        const members = this.#takeRun(chunk, at);
        if (members === undefined) continue;
        at = members.end;
        if (this.#cutBytes > this.#maxBytes) return `a message is longer than ${this.#maxBytes} bytes`;
        if (this.#partial?.members?.take(members.list) === false) return undefined;
        continue;
      }
      this.#cutDepth = undefined;
      this.#partial = undefined;
      this.#cutBytes = 0;
      if (!deliver(parsed.value)) return undefined;
    }
    return undefined;
  }

  /** Whether it holds the buffer that was pushed last, with the beginning of what goes on in the next one. */
  get keepsChunk(): boolean {
    return this.#keepsChunk;
  }

  /** How many bytes of an unfinished text it holds. */
  get unfinishedBytes(): number {
    return this.#text.length;
  }

  /** The members that follow, and where they end, if there are some. */
  #takeRun(
    chunk: Buffer,
    at: number,
  ): { readonly list: readonly unknown[]; readonly end: number } | undefined {
    const names = this.#partial?.members?.names;
    const mayBe = this.#depth === this.#cutDepth && this.#mayHaveRun(chunk, at, this.#depth);
    if (names === undefined || !mayBe) return undefined;
    const run = findRun(chunk, at, names);
    const list = run === undefined ? undefined : parseRun(chunk, run);
    const end = run?.end ?? at + vainBytes;
    if (list === undefined) {
      this.#noRunBefore = end;
      return undefined;
    }
    this.#cutBytes += end - at;
    return { list, end };
  }

  /** Whether a member follows: it, and those behind it, may not need to be looked at byte by byte. */
  #mayHaveRun(chunk: Buffer, at: number, depth: number): boolean {
    const names = this.#partial?.members?.names;
    const isInObject = this.#brackets[depth] === 0x7b;
    return names !== undefined && isInObject && at >= this.#noRunBefore && isMember(chunk, at, names);
  }

  /** What closes the brackets that are open. */
  #closing(): Buffer {
    // The closing one stands two places behind the opening one in ASCII.
    return Buffer.from(
      this.#brackets
        .subarray(1, this.#depth + 1)
        .toReversed()
        .map((bracket) => bracket + 2),
    );
  }

  /** Begins the next part of a text that was cut. */
  #reopen(): void {
    let opening = "";
    for (let level = 1; level <= this.#depth; level++) {
      if (this.#brackets[level] === 0x7b) {
        this.#strings[level] = opening.length + 1;
        opening += '{"":';
      } else opening += "[";
      this.#commas[level] = 0;
    }
    this.#text.append(Buffer.from(`${opening}0`));
  }

  /** Whether, and how far inside, the text that begins at `from` may be cut: see {@link PartialText}. */
  #cutDepthOf(chunk: Buffer, from: number): number {
    if (this.#cutDepth !== undefined) return this.#cutDepth;
    const found = this.#partials.find(this.#text.length, chunk, from);
    if (found === "open") return 0;
    this.#partial = found;
    return (this.#cutDepth = found?.depth ?? 0);
  }

  /**
   * Looks at the bytes from `from` on, within a text. Gives the index behind the text's last byte, or `unfinished`
   * where it goes on in the next chunk, or `tooDeep`, or where it is to be cut.
   */
  #scan(chunk: Buffer, from: number): number {
    const { length } = chunk;
    const maxDepth = this.#maxDepth;
    const brackets = this.#brackets;
    const commas = this.#commas;
    const strings = this.#strings;
    /** What turns an index of the chunk into one of the text. */
    const offset = this.#text.length - from;
    const cutDepth = this.#cutDepthOf(chunk, from);
    const listDepth = this.#partial?.isListed === true ? cutDepth : 0;
    let openList = this.#openList;
    const cutFrom = partBytes - offset;
    let isCut = false;
    let depth = this.#depth;
    let least = this.#least;
    let inString = this.#inString;
    let at = this.#escaped ? from + 1 : from;
    if (this.#digitsFrom >= 0) {
      at = endOfDigits(chunk, at);
      if (at < length) least = this.#endDigits(this.#digitsFrom, at + offset, least, depth);
    }

    while (at < length) {
      let byte = chunk[at] ?? 0;
      if (inString) {
        while (byte !== 0x22 && byte !== 0x5c && ++at < length) byte = chunk[at] ?? 0;
        if (byte === 0x5c) at += 2;
        else if (byte === 0x22) {
          at++;
          inString = false;
        }
      } else if (byte === 0x22) {
        strings[depth] = at++ + offset;
        inString = true;
      } else if (byte === 0x2c) {
        at++;
        commas[depth] = (commas[depth] ?? 0) + 1;
      } else if ((byte | 0x20) === 0x7b) {
        at++;
        if (++depth > maxDepth) return tooDeep;
        brackets[depth] = byte;
        commas[depth] = 0;
        if (depth === listDepth && byte === 0x7b) {
          openList = depth;
          brackets[depth] = chunk[at - 1] = 0x5b;
        }
      } else if ((byte | 0x20) === 0x7d) {
        if (depth === openList) {
          openList = 0;
          // What does not match goes on not to match.
          chunk[at] = byte ^ 0x20;
        }
        at++;
        if (--depth < least) least = depth;
        if (depth === 0) break;
        if (depth > cutDepth) continue;
        if ((depth === cutDepth && this.#mayHaveRun(chunk, at, depth)) || at >= cutFrom) {
          isCut = true;
          break;
        }
      } else if (byte >= 0x30 && byte <= 0x39) {
        const begin = at;
        at = endOfDigits(chunk, at);
        if (at === length) this.#digitsFrom = begin + offset;
        else if (at - begin >= manyDigits) least = this.#endDigits(begin + offset, at + offset, least, depth);
      } else {
        if (byte === 0x3a && depth === openList) {
          chunk[at] = 0x2c;
          commas[depth] = (commas[depth] ?? 0) + 1;
        }
        at++;
      }
    }
    this.#depth = depth;
    this.#least = least;
    this.#openList = openList;
    this.#inString = inString;
    this.#escaped = at > length;
    if (isCut) return cutBase - at;
    return depth === 0 ? at : unfinished;
  }

  /** Takes note of digits where they are many. Gives the least depth since the last note. */
  #endDigits(begin: number, end: number, least: number, depth: number): number {
    this.#digitsFrom = -1;
    if (end - begin < manyDigits) return least;
    this.#longDigits.push(begin, end, least, depth);
    for (let level = least; level <= depth; level++) {
      const inArray = this.#brackets[level] === 0x5b;
      this.#longDigits.push(inArray ? -1 - (this.#commas[level] ?? 0) : (this.#strings[level] ?? 0));
    }
    return depth;
  }
}

/** The index behind the digits that begin at `at`. */
function endOfDigits(chunk: Buffer, at: number): number {
  const { length } = chunk;
  while (at < length && (chunk[at] ?? 0) >= 0x30 && (chunk[at] ?? 0) <= 0x39) at++;
  return at;
}

/** White space in JSON (RFC 8259 section 2). */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

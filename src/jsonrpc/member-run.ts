import { manyDigits, parseExactly } from "./exact-json.js";

/**
 * What the names are like of the members of an object in which a text is cut. Every one of those members is an object,
 * and no other member of the text that is one has such a name.
 */
export interface MemberNames {
  /** How long each of them is, in bytes. */
  readonly length: number;
  /** Whether the bytes that begin there, behind a quote, are one. The first of them may not be white space or one of `,:]}`. */
  readonly matches: (bytes: Uint8Array, at: number) => boolean;
}

const between = Buffer.from('},"');
/** So an array ends that has objects; no column of a row is one. */
const endOfArray = Buffer.from("}]");

/** Members that follow each other in a chunk. */
export interface MemberRun {
  /** Where the comma in front of the first one stands. */
  readonly from: number;
  /** Where the comma behind the last one stands. */
  readonly end: number;
  /** Where the colons behind their names stood: in their place are commas now. */
  readonly colons: readonly number[];
}

/**
 * Finds the members that are whole in `chunk`, from the comma at `from` on; `undefined` where there are none. It looks at
 * few of the bytes: behind a quote, what is no end of a string begins one, so a bracket, a comma, a quote and such a name
 * stand between two members, or else what is taken for a member is no JSON: see {@link parseRun}. Members with many digits
 * in a row are left to one who looks at every byte.
 */
export function findRun(chunk: Buffer, from: number, names: MemberNames): MemberRun | undefined {
  if (!isMember(chunk, from, names)) return undefined;
  const limit = limitOf(chunk, from);
  const colons: number[] = [];
  let end = from;
  let next = from;
  while ((next = chunk.indexOf(between, next + 1)) >= 0 && next < limit) {
    if (isMember(chunk, next + 1, names)) {
      const colon = end + names.length + 3;
      chunk[colon] = 0x2c;
      colons.push(colon);
      end = next + 1;
    } else if (!isEndOfString(chunk[next + 3])) break;
  }
  return end > from ? { from, end, colons } : undefined;
}

/** Up to where there may be members of the object in which `from` is. */
function limitOf(chunk: Buffer, from: number): number {
  const end = chunk.indexOf(endOfArray, from);
  return manyDigitsIn(chunk, from, end < 0 ? chunk.length : end);
}

/**
 * Reads the members of a run: name, value, name, value, ... `undefined` where it is no run of members, or none of JSON.
 * Where it is one, as many brackets are open behind it as before it. In between, the chunk has other bytes.
 */
export function parseRun(chunk: Buffer, { from, end, colons }: MemberRun): readonly unknown[] | undefined {
  chunk[from] = 0x5b;
  chunk[end] = 0x5d;
  const parsed = parseExactly(chunk.subarray(from, end + 1), []);
  chunk[from] = 0x2c;
  chunk[end] = 0x2c;
  if (parsed.ok && isList(parsed.value)) return parsed.value;
  for (const colon of colons) chunk[colon] = 0x3a;
  return undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether `,"name":{` stands there. */
export function isMember(chunk: Buffer, at: number, { length, matches }: MemberNames): boolean {
  const name = at + 2;
  const end = name + length;
  return (
    end + 2 < chunk.length &&
    chunk[at] === 0x2c &&
    chunk[end] === 0x22 &&
    chunk[end + 1] === 0x3a &&
    chunk[end + 2] === 0x7b &&
    chunk[at + 1] === 0x22 &&
    matches(chunk, name)
  );
}

/** Whether the byte behind a quote shows that it ends a string. */
function isEndOfString(byte: number | undefined): boolean {
  return byte === 0x2c || byte === 0x5d || byte === 0x7d || byte === 0x3a || byte === 0x20;
}

/** Where the first 16 digits in a row begin; `to` where there are none. Of any 16 bytes in a row one is one of them. */
function manyDigitsIn(chunk: Buffer, from: number, to: number): number {
  for (let at = from + manyDigits - 1; at < to; at += manyDigits) {
    if (!isDigit(chunk[at])) continue;
    let begin = at;
    while (begin > from && isDigit(chunk[begin - 1])) begin--;
    let end = at + 1;
    while (end < to && isDigit(chunk[end])) end++;
    if (end - begin >= manyDigits) return begin;
  }
  return to;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

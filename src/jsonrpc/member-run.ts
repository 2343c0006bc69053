import { manyDigits } from "./exact-json.js";

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

/**
 * Where the last of the members ends that are whole in `chunk`, from the comma at `from` on; `from` where there is none,
 * or where a comma does not follow. Looks at few of the bytes: behind a quote, what is no end of a string begins one, so
 * a bracket, a comma, a quote and such a name stand between two members and nowhere else, and if the text is no such
 * text at all, then what is between two of these is no JSON. Members with many digits in a row are left to one who
 * looks at every byte. The colon behind the name of each of the members becomes a comma: in brackets they are an array.
 */
export function endOfRun(chunk: Buffer, from: number, names: MemberNames): number {
  let end = from;
  let next = from + 1;
  while (isMember(chunk, end, names)) {
    const colon = end + names.length + 3;
    next = chunk.indexOf(between, Math.max(next, colon));
    while (next >= 0 && isEndOfString(chunk[next + 3])) next = chunk.indexOf(between, next + 3);
    if (next < 0 || !isMember(chunk, next + 1, names) || hasManyDigits(chunk, colon, next)) break;
    chunk[colon] = 0x2c;
    end = next + 1;
  }
  return end;
}

/** Whether `,"name":{` stands there. */
function isMember(chunk: Buffer, at: number, { length, matches }: MemberNames): boolean {
  const name = at + 2;
  const end = name + length;
  return (
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

/** Whether 16 digits may stand in a row: then one of any 16 bytes in a row is one of them. */
function hasManyDigits(chunk: Buffer, from: number, to: number): boolean {
  for (let at = from + manyDigits - 1; at < to; at += manyDigits) {
    if (!isDigit(chunk[at])) continue;
    let begin = at;
    while (isDigit(chunk[begin - 1])) begin--;
    let end = at + 1;
    while (isDigit(chunk[end])) end++;
    if (end - begin >= manyDigits) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

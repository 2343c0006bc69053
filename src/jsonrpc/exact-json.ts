import { isAscii, isUtf8 } from "node:buffer";

/** A text that was read, or why it could not be. */
export type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

/** A number of fewer digits is exact as a double. */
export const manyDigits = 16;

/** From so many bytes on it pays to look at them before they are decoded. */
const longText = 4096;

/** Of more digits, `JSON.parse` makes Infinity. */
const mostDigits = 309;

/**
 * Where in a text 16 or more digits in a row stand outside strings, and how to get there in what `JSON.parse` makes
 * of it. Flat, because a text may have hundreds of thousands. For each: where the digits begin and end, the first
 * level that differs from the place before, the level they stand on (the outermost object is 1), and for each level
 * from the first to that one the step: in an array `-1 - index`, in an object where the member's name begins.
 */
export type LongDigits = number[];

/**
 * Reads one JSON text. An integer beyond ±(2^53 - 1) becomes a bigint, with every digit; all other numbers are
 * numbers. A member that is named twice has its last value, as in `JSON.parse` and in Open vSwitch.
 */
export function parseExactly(bytes: Buffer, longDigits: LongDigits): Parsed {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { ok: false, why: "it is not UTF-8" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
  if (longDigits.length > 0) {
    // A place counts bytes. In ASCII they are characters, and a string is quicker to cut than a buffer is to decode.
    restoreDigits(value, text.length === bytes.length ? text : new Utf8Source(bytes), longDigits);
  }
  return { ok: true, value };
}

/** The bytes as text; `undefined` where they are not UTF-8. Most are ASCII. */
function decodeUtf8(bytes: Buffer): string | undefined {
  if (bytes.length < longText) {
    const text = bytes.toString();
    return text.includes("\ufffd") && !isUtf8(bytes) ? undefined : text;
  }
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** A text in which a place is a number of bytes. A string is one where every character is ASCII. */
interface Source {
  startsWith(text: string, at: number): boolean;
  indexOf(character: string, from: number): number;
  slice(from: number, to: number): string;
  charCodeAt(at: number): number;
}

class Utf8Source implements Source {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  startsWith(text: string, at: number): boolean {
    return this.#bytes.toString("utf8", at, at + text.length) === text;
  }

  indexOf(character: string, from: number): number {
    return this.#bytes.indexOf(character, from);
  }

  slice(from: number, to: number): string {
    return this.#bytes.toString("utf8", from, to);
  }

  charCodeAt(at: number): number {
    return this.#bytes[at] ?? 0;
  }
}

/** Puts bigints in the place of the integers that `JSON.parse` has rounded. */
function restoreDigits(root: unknown, source: Source, longDigits: LongDigits): void {
  /** The array or object on each level on the way to the present place. */
  const containers: unknown[] = [undefined, root];
  /** The name that led on from each level last: rows have columns of the same names. */
  const names: string[] = [];
  for (let at = 0; at < longDigits.length;) {
    const digits = longDigits[at] ?? 0;
    const end = longDigits[at + 1] ?? 0;
    const firstLevel = longDigits[at + 2] ?? 0;
    const level = longDigits[at + 3] ?? 0;
    at += 4;
    for (let passed = firstLevel; passed < level; passed++) {
      containers[passed + 1] = memberOf(
        containers[passed],
        stepKey(source, longDigits[at++] ?? 0, names, passed),
      );
    }
    const key = stepKey(source, longDigits[at++] ?? 0, names, level);
    restoreAt(containers[level], key, source, digits, end);
  }
}

/** Whether the character, next to digits or their sign, makes a real number of them: `.`, `e`, `E` or `+`. */
function isInReal(code: number): boolean {
  return code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b;
}

/** The index or the member's name that a step of a path stands for. */
function stepKey(source: Source, step: number, names: string[], level: number): number | string {
  if (step < 0) return -1 - step;
  const last = names[level];
  if (
    last !== undefined &&
    source.charCodeAt(step + 1 + last.length) === 0x22 &&
    source.startsWith(last, step + 1)
  )
    return last;
  let end = source.indexOf('"', step + 1);
  while (isEscaped(source, end)) end = source.indexOf('"', end + 1);
  const name = source.slice(step + 1, end);
  if (name.includes("\\")) return String(JSON.parse(`"${name}"`));
  names[level] = name;
  return name;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(source: Source, at: number): boolean {
  let begin = at;
  while (source.charCodeAt(begin - 1) === 0x5c) begin--;
  return (at - begin) % 2 === 1;
}

/**
 * What is in an array or object. That it may be inherited, where the text names a member twice, does no harm: only a
 * number that stands at the end of the path and is equal is ever replaced.
 */
function memberOf(container: unknown, key: number | string): unknown {
  return isRecord(container) ? container[key] : undefined;
}

/**
 * Sets the member to the exact integer, unless the digits are a part of a real number, or a double holds them anyway,
 * or another number stands there: then the member, or something around it, is named twice, and this one was not the
 * last. Before the digits of a text there are always two bytes, and one after them.
 */
function restoreAt(
  container: unknown,
  key: number | string,
  source: Source,
  digits: number,
  end: number,
): void {
  const begin = source.charCodeAt(digits - 1) === 0x2d ? digits - 1 : digits;
  const isPart = isInReal(source.charCodeAt(begin - 1)) || isInReal(source.charCodeAt(end));
  if (isPart || end - begin > mostDigits || !isRecord(container)) return;
  const present = container[key];
  if (typeof present !== "number" && typeof present !== "bigint") return;
  const exact = BigInt(source.slice(begin, end));
  const rounded = Number(exact);
  if (Number(present) === rounded && !Number.isSafeInteger(rounded)) container[key] = exact;
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === "object" && value !== null;
}

import type { BaseType } from "../../ovsdb/column-type.js";
import { isArray, isId } from "../../ovsdb/json.js";
import { toUuid, zeroUuid, type Uuid } from "../../ovsdb/uuid.js";
import type { Atom } from "../../ovsdb/value.js";
import { Refusal, syntaxError } from "./refusal.js";

/** The rows that the inserts of a transaction name; made by the first mention, wherever that is. */
export interface Names {
  uuidOf(name: string): Uuid;
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** An integer in its one form: a number where that is exact. `undefined` beyond 64 bits. */
export function normalInteger(value: bigint): number | bigint | undefined {
  if (value < int64Min || value > int64Max) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads an atom: RFC 7047 section 5.1, with its constraints (`ovsdb_atom_from_json` of lib/ovsdb-data.c). */
export function readAtom(base: BaseType, json: unknown, names: Names | undefined): Atom {
  const atom = readUnchecked(base, json, names);
  checkAtom(base, atom);
  return atom;
}

function readUnchecked(base: BaseType, json: unknown, names: Names | undefined): Atom {
  switch (base.type) {
    case "integer":
      return readInteger(json);
    case "real":
      if (typeof json !== "number" && typeof json !== "bigint") throw syntaxError("expected real", json);
      return Number(json) + 0;
    case "boolean":
      if (typeof json !== "boolean") throw syntaxError("expected boolean", json);
      return json;
    case "string":
      if (typeof json !== "string") throw syntaxError("expected string", json);
      return json;
    case "uuid":
      return readUuidAtom(json, names);
  }
}

function readInteger(json: unknown): Atom {
  // A real of a whole value is an integer to the server (lib/json.c, `json_lex_number`).
  const whole = typeof json === "number" && Number.isInteger(json) ? BigInt(json) : json;
  const integer = typeof whole === "bigint" ? normalInteger(whole) : undefined;
  if (integer === undefined) throw syntaxError("expected integer", json);
  return integer;
}

function readUuidAtom(json: unknown, names: Names | undefined): Atom {
  if (isArray(json) && json.length === 2 && typeof json[1] === "string") {
    const [tag, text] = json;
    if (tag === "uuid") {
      const uuid = toUuid(text);
      if (uuid === undefined) throw syntaxError(`"${text}" is not a valid UUID`, json);
      return uuid;
    }
    if (tag === "named-uuid" && names !== undefined && isId(text)) return names.uuidOf(text);
  }
  throw syntaxError('expected ["uuid", <string>]', json);
}

/** Enums, ranges and lengths (`ovsdb_atom_check_constraints`). */
export function checkAtom(base: BaseType, atom: Atom): void {
  if (base.enum !== undefined) {
    const allowed: readonly Atom[] = base.enum;
    if (allowed.includes(atom)) return;
    const list = allowed.toSorted(compareAtoms).map(shownAtom).join(", ");
    throw violation(`${shownAtom(atom)} is not one of the allowed values ([${list}])`);
  }
  if (base.type === "integer" && (typeof atom === "number" || typeof atom === "bigint")) {
    checkRange(atom, base.minInteger, base.maxInteger);
  } else if (base.type === "real" && typeof atom === "number") checkRange(atom, base.minReal, base.maxReal);
  else if (base.type === "string" && typeof atom === "string")
    checkLength(atom, base.minLength, base.maxLength);
}

export function violation(details: string, about?: unknown): Refusal {
  return new Refusal("constraint violation", details, about);
}

function checkRange(
  value: number | bigint,
  low: number | bigint | undefined,
  high: number | bigint | undefined,
): void {
  const isLow = low !== undefined && value < low;
  const isHigh = high !== undefined && value > high;
  if (!isLow && !isHigh) return;
  if (low !== undefined && high !== undefined)
    throw violation(`${value} is not in the valid range ${low} to ${high} (inclusive)`);
  throw violation(
    isLow
      ? `${value} is less than minimum allowed value ${low}`
      : `${value} is greater than maximum allowed value ${high}`,
  );
}

function checkLength(text: string, low: number | undefined, high: number | undefined): void {
  if (low === undefined && high === undefined) return;
  const length = codePoints(text);
  if (low !== undefined && length < low)
    throw violation(`"${text}" length ${length} is less than minimum allowed length ${low}`);
  if (high !== undefined && length > high)
    throw violation(`"${text}" length ${length} is greater than maximum allowed length ${high}`);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** What a column of min 1 holds when nothing was given. */
export function defaultAtom(base: BaseType): Atom {
  if (base.type === "integer" || base.type === "real") return 0;
  if (base.type === "boolean") return false;
  return base.type === "string" ? "" : zeroUuid;
}

/** The order of sets and maps: numbers by size, strings by the bytes of their UTF-8, `false` first. */
export function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  return a < b ? -1 : 1;
}

function compareTexts(a: string, b: string): number {
  // The units of UTF-16 are in the order of UTF-8 but for surrogates, which stand for what comes last.
  if (/[\ud800-\udfff]/u.test(a + b) || /[\ud800-\udfff]/.test(a + b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** An atom as it is sent. The server prints reals with 15 digits (lib/json.c, `json_serialize`). */
export function atomJson(base: BaseType, atom: Atom): unknown {
  if (base.type === "uuid") return ["uuid", atom];
  if (base.type !== "real" || typeof atom !== "number") return atom;
  return Number(atom.toPrecision(15)) + 0;
}

/** An atom as it stands in the server's messages (`ovsdb_atom_to_string`): quoted where it is no plain word. */
function shownAtom(atom: Atom): string {
  if (typeof atom !== "string") return String(atom);
  const isPlain = /^[A-Za-z_][A-Za-z0-9_.-]*$/u.test(atom) && atom !== "true" && atom !== "false";
  return isPlain ? atom : JSON.stringify(atom);
}

/** Why a value cannot be sent. */
export interface Unsendable {
  /** Where in the value, such as `[1].row.name`; empty for the value as a whole. */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** A text, or why there is none. */
export type Encoded = { readonly text: string } | { readonly fault: Unsendable };

/** The parameters of a call that were written beforehand, as `encodeValues` writes them: a JSON array. */
export class WrittenParams {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Open vSwitch's limit on nesting (lib/json.c); the message and its `params` are two levels of it. */
const deepest = 998;

/** Smaller ones have less than full precision, and strtod calls them out of range (`str_to_double` of lib/util.c). */
const smallestReal = 2.225_073_858_507_201_4e-308;

const smallestInteger = -(2n ** 63n);
const largestInteger = 2n ** 63n - 1n;

/**
 * Writes `values` as JSON, bigints with all their digits. What JSON has no word for, and what Open vSwitch's reader
 * refuses by closing the connection, is refused here: undefined, functions, NaN and the infinities, numbers next to 0
 * that have lost precision, integers beyond 64 bits, lone surrogates and NUL in strings, objects that are not plain, too many levels, cycles.
 */
export function encodeValues(values: readonly unknown[]): Encoded {
  const survey: Survey = { hasBigInt: false, looksIntoStrings: false };
  const fault = faultIn(values, 0, survey);
  if (fault !== undefined) return { fault: unsendable(fault) };
  let text: string;
  try {
    text = survey.hasBigInt ? encodeExactly(values) : JSON.stringify(values);
  } catch (error) {
    return { fault: { path: "", expected: "what fits in a string", got: String(error) } };
  }
  // JSON.stringify escapes both (and little else) in this way, so a search in the text saves one in every string.
  if (text.includes("\\u")) {
    const inString = faultIn(values, 0, { ...survey, looksIntoStrings: true });
    if (inString !== undefined) return { fault: unsendable(inString) };
  }
  return { text };
}

/** Writes a string, or refuses it as `encodeValues` does. */
export function encodeString(string: string): Encoded {
  const text = JSON.stringify(string);
  const fault = text.includes("\\u") ? faultInString(string) : undefined;
  return fault === undefined ? { text } : { fault: unsendable(fault) };
}

/** Writes a value that came from the peer, whatever it is. */
export function encodeExactly(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(encodeExactly).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${encodeExactly(member)}`,
  );
  return `{${members.join(",")}}`;
}

interface Survey {
  hasBigInt: boolean;
  readonly looksIntoStrings: boolean;
}

/** A fault with its path from the inside out. */
interface Fault {
  readonly steps: (string | number)[];
  readonly expected: string;
  readonly got: string;
}

function faultIn(value: unknown, depth: number, survey: Survey): Fault | undefined {
  if (typeof value === "string") return survey.looksIntoStrings ? faultInString(value) : undefined;
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "object") return faultInObject(value, depth, survey);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return { steps: [], expected: "a finite number", got: String(value) };
    if (value === 0 || Math.abs(value) >= smallestReal) return undefined;
    return { steps: [], expected: `0, or a number of at least ${smallestReal} in size`, got: String(value) };
  }
  if (typeof value === "bigint") {
    survey.hasBigInt = true;
    if (value >= smallestInteger && value <= largestInteger) return undefined;
    return { steps: [], expected: "an integer of 64 bits", got: `${value}n` };
  }
  return { steps: [], expected: "a JSON value", got: typeof value };
}

function faultInObject(value: object, depth: number, survey: Survey): Fault | undefined {
  if (depth > deepest) {
    return {
      steps: [],
      expected: `at most ${deepest} levels`,
      got: "more levels, or an object inside itself",
    };
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    for (let at = 0; at < items.length; at++) {
      const fault = faultIn(items[at], depth + 1, survey);
      if (fault !== undefined) return outside(fault, at);
    }
    return undefined;
  }
  if (!isPlain(value)) {
    return { steps: [], expected: "a plain object", got: Object.prototype.toString.call(value) };
  }
  for (const name of Object.keys(value)) {
    const fault =
      (survey.looksIntoStrings ? faultInString(name) : undefined) ?? faultIn(value[name], depth + 1, survey);
    if (fault !== undefined) return outside(fault, name);
  }
  return undefined;
}

function outside(fault: Fault, step: string | number): Fault {
  fault.steps.push(step);
  return fault;
}

/** An object literal, of whatever realm, or one without a prototype. */
function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function faultInString(text: string): Fault | undefined {
  if (text.includes("\0")) return { steps: [], expected: "text without NUL", got: JSON.stringify(text) };
  if (!/\p{Surrogate}/u.test(text)) return undefined;
  return { steps: [], expected: "text without lone surrogates", got: JSON.stringify(text) };
}

function unsendable({ steps, expected, got }: Fault): Unsendable {
  const path = steps
    .toReversed()
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("");
  return { path, expected, got };
}

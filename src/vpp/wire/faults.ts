/**
 * What goes wrong inside a codec. Thrown, because a codec is straight-line code; `encodeMessage` and `decodeMessage`
 * turn both into results of this library, and nothing else may let them out.
 */

/** A value that cannot be put on the wire. Knows what was expected and given, not where: the caller finds the path. */
export class FieldFault extends Error {
  readonly expected: string;
  readonly got: unknown;

  constructor(expected: string, got: unknown) {
    super(`expected ${expected}`);
    this.name = "FieldFault";
    this.expected = expected;
    this.got = got;
  }
}

/** A message that ends before its fields do, or announces more than it holds. */
export class BoundsFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BoundsFault";
  }
}

/** Refuses a value. */
export function refuse(expected: string, got: unknown): never {
  throw new FieldFault(expected, got);
}

/** What was given, short enough for a message. */
export function printed(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 61)}...` : value);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  return Array.isArray(value) ? `an array of ${value.length}` : "an object";
}

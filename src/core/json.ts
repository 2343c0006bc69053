import { randomUUID } from "node:crypto";

/*
 * Counters of a switch are 64 bits wide and JSON has no limit on digits (RFC 8259 section 6), so a bigint is printed
 * with all of them. JSON.stringify refuses bigints: each goes through it as a marked string, and the marks come off after.
 */
const mark = `bigint-${randomUUID()}-`;
const marked = new RegExp(`"${mark}(-?\\d+)"`, "gu");

/** A value as one JSON document. `indent` 0: on one line. */
export function toJson(value: unknown, indent: 0 | 2): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    // It holds a bigint: most have none, and are spared what it takes.
    if (!(error instanceof TypeError)) throw error;
  }
  const text = JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === "bigint" ? `${mark}${member}` : member),
    indent,
  );
  return text.replaceAll(marked, "$1");
}

import { encodeExactly } from "../../jsonrpc/encode.js";

/** An error as ovsdb-server sends it (RFC 7047 section 4.1.3; `ovsdb_error_to_json` of lib/ovsdb-error.c). */
export interface ErrorObject {
  readonly error: string;
  readonly details?: string;
  readonly syntax?: string;
}

/**
 * Why a request, or an operation of a transaction, is refused. Thrown inside the server only: whoever answers the
 * request catches it.
 */
export class Refusal extends Error {
  /** The tag: `syntax error`, `constraint violation`, ... */
  readonly tag: string;
  /** What of the request it is about. */
  readonly about: unknown;

  constructor(tag: string, details: string, about?: unknown) {
    super(details);
    this.tag = tag;
    this.about = about;
  }

  /** As it is sent. */
  toJson(): ErrorObject {
    const { tag: error, message: details, about } = this;
    return about === undefined ? { error, details } : { syntax: sortedText(about), error, details };
  }
}

export function syntaxError(details: string, about?: unknown): Refusal {
  return new Refusal("syntax error", details, about);
}

/** JSON with the members in order, as the server quotes it (`JSSF_SORT` of lib/json.c), so that equal values are equal texts. */
export function sortedText(value: unknown): string {
  return encodeExactly(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

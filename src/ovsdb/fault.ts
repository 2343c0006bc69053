import { NamedUuid } from "./value.js";

/**
 * Why a value cannot be encoded or decoded. Returned, not thrown, and no `Error`: whoever knows what the call was
 * makes the error.
 */
export class Fault {
  /** What would have been accepted. */
  readonly expected: string;
  /** What was there, printed. */
  readonly got: string;
  /** Where in the value, such as `columns.tag.type`; empty for the value as a whole. */
  readonly path: string;

  constructor(expected: string, got: string, path = "") {
    this.expected = expected;
    this.got = got;
    this.path = path;
  }

  /** The same fault, seen from one level further out. */
  within(name: string): Fault {
    return new Fault(this.expected, this.got, this.path === "" ? name : `${name}.${this.path}`);
  }
}

/** The fault of naming a table or a column that the server does not have. */
export class AbsentFault extends Fault {
  readonly what: "table" | "column";

  constructor(what: "table" | "column", item: string) {
    super(`a ${what} that the server has`, "absent", item);
    this.what = what;
  }
}

/** The fault of asking for a column that the server has in another form. */
export class LayoutFault extends Fault {}

/** The fault of a value that is not what was expected. */
export function fault(expected: string, value: unknown): Fault {
  return new Fault(expected, shown(value));
}

const longest = 80;

/** A value as it stands in an error message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (value instanceof NamedUuid) return `named(${JSON.stringify(value.name)})`;
  if (value instanceof Map) return `a Map of ${value.size}`;
  if (value instanceof Set) return `a Set of ${value.size}`;
  const text = jsonText(value);
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}

function jsonText(value: unknown): string {
  try {
    // A toJSON method may give nothing.
    const text: string | undefined = JSON.stringify(value, (_key, member: unknown) =>
      typeof member === "bigint" ? `${member}n` : member,
    );
    return text ?? "a value that has no JSON";
  } catch {
    return "a value that has no JSON";
  }
}

import * as v from "valibot";
import { InvalidError } from "./errors.js";
import { Err, Ok, type Result } from "./result.js";

const secrets: ReadonlySet<string> = new Set(["secret"]);

/** Characters that would break the line or fool the reader of a log; JSON leaves them as they are. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;

/** Bytes, and keys in PEM (RFC 7468): nothing that a reader of a log needs, and it may be a private key. */
function bytesOrKey(member: unknown): string | undefined {
  if (member instanceof Uint8Array) return `(${member.byteLength} bytes)`;
  return typeof member === "string" && member.includes("-----BEGIN ") ? "(not shown)" : undefined;
}

function shown(key: string, held: unknown, member: unknown): unknown {
  return secrets.has(key) ? "(not shown)" : (bytesOrKey(held) ?? member);
}

/** A value as it stands in an error message: short, on one line, without secrets. */
export function printed(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  let text: string;
  try {
    // What is held, not what its toJSON gives: a Buffer's is all of its bytes.
    text =
      JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key, member: unknown) {
        return shown(key, this[key], member);
      }) ?? `a ${typeof value}`;
  } catch {
    text = "a value that cannot be printed";
  }
  return oneShortLine(text);
}

function oneShortLine(text: string): string {
  const line = text.replaceAll(unprintable, escaped);
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

const nouns: Readonly<Record<string, string>> = {
  Object: "an object",
  Array: "a list",
  string: "a string",
  number: "a number",
  boolean: "true or false",
};

/** What a schema says that it wants: in our words where the schema has some, else made from valibot's. */
function wanted(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation" || !issue.message.startsWith("Invalid ")) return issue.message;
  const expected = issue.expected ?? issue.message;
  return expected
    .replaceAll(/[()]/gu, "")
    .split(" | ")
    .map((word) => nouns[word] ?? word)
    .join(" or ");
}

function describeIssue(issue: v.BaseIssue<unknown>): Pick<InvalidError, "path" | "expected" | "got"> {
  const path = v.getDotPath(issue) ?? "";
  const last = issue.path?.at(-1);
  if (issue.type === "strict_object" && issue.expected === "never")
    return { path, expected: "no such key: leave it out, or correct its spelling", got: "an unknown key" };
  // A missing key is reported by the object that lacks it, with the quoted key as what it expects.
  if (issue.type === "strict_object" && issue.expected?.startsWith('"') === true)
    return { path, expected: "a value: it is required", got: "nothing" };
  const hidden = typeof last?.key === "string" && secrets.has(last.key);
  return {
    path,
    expected: wanted(issue),
    got: hidden ? "a value that is not shown" : printed(last === undefined ? issue.input : last.value),
  };
}

/**
 * Checks a user's input against a schema. The error names the first field that is wrong, what would have been
 * accepted and what was given. `what` is the argument's name, such as `spec`; the error's `path` is inside it.
 */
export function validate<const S extends v.GenericSchema>(
  operation: string,
  what: string,
  schema: S,
  input: unknown,
): Result<v.InferOutput<S>, InvalidError> {
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true });
  if (parsed.success) return Ok(parsed.output);
  const { path, expected, got } = describeIssue(parsed.issues[0]);
  const where = path === "" ? what : `${what}: ${oneShortLine(path)}`;
  const message = `${operation}: ${where} is ${got}; expected ${expected}`;
  return Err(new InvalidError({ operation, path, expected, got, message }));
}

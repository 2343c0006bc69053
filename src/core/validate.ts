import * as v from "valibot";
import { InvalidError } from "./errors.js";
import { Err, Ok, type Result } from "./result.js";

/** A value as it stands in an error message: short, on one line. */
export function printed(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol")
    return typeof value;
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    text = typeof value;
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const secrets: ReadonlySet<string> = new Set(["secret"]);

function describeIssue(issue: v.BaseIssue<unknown>): { path: string; expected: string; got: string } {
  const path = v.getDotPath(issue) ?? "";
  const last = issue.path?.at(-1);
  const value = last === undefined ? issue.input : last.value;
  const got =
    typeof last?.key === "string" && secrets.has(last.key) ? "a value that is not shown" : printed(value);
  if (issue.type === "strict_object" && last !== undefined) {
    return issue.expected === "never"
      ? { path, expected: "no such key", got: "an unknown key" }
      : { path, expected: "a value: it is required", got: "nothing" };
  }
  if (issue.kind === "validation") return { path, expected: issue.message, got };
  const expected = (issue.expected ?? issue.message).replaceAll(/[()]/gu, "").replaceAll(" | ", " or ");
  return { path, expected, got };
}

/**
 * Checks a user's input against a schema. The error names the first field that is wrong, what would have been
 * accepted and what was given.
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
  const where = path === "" ? what : `${what}: ${path}`;
  const message = `${operation}: ${where} is ${got}; expected ${expected}`;
  return Err(new InvalidError({ operation, path, expected, got, message }));
}

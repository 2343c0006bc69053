import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { ConflictError, UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";

/** What every generated module begins with. */
export const generatedMark = "// Generated from the schema of ";

/** What is at a path, next to what would be generated there. */
export type FileState = "missing" | "differs" | "unchanged";

/** Whether a file is as it would be generated now. Writes nothing. */
export function checkRowTypes(text: string, file: string): Result<FileState, UnreachableError> {
  return attempt("checkRowTypes", file, () => Ok(stateOf(text, readIfThere(file))));
}

/**
 * Writes a generated module, unless the file is right already. A file in the way that was not generated is a
 * `conflict`, and stays as it is.
 */
export function writeRowTypes(
  text: string,
  file: string,
): Result<FileState, ConflictError | UnreachableError> {
  return attempt<ConflictError>("writeRowTypes", file, () => {
    const present = readIfThere(file);
    if (present !== undefined && !present.startsWith(generatedMark)) return Err(inTheWay(file));
    const state = stateOf(text, present);
    if (state !== "unchanged") replace(file, text);
    return Ok(state);
  });
}

function stateOf(text: string, present: string | undefined): FileState {
  if (present === undefined) return "missing";
  return present === text ? "unchanged" : "differs";
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whoever reads the file meanwhile, a compiler that watches it for one, sees the old text or the new one. */
function replace(path: string, text: string): void {
  const beside = `${path}.new`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}

function inTheWay(path: string): ConflictError {
  const message = `writeRowTypes: ${path} is there and was not generated; move it away or generate into another file. Nothing was written`;
  return new ConflictError({ operation: "writeRowTypes", object: path, message });
}

/** Does what may fail by a file's path or permissions. */
export function attempt<E>(
  operation: string,
  file: string,
  act: () => Result<FileState, E>,
): Result<FileState, E | UnreachableError> {
  try {
    return act();
  } catch (cause) {
    return Err(unusable(operation, file, cause));
  }
}

/** The error of a file that cannot be used. What is no error of the file system is thrown on. */
export function unusable(operation: string, file: string, cause: unknown): UnreachableError {
  if (!(cause instanceof Error) || !("code" in cause)) throw cause;
  const errno = String(cause.code);
  const hint = errno === "ENOENT" ? "check the path" : "check the path and its permissions";
  const message = `${operation}: ${file} cannot be used: ${cause.message}; ${hint}`;
  return new UnreachableError({ operation, address: file, errno, hint, cause, message });
}

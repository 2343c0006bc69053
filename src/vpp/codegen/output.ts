import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConflictError, UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { type Bindings, generatedMark } from "./generate.js";

/** What writing bindings did, file by file. */
export interface Written {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Generated files of before that nothing generates any more. */
  readonly removed: readonly string[];
}

/** A file that is not as generated now. */
export interface Stale {
  readonly file: string;
  readonly why: "missing" | "differs" | "left over";
}

/**
 * Writes bindings to a directory, which is made if missing. Files that are right already are not touched; generated
 * files that nothing generates any more are removed. A file in the way that was not generated is a `conflict`, and then
 * nothing is written.
 */
export function writeBindings(
  bindings: Bindings,
  directory: string,
): Result<Written, ConflictError | UnreachableError> {
  return attempt("writeBindings", directory, () => {
    mkdirSync(directory, { recursive: true });
    const present = generatedFiles(directory);
    const foreign = [...bindings.files.keys()].find((name) => present.foreign.has(name));
    if (foreign !== undefined) return Err(inTheWay(join(directory, foreign)));
    const written: string[] = [];
    const unchanged: string[] = [];
    for (const [name, text] of bindings.files) {
      if (present.generated.get(name) === text) unchanged.push(name);
      else {
        replace(join(directory, name), text);
        written.push(name);
      }
    }
    const removed = leftOver(present.generated, bindings);
    for (const name of removed) rmSync(join(directory, name));
    return Ok({ written, unchanged, removed });
  });
}

/** Which files of a directory are not what would be generated now; none when it is up to date. Writes nothing. */
export function checkBindings(
  bindings: Bindings,
  directory: string,
): Result<readonly Stale[], ConflictError | UnreachableError> {
  return attempt("checkBindings", directory, () => {
    const { generated, foreign } = generatedFiles(directory);
    const stale: Stale[] = [];
    for (const [name, text] of bindings.files) {
      if (!generated.has(name) && !foreign.has(name)) stale.push({ file: name, why: "missing" });
      else if (generated.get(name) !== text) stale.push({ file: name, why: "differs" });
    }
    for (const file of leftOver(generated, bindings)) stale.push({ file, why: "left over" });
    return Ok(stale);
  });
}

function leftOver(generated: ReadonlyMap<string, string>, bindings: Bindings): readonly string[] {
  return [...generated.keys()].filter((name) => !bindings.files.has(name));
}

/** The TypeScript files of a directory: those that were generated, with their text, and others. */
function generatedFiles(directory: string): {
  readonly generated: ReadonlyMap<string, string>;
  readonly foreign: ReadonlySet<string>;
} {
  const generated = new Map<string, string>();
  const foreign = new Set<string>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.name.endsWith(".ts")) continue;
    const text = entry.isFile() ? readFileSync(join(directory, entry.name), "utf8") : "";
    if (text.startsWith(generatedMark)) generated.set(entry.name, text);
    else foreign.add(entry.name);
  }
  return { generated, foreign };
}

/** Whoever reads the file meanwhile, a compiler that watches it for one, sees the old text or the new one. */
function replace(path: string, text: string): void {
  const beside = `${path}.new`;
  writeFileSync(beside, text);
  renameSync(beside, path);
}

function inTheWay(path: string): ConflictError {
  return new ConflictError({
    operation: "writeBindings",
    object: path,
    message: `${path} is there and was not generated; move it away or generate into another directory. Nothing was written`,
  });
}

function attempt<T>(
  operation: string,
  directory: string,
  act: () => Result<T, ConflictError>,
): Result<T, ConflictError | UnreachableError> {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    const errno = String(cause.code);
    const hint = errno === "ENOENT" ? "generate it first" : "check the path and its permissions";
    const message = `${operation}: ${directory} cannot be used: ${cause.message}; ${hint}`;
    return Err(new UnreachableError({ operation, address: directory, errno, hint, cause, message }));
  }
}

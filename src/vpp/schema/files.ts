import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { InvalidError, UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { ApiSource } from "./declarations.js";
import type { ApiModel } from "./model.js";
import { readApi } from "./read.js";

const suffix = ".api.json";

/**
 * Reads every `*.api.json` under a directory, such as `/usr/share/vpp/api`, or one such file. Blocks while it reads: some
 * 30 milliseconds for a whole release (3.7 MB).
 *
 * @returns `invalid` when there is none, when one is no API file or when two disagree; `unreachable` when the directory
 * cannot be read
 */
export function readApiDirectory(path: string): Result<ApiModel, InvalidError | UnreachableError> {
  return readSources(path).andThen((sources) => readApi(sources));
}

/** The API files under a directory, unread but for their text. */
export function readSources(path: string): Result<readonly ApiSource[], InvalidError | UnreachableError> {
  try {
    const files = statSync(path).isDirectory() ? listFiles(path) : [path];
    if (files.length === 0) return Err(empty(path));
    return Ok(files.map((file) => ({ name: basename(file, suffix), text: readFileSync(file, "utf8") })));
  } catch (cause) {
    return Err(unreadable(path, cause));
  }
}

function listFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .toSorted()
    .map((name) => join(directory, name));
}

function empty(path: string): InvalidError {
  return new InvalidError({
    operation: "readApi",
    path,
    expected: "a directory with *.api.json files",
    got: "a directory without any",
    message: `${path} holds no *.api.json file; VPP installs them in /usr/share/vpp/api (package vpp-dev or vpp)`,
  });
}

function unreadable(path: string, cause: unknown): UnreachableError {
  const errno = cause instanceof Error && "code" in cause ? String(cause.code) : "EIO";
  const hint =
    errno === "ENOENT"
      ? "VPP installs its API files in /usr/share/vpp/api"
      : "check the path and its permissions";
  return new UnreachableError({
    operation: "readApi",
    address: path,
    errno,
    hint,
    cause,
    message: `cannot read ${path}: ${errno}; ${hint}`,
  });
}

import { once } from "node:events";
import { lstat, mkdir, rmdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { ConflictError, RejectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Steps } from "./steps.js";

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "EIO";

/**
 * Makes the directory of a socket that VPP is to listen on, and refuses what VPP would stumble over: it cannot bind
 * without the directory, and a memif whose socket it could not bind leaves it with a broken record.
 */
export async function prepareSocket(
  operation: string,
  steps: Steps,
  path: string,
): Promise<Result<void, VSwitchError>> {
  const directory = dirname(path);
  let first: string | undefined;
  try {
    first = await mkdir(directory, { recursive: true });
  } catch (cause) {
    const code = codeOf(cause);
    const message = `${operation}: the directory ${directory} of the socket cannot be made (${code}): make it, or use a path in one that is there`;
    return Err(new RejectedError({ operation, reason: code, details: String(cause), cause, message }));
  }
  if (first !== undefined) {
    const made = first;
    steps.push(`the directory ${made}`, () => removeDirectories(directory, made));
  }
  const there = await lstat(path).catch(() => undefined);
  if (there === undefined || there.isSocket()) return Ok(undefined);
  const message = `${operation}: ${path} is there and is no socket: remove it, or use another path`;
  return Err(new ConflictError({ operation, object: path, message }));
}

/** Removes the directories from one up to another that was made with it, while they are empty. */
async function removeDirectories(from: string, to: string): Promise<Result<void, VSwitchError>> {
  for (let directory = from; ; directory = dirname(directory)) {
    try {
      await rmdir(directory);
    } catch {
      // In use by others meanwhile, or gone.
      return Ok(undefined);
    }
    if (directory === to || directory === dirname(directory)) return Ok(undefined);
  }
}

/** Removes the file of a socket that nobody listens on any more: VPP leaves those of its memifs. Best effort. */
export async function removeStaleSocket(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() !== true) return;
  const probe = connect({ path });
  const fault = await once(probe, "connect").then(
    () => undefined,
    (cause: unknown) => codeOf(cause),
  );
  probe.destroy();
  if (fault === "ECONNREFUSED") await unlink(path).catch(() => undefined);
}

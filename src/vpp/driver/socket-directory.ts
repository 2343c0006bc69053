import { once } from "node:events";
import { lstatSync, mkdirSync, rmdirSync, statSync, unlinkSync, type Stats } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { ConflictError, RejectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Steps } from "./steps.js";

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "EIO";

/*
 * These calls of the file system are few and of a local one, where sockets lie. They do not wait for each other's turn in
 * Node's threads, whose start alone takes longer in a process that lives for one command.
 */

function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Makes the directory of a socket that VPP is to listen on, and refuses what VPP would stumble over: it cannot bind
 * without the directory, and a memif whose socket it could not bind leaves it with a broken record. It also takes the
 * socket of whoever listens there (all its vhost-user, and its memif before 26.06): that is refused too.
 */
export async function prepareSocket(
  operation: string,
  steps: Steps,
  path: string,
): Promise<Result<void, VSwitchError>> {
  const directory = dirname(path);
  let first: string | undefined;
  try {
    if (!isDirectory(directory)) first = mkdirSync(directory, { recursive: true });
  } catch (cause) {
    const code = codeOf(cause);
    const message = `${operation}: the directory ${directory} of the socket cannot be made (${code}): make it, or use a path in one that is there`;
    return Err(new RejectedError({ operation, reason: code, details: String(cause), cause, message }));
  }
  if (first !== undefined) {
    const made = first;
    steps.push(`the directory ${made}`, async () => removeDirectories(directory, made));
  }
  const there = entryAt(path);
  if (there === undefined) return Ok(undefined);
  if (!there.isSocket()) {
    const message = `${operation}: ${path} is there and is no socket: remove it, or use another path`;
    return Err(new ConflictError({ operation, object: path, message }));
  }
  const fault = await knock(path);
  return fault !== undefined && nobody.has(fault) ? Ok(undefined) : Err(listenedOn(operation, path, fault));
}

/** What connecting says of a socket that nobody listens on. */
const nobody: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOENT"]);

function listenedOn(operation: string, path: string, fault: string | undefined): ConflictError {
  const listens =
    fault === "EACCES" || fault === "EPERM"
      ? `whether somebody listens on ${path} cannot be seen (${fault})`
      : `somebody listens on ${path}`;
  const message = `${operation}: ${listens}: VPP would take the socket away: use another path, or remove the socket`;
  return new ConflictError({ operation, object: path, message });
}

/** Connects and leaves again; gives why it could not. */
async function knock(path: string): Promise<string | undefined> {
  const probe = connect({ path });
  const fault = await once(probe, "connect").then(
    () => undefined,
    (cause: unknown) => codeOf(cause),
  );
  probe.on("error", () => undefined).destroy();
  return fault;
}

/** Removes the directories from one up to another that was made with it, while they are empty. */
function removeDirectories(from: string, to: string): Result<void, VSwitchError> {
  for (let directory = from; ; directory = dirname(directory)) {
    try {
      rmdirSync(directory);
    } catch {
      // In use by others meanwhile, or gone.
      return Ok(undefined);
    }
    if (directory === to || directory === dirname(directory)) return Ok(undefined);
  }
}

/** Removes the file of a socket that nobody listens on any more: VPP leaves those of its memifs. Best effort. */
export async function removeStaleSocket(path: string): Promise<void> {
  const there = entryAt(path);
  if (there?.isSocket() !== true) return;
  if ((await knock(path)) !== "ECONNREFUSED") return;
  try {
    unlinkSync(path);
  } catch {
    // Somebody else has, or it may not be: it is in nobody's way.
  }
}

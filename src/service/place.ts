/** Where a socket may be made: a place where nobody else can put another one in its stead. */
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { longestSocketPath } from "../core/specs.js";
import { Err, InvalidError, Ok, type Result } from "../index.js";

/** The operation in errors about the socket. */
export const operation = "serve";

export function badSocket(got: string, expected: string, why: string, cause?: unknown): InvalidError {
  const message = `${operation}: the socket ${got} cannot be made: ${why}; expected ${expected}`;
  return new InvalidError({ operation, path: "socket", expected, got, message, cause });
}

const stickyBit = 0o1000;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Who may replace what is in this directory, besides root and us; `undefined`: nobody. */
function stranger(stats: Stats, trustedGroups: ReadonlySet<number>, isParent: boolean): string | undefined {
  const us = process.geteuid?.() ?? 0;
  if (stats.uid !== 0 && stats.uid !== us) return `belongs to the user ${stats.uid}`;
  // In a sticky directory, such as /tmp, only the owner of an entry may replace it.
  const sticky = (stats.mode & stickyBit) !== 0 && !isParent;
  if ((stats.mode & 0o002) !== 0 && !sticky) return "may be written by everybody";
  if ((stats.mode & 0o020) !== 0 && !sticky && !trustedGroups.has(stats.gid))
    return `may be written by the group ${stats.gid}`;
  return undefined;
}

/** The path of the socket without symbolic links, when all directories above it are safe. */
export function safePlace(path: string, group: number | undefined): Result<string, InvalidError> {
  if (!isAbsolute(path)) return Err(badSocket(path, "an absolute path", "its path is relative"));
  let folder: string;
  try {
    // Only this one: where its own directory is not there either, the path is more likely wrong.
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o755 });
    folder = realpathSync(dirname(path));
  } catch (cause) {
    return Err(
      badSocket(path, "a directory that is there", `its directory cannot be used: ${words(cause)}`, cause),
    );
  }
  const trusted = new Set([0, process.getegid?.() ?? 0, ...(group === undefined ? [] : [group])]);
  for (let above = folder, isParent = true; ; above = dirname(above), isParent = false) {
    const who = stranger(statSync(above), trusted, isParent);
    if (who !== undefined) {
      const expected = "directories that only root or the service's user may write, such as /run/vswitch";
      return Err(badSocket(path, expected, `${above} ${who}, who could put another socket there`));
    }
    if (above === dirname(above)) break;
  }
  const real = join(folder, basename(path));
  if (Buffer.byteLength(real) > longestSocketPath)
    return Err(badSocket(real, `at most ${longestSocketPath} bytes`, "its path is too long for the kernel"));
  return Ok(real);
}

/** What is at a path now, without following a link; `undefined`: nothing. */
export function present(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

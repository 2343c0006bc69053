import {
  chmodSync,
  chownSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  linkSync,
  lstatSync,
  readFileSync,
  rmdirSync,
  statSync,
  type Stats,
} from "node:fs";
import { posix } from "node:path";
import { code, CniError, fromIo, isErrno } from "./errors.js";
import type { Permissions, Plan } from "./plan.js";
import { makeDirectory, remove, withHandle } from "./state/files.js";

/** The number of a user or group, from its name (passwd(5), group(5)). */
function numberOf(file: string, what: string, name: string | number): number {
  if (typeof name === "number" || /^\d+$/u.test(name)) return Number(name);
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const [entry, , number] = line.split(":");
    if (entry === name && number !== undefined) return Number(number);
  }
  throw new CniError({
    code: code.invalidConfig,
    message: `there is no ${what} ${JSON.stringify(name)} on this host (${file}): correct host.socket.${what === "user" ? "owner" : "group"}, or give its number`,
  });
}

interface Owners {
  readonly uid: number;
  readonly gid: number;
}

/** Numbers of owner and group; -1 leaves one as it is (chown(2)). */
function ownersOf({ owner, group }: Permissions): Owners {
  return {
    uid: owner === undefined ? -1 : numberOf("/etc/passwd", "user", owner),
    gid: group === undefined ? -1 : numberOf("/etc/group", "group", group),
  };
}

const leadsNowhere = (base: string, directory: string): CniError =>
  new CniError({
    code: code.invalidConfig,
    message: `${directory} leads out of ${base}: something made a symbolic link of it; remove it`,
  });

/** Below `base` nothing may lead elsewhere, whatever a container has put there. */
function checkInside(base: string, directory: string): void {
  let path = base;
  for (const part of posix.relative(base, directory).split("/")) {
    path = posix.join(path, part);
    if (path !== base && lstatSync(path).isSymbolicLink()) throw leadsNowhere(base, directory);
  }
}

/** Makes a directory and those above it; whether it was not there. */
function make(base: string, directory: string): boolean {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return false;
  if (!existsSync(base)) makeDirectory(base, 0o755);
  makeDirectory(directory, 0o750);
  return true;
}

/** Makes a directory below `base`; a new one gets the permissions. */
function prepare(base: string, directory: string, permissions: Permissions, writable: boolean): void {
  const fresh = make(base, directory);
  if (posix.relative(base, directory).startsWith("..")) return;
  checkInside(base, directory);
  if (fresh) permitDirectory(directory, permissions, writable);
}

/** By a handle: a container that may write `base` could put a link in its place at any moment. */
function permitDirectory(directory: string, permissions: Permissions, writable: boolean): void {
  const { uid, gid } = ownersOf(permissions);
  if (uid === -1 && gid === -1) return;
  withHandle(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW, (handle) => {
    fchownSync(handle, uid, gid);
    if (writable && gid !== -1) fchmodSync(handle, 0o770);
  });
}

/** Makes the directories of an attachment. Throws a {@link CniError} of code 5 or 7. */
export function prepareDirectories(plan: Plan, containerMakesSocket: boolean): void {
  const { layout, permissions } = plan;
  // Asked for before anything is made: a name that does not exist leaves nothing behind.
  ownersOf(permissions);
  for (const directory of new Set([layout.socketDir, layout.dataDir])) {
    try {
      prepare(layout.base, directory, permissions, containerMakesSocket);
    } catch (error) {
      throw fromIo(`make the directory ${directory}`, error);
    }
  }
}

/**
 * Gives the container a socket that the switch made elsewhere: a second name of the same socket, so that the switch's
 * own stays where it looks for it.
 */
export function linkSocket(from: string, to: string): void {
  try {
    removeSocket(to);
    linkSync(from, to);
  } catch (error) {
    if (isErrno(error, "EXDEV"))
      throw new CniError({
        code: code.invalidConfig,
        message: `the switch makes its socket at ${from}, which is on another file system than ${to}: set sharedDir to a directory on the same file system as the switch's sockets, or host.vhost.mode to client`,
        cause: error,
      });
    throw fromIo(`link the socket ${from} to ${to}`, error);
  }
}

/** `O_PATH` of open(2), which Node does not name: a handle of the entry itself, of whatever kind it is, which stays shut. */
export const pathOnly = 0o10_000_000;

/**
 * Gives a socket the permissions that the configuration asks for. A container may write the directory: what it puts in
 * the socket's place is not followed, and nothing but a socket is given away.
 */
export function permitSocket(path: string, permissions: Permissions): void {
  const { uid, gid } = ownersOf(permissions);
  if (uid === -1 && gid === -1 && permissions.mode === undefined) return;
  try {
    withHandle(path, pathOnly | constants.O_NOFOLLOW, (handle) => {
      if (!fstatSync(handle).isSocket())
        throw new Error("something else is in its place, which stays as it is");
      const entry = `/proc/self/fd/${handle}`;
      if (uid !== -1 || gid !== -1) chownSync(entry, uid, gid);
      if (permissions.mode !== undefined) chmodSync(entry, permissions.mode);
    });
  } catch (error) {
    throw fromIo(`set the permissions of the socket ${path}`, error);
  }
}

/** What has this name, itself. That there is nothing is no error: one costs more than all else here. */
const entryAt = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false });

/** Removes a socket. What is not there, or is no socket, is left alone. `true`: the name is free. */
export function removeSocket(path: string): boolean {
  try {
    const found = entryAt(path);
    if (found?.isSocket() === true) remove(path);
    return found?.isSocket() !== false;
  } catch (error) {
    if (isErrno(error, "ENOTDIR")) return true;
    throw fromIo(`remove the socket ${path}`, error);
  }
}

/** Removes a file of ours. */
export function removeFile(path: string): void {
  try {
    if (entryAt(path)?.isDirectory() === false) remove(path);
  } catch (error) {
    if (!isErrno(error, "ENOTDIR")) throw fromIo(`remove ${path}`, error);
  }
}

/** Removes a link that a container has put in the place of a directory of ours; what it leads to stays. */
export function removeLink(path: string): void {
  try {
    if (entryAt(path)?.isSymbolicLink() === true) remove(path);
  } catch (error) {
    if (!isErrno(error, "ENOTDIR")) throw fromIo(`remove the link ${path}`, error);
  }
}

/** Removes a directory if it is empty. */
export function removeIfEmpty(path: string): void {
  try {
    // On a read-only file system rmdir(2) fails before it looks.
    if (entryAt(path) !== undefined) rmdirSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY"))
      throw fromIo(`remove the directory ${path}`, error);
  }
}

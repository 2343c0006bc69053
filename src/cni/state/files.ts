import {
  closeSync,
  constants,
  existsSync,
  fsync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { cannotChange, isErrno } from "../errors.js";

/** Opens a file for as long as it is used. */
export function withHandle<T>(path: string, flags: string | number, use: (handle: number) => T): T {
  const handle = openSync(path, flags);
  try {
    return use(handle);
  } finally {
    closeSync(handle);
  }
}

/** Removes a file, if it is there. Node's `rmSync` looks at it twice first, for directories. */
export function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Makes a directory and those above it. Node's `recursive` says ENOENT where a file system is read-only (EROFS). */
export function makeDirectory(path: string, mode: number, hasParent = false): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isErrno(error, "ENOENT") && !hasParent && dirname(path) !== path) {
      makeDirectory(dirname(path), mode);
      makeDirectory(path, mode, true);
    } else if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** Where a file is while it is written: of one name, so that what a killed run left is found and removed. */
export const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.tmp`);

/** Never one that is there: a container that may write the directory could have made a link of it. */
function openFresh(path: string, mode: number): number {
  try {
    return openSync(path, "wx", mode);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    remove(path);
    return openSync(path, "wx", mode);
  }
}

/** Writes a new file, and leaves it open. */
function writeFresh(path: string, text: string, mode: number): number {
  const handle = openFresh(path, mode);
  try {
    // On a disk that is nearly full write(2) takes a part, and says so: this goes on with the rest.
    writeFileSync(handle, text);
    return handle;
  } catch (error) {
    closeSync(handle);
    remove(path);
    throw error;
  }
}

/** A file that was written beside its place. It is there, wholly, once it has its name. */
export interface Draft {
  readonly path: string;
  readonly temporary: string;
}

/** Writes a file beside its place. Of one file only one at a time may be written. */
export function draft(path: string, text: string, mode: number): Draft {
  const temporary = temporaryOf(path);
  closeSync(writeFresh(temporary, text, mode));
  return { path, temporary };
}

/** Gives a file its name: whoever reads sees the old one or the new one. */
export const publish = ({ path, temporary }: Draft): void => renameSync(temporary, path);

/** Waits for the disk without keeping who else runs in this process waiting. */
const sync = (handle: number): Promise<void> =>
  new Promise((resolve, reject) => {
    fsync(handle, (error) => (error === null ? resolve() : reject(error)));
  });

/** Makes a change of a directory last: what was renamed into it or removed from it. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = openSync(directory, "r");
  try {
    await sync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The same where the change must not fail for want of room: then it is done, and comes undone if the host crashes. */
export async function settleDirectory(directory: string): Promise<void> {
  try {
    await syncDirectory(directory);
  } catch (error) {
    if (!cannotChange(error)) throw error;
  }
}

/**
 * Writes a file that outlives a crash of the host. One that was there before is then the old one or the new one, whole;
 * a new one is whole once this has ended, and before that it may be empty, or not there.
 */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const temporary = temporaryOf(path);
  const isNew = !existsSync(path);
  const handle = writeFresh(temporary, text, mode);
  try {
    if (!isNew) await sync(handle);
    publish({ path, temporary });
    // At once: what one of the two has the disk write, the other one need not.
    const synced = isNew ? [sync(handle), syncDirectory(dirname(path))] : [];
    for (const each of await Promise.allSettled(synced)) if (each.status === "rejected") throw each.reason;
  } catch (error) {
    remove(temporary);
    if (isNew) remove(path);
    throw error;
  } finally {
    closeSync(handle);
  }
}

/** Adds to a file that is there. What was in it stays as it is, whatever becomes of this or of the host. */
export function append(path: string, text: string): void {
  withHandle(path, constants.O_WRONLY | constants.O_APPEND, (handle) => writeFileSync(handle, text));
}

/** The same so that it outlives a crash of the host. */
export async function appendDurably(path: string, text: string): Promise<void> {
  const handle = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeFileSync(handle, text);
    await sync(handle);
  } finally {
    closeSync(handle);
  }
}

import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isErrno } from "../errors.js";

/** Opens a file for as long as it is used. */
export function withHandle<T>(path: string, flags: string | number, use: (handle: number) => T): T {
  const handle = openSync(path, flags);
  try {
    return use(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a change of a directory last: what was renamed into it or removed from it. */
export function syncDirectory(directory: string): void {
  withHandle(directory, "r", fsyncSync);
}

/** Removes a file, if it is there. Node's `rmSync` looks at it twice first, for directories. */
export function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

export interface WriteOptions {
  readonly mode: number;
  /** Whether it has to outlive a crash of the host. */
  readonly durable: boolean;
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

/**
 * Writes a file wholly or not at all: whoever reads sees the old one or the new one. Of one file only one at a time may
 * be written.
 */
export function writeAtomically(path: string, text: string, { mode, durable }: WriteOptions): void {
  const directory = dirname(path);
  const fresh = temporaryOf(path);
  const isNew = !existsSync(path);
  try {
    const handle = openFresh(fresh, mode);
    try {
      // On a disk that is nearly full write(2) takes a part, and says so: this goes on with the rest.
      writeFileSync(handle, text);
      if (durable) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(fresh, path);
  } catch (error) {
    remove(fresh);
    throw error;
  }
  // After a crash of the host a file that was replaced is the old one or the new one, both whole.
  if (durable && isNew) syncDirectory(directory);
}

/** Adds to a file that is there. What was in it stays as it is, whatever becomes of this or of the host. */
export function append(path: string, text: string): void {
  withHandle(path, constants.O_WRONLY | constants.O_APPEND, (handle) => writeFileSync(handle, text));
}

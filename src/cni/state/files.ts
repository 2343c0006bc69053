import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Makes a change of a directory last: what was renamed into it or removed from it. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export interface WriteOptions {
  readonly mode: number;
  /** Whether it has to outlive a crash of the host. */
  readonly durable: boolean;
}

/** Writes a file wholly or not at all: whoever reads sees the old one or the new one. */
export function writeAtomically(path: string, text: string, { mode, durable }: WriteOptions): void {
  const directory = dirname(path);
  const fresh = join(directory, `.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = openSync(fresh, "wx", mode);
    try {
      writeSync(handle, text);
      if (durable) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  if (durable) syncDirectory(directory);
}

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

// sockaddr_un.sun_path holds 107 bytes and a NUL (unix(7)). Below the folder the longest path of ours is about 45.
const longestBase = 60;
const prefix = "vsw-";

const folders = new Set<string>();

/** Makes a private folder with a short path for one instance. Its name carries our pid: see `removeAbandonedFolders`. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(base(), `${prefix}${process.pid}-`));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}

/** Removes every folder that this process made and still has. For the last moments of the process. */
export function removeAllFolders(): void {
  for (const folder of folders) removeFolder(folder);
}

/** Removes the folders of test processes that were killed before they could. */
export function removeAbandonedFolders(): void {
  for (const entry of readdirSync(base())) {
    const owner = /^vsw-(\d+)-/u.exec(entry)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    try {
      rmSync(join(base(), entry), { recursive: true, force: true });
    } catch {
      // Another user's: it is theirs to remove.
    }
  }
}

function base(): string {
  return tmpdir().length <= longestBase ? tmpdir() : "/tmp";
}

/** Whether a process of this id runs, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** A disk of a few pages of memory. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { isErrno } from "../../../src/cni/errors.js";

/** A file system of its own, in a mount namespace: reached through the process that holds it. */
export class Disk implements Disposable {
  readonly path: string;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, mountPoint: string) {
    this.#holder = holder;
    this.path = `/proc/${holder.pid}/root${mountPoint}`;
  }

  /** `undefined`: none can be made here. */
  static async make(mountPoint: string, options: string): Promise<Disk | undefined> {
    mkdirSync(mountPoint);
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    const remounts = 'while read -r how; do mount -o "remount,$how" "$0" && echo done; done';
    const script = `mount -t tmpfs -o "$1" tmpfs "$0" && touch "$0/ready" && ${remounts}`;
    const args = [...user, "--mount", "sh", "-c", script, mountPoint, options];
    const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "ignore"] });
    holder.on("error", () => undefined);
    const made = new Disk(holder, mountPoint);
    while (holder.pid !== undefined && holder.exitCode === null) {
      if (existsSync(join(made.path, "ready"))) return made;
      await sleep(5);
    }
    return undefined;
  }

  /** Fills it but for so many pages of 4 KiB. */
  fill(pagesLeft: number): void {
    const filler = join(this.path, "filler");
    rmSync(filler, { force: true });
    const page = Buffer.alloc(4096);
    let pages = 0;
    try {
      for (;;) {
        writeFileSync(filler, page, { flag: "a" });
        pages += 1;
      }
    } catch {
      writeFileSync(filler, Buffer.alloc(Math.max(0, pages - pagesLeft) * 4096));
    }
  }

  /** Fills it with files: there is room for bytes, and for no file more. */
  fillWithFiles(): void {
    try {
      for (let nth = 0; ; nth += 1) writeFileSync(join(this.path, `filler${nth}`), "");
    } catch (error) {
      if (!isErrno(error, "ENOSPC")) throw error;
    }
  }

  empty(): void {
    for (const file of readdirSync(this.path)) if (file.startsWith("filler")) rmSync(join(this.path, file));
  }

  /** `ro`: as a disk is after an error that the kernel found on it (mount(8), errors=remount-ro). */
  async remount(how: "ro" | "rw"): Promise<void> {
    const { stdin, stdout } = this.#holder;
    if (stdin === null || stdout === null) throw new Error("nobody holds the disk");
    const done = once(stdout, "data");
    stdin.write(`${how}\n`);
    await done;
  }

  /** The records on it, and what is not one. */
  records(): readonly string[] {
    const directory = join(this.path, "attachments");
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  [Symbol.dispose](): void {
    this.#holder.kill();
  }
}

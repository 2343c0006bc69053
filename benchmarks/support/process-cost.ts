import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "./contestant-process.js";

/** What a process cost from its start to its end. */
export interface ProcessCost {
  readonly wallMs: number;
  /** User and system, with the processes that it started. */
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** Runs a program to its end under time(1) (Debian's package `time`). */
export async function costOf(command: Command): Promise<ProcessCost> {
  const folder = await mkdtemp(join(tmpdir(), "cost-"));
  try {
    const file = join(folder, "cost");
    const timed = ["--format=%e %U %S %M", `--output=${file}`, "--", ...command];
    const start = performance.now();
    await promisify(execFile)("/usr/bin/time", timed, { maxBuffer: 1 << 26 });
    const wallMs = performance.now() - start;
    const [, user = 0, system = 0, kilobytes = 0] = (await readFile(file, "utf8"))
      .trim()
      .split(" ")
      .map(Number);
    return { wallMs, cpuMs: (user + system) * 1000, peakMiB: kilobytes / 1024 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

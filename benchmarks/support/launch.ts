import * as v from "valibot";
import { cProgram, exec } from "../contestants/build.js";
import type { Command } from "./contestant-process.js";

const launchedSchema = v.object({
  startNs: v.number(),
  endNs: v.number(),
  cpuUs: v.number(),
  peakKiB: v.number(),
  status: v.number(),
});

/** What one process cost, from its start to its end, with what it started. Times are those of CLOCK_MONOTONIC. */
export interface Launched {
  readonly startNs: number;
  readonly endNs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** What a process is started with. */
export interface Start {
  readonly command: Command;
  readonly env: Readonly<Record<string, string>>;
  /** A file that it reads as its standard input. */
  readonly input: string;
}

/** Starts processes and tells what they cost, to the microsecond, which time(1) does not. */
export class Launcher {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** Builds it, in that folder. */
  static async build(folder: string): Promise<Launcher> {
    return new Launcher(await cProgram(folder, "launch"));
  }

  /** Throws where the program does not end well, with what it printed. */
  async run({ command, env, input }: Start): Promise<Launched> {
    const { stdout, stderr } = await exec(this.#program, [input, ...command], { env, maxBuffer: 1 << 24 });
    const { startNs, endNs, cpuUs, peakKiB, status } = v.parse(launchedSchema, JSON.parse(stdout));
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
    const wallMs = (endNs - startNs) / 1e6;
    return { startNs, endNs, wallMs, cpuMs: cpuUs / 1000, peakMiB: peakKiB / 1024 };
  }
}

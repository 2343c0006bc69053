/** The plugin as a runtime has it: the executable, a process for each command. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { containerId, type CniLab } from "./lab.js";
import type { StepFault } from "./step-fault.js";

const repository = join(import.meta.dirname, "../../..");

function tsup(args: readonly string[]): void {
  const program = join(repository, "node_modules/.bin/tsup");
  const built = spawnSync(program, [...args, "--silent"], { cwd: repository, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`tsup failed: ${built.stderr}${built.stdout}`);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

export interface Command {
  readonly command: string;
  readonly conf: unknown;
  readonly id?: string;
  readonly fault?: StepFault;
}

/** The executable, built into a folder of its own. */
export class Plugin implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "cni-bin-"));
  readonly file = join(this.folder, "cni/userspace.cjs");
  readonly #faults = join(this.folder, "step-faults.cjs");

  constructor() {
    tsup(["--config", "tsup.cni.config.ts", "--out-dir", this.folder]);
  }

  /** What lets steps of the plugin fail. */
  buildFaults(): void {
    const file = join(import.meta.dirname, "step-faults.ts");
    tsup(["--no-config", file, "--format", "cjs", "--target", "node20.19", "--out-dir", this.folder]);
  }

  start(lab: CniLab, { command, conf, id = containerId, fault }: Command): ChildProcess {
    const env = lab.env({
      command,
      containerId: id,
      ...(fault !== undefined && { env: { CNI_STEP_FAULT: JSON.stringify(fault) } }),
    });
    const faults = fault === undefined ? [] : ["--require", this.#faults];
    const child = spawn(process.execPath, [...faults, this.file], { env, stdio: ["pipe", "pipe", "ignore"] });
    child.stdin?.on("error", () => {});
    child.stdin?.end(typeof conf === "string" ? conf : JSON.stringify(conf));
    return child;
  }

  run(lab: CniLab, command: Command): Promise<Ran> {
    return ended(this.start(lab, command));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for the end of a process that `start` gave. */
export async function ended(child: ChildProcess): Promise<Ran> {
  let stdout = "";
  child.stdout?.on("data", (piece: Buffer) => (stdout += piece.toString()));
  await once(child, "close");
  return { code: child.exitCode, stdout };
}

/** The steps that a run took, such as `12 renameSync /…/.x.tmp`. */
export const stepsOf = ({ log }: StepFault): readonly string[] =>
  readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "");

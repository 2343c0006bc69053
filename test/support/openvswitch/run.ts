import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Command } from "./programs.js";

const execFileAsync = promisify(execFile);

/** Runs a program to its end and gives its standard output without the last newline. Throws, with its stderr, when it fails. */
export async function run(
  command: Command,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  const { stdout } = await execFileAsync(command.file, [...command.args, ...args], {
    env,
    timeout: 60_000,
    killSignal: "SIGKILL",
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout.trimEnd();
}

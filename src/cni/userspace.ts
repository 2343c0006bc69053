#!/usr/bin/env node
import { writeSync } from "node:fs";
import { isErrno } from "./errors.js";
import { main } from "./main.js";
import { readInput } from "./stdin.js";

const interrupted = new AbortController();

/** While standard input is waited for a signal ends the process, as nothing is done yet; then it has it take back. */
function heedSignals(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
}

/** Writes all of it, waiting for a reader that is slow. */
async function print(text: string): Promise<void> {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    if (!isErrno(error, "EAGAIN")) throw error;
    // It was given without being waited for.
    const unwritten = rest;
    await new Promise<void>((resolve) => void process.stdout.write(unwritten, () => resolve()));
  }
}

/** Words of a configuration for which other code runs. */
const turnings = ["vpp", "ovs-dpdk", "vhost", "ipam", "kubeconfig", "prevResult"];

/** Which way through the plugin a run took that ended well: the loader keeps what was compiled for it. */
export let way: string | undefined;

async function run(): Promise<void> {
  let text = "";
  const { stdout, exitCode } = await main({
    args: process.argv.slice(2),
    env: process.env,
    stdin: async () => {
      text = await readInput(0);
      heedSignals();
      return text;
    },
    stderr: (line) => void process.stderr.write(`${line}\n`),
    signal: interrupted.signal,
  });
  await print(stdout);
  if (exitCode === 0)
    way = [process.env["CNI_COMMAND"] ?? "", ...turnings.filter((word) => text.includes(word))].join(" ");
  // All is closed by now; this spares Node the clearing of its memory, which takes milliseconds.
  process.exit(exitCode);
}

void run();

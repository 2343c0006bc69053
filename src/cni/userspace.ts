#!/usr/bin/env node
import { readSync, writeSync } from "node:fs";
import { main } from "./main.js";

const interrupted = new AbortController();

/** While standard input is waited for a signal ends the process, as nothing is done yet; then it has it take back. */
function heedSignals(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
}

const isErrno = (error: unknown, errno: string): boolean =>
  error instanceof Error && "code" in error && error.code === errno;

/** How long a runtime may take to write the configuration. */
const stdinMs = 30_000;

/** More than any network configuration, in bytes, with the list of valid attachments of the largest host. */
const longestInput = 16 * 1024 * 1024;

/** All of standard input. Throws what reading it fails with; one that is closed is empty. */
async function stdin(): Promise<string> {
  const pieces: Buffer[] = [];
  let total = 0;
  const take = (piece: Buffer): void => {
    total += piece.length;
    if (total > longestInput)
      throw new Error(`it is longer than ${longestInput} bytes: this is no network configuration`);
    pieces.push(piece);
  };
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(65_536);
      const length = readSync(0, piece);
      if (length === 0) break;
      take(piece.subarray(0, length));
    }
  } catch (error) {
    if (isErrno(error, "EBADF")) return "";
    if (!isErrno(error, "EAGAIN")) throw error;
    // It was given without being waited for: the rest comes as it comes.
    const late = new Error(`standard input did not end within ${stdinMs} ms`);
    const timer = setTimeout(() => process.stdin.destroy(late), stdinMs);
    try {
      for await (const piece of process.stdin) if (Buffer.isBuffer(piece)) take(piece);
    } finally {
      clearTimeout(timer);
    }
  }
  return Buffer.concat(pieces).toString("utf8");
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
      text = await stdin();
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

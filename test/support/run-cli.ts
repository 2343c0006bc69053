/** Runs the `vswitch` command: inside this process, on a switch in memory unless told otherwise; or as a process. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.js";
import type { Connect } from "../../src/cli/program.js";
import { Err, isVSwitchError, Ok, type VSwitchError } from "../../src/index.js";
import type { MemorySwitch } from "../../src/testing/index.js";

export interface RunOptions {
  readonly connect?: Connect;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly stdin?: string;
  /** Whether standard output is a terminal, with so many columns. */
  readonly terminal?: number;
  /** Takes part of what is printed, as it comes. */
  readonly onOutput?: (text: string) => void;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it. */
export class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = "";
  readonly #onText: (text: string) => void;

  constructor(columns?: number, onText: (text: string) => void = () => undefined) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
    this.#onText = onText;
  }

  override _write(chunk: unknown, _encoding: string, done: (error?: Error) => void): void {
    this.text += String(chunk);
    this.#onText(String(chunk));
    done();
  }
}

/** Connects to this switch, whatever the remote. */
export const toMemory =
  (memory: MemorySwitch): Connect =>
  async ({ owner }) => {
    try {
      return Ok(memory.connect(owner === undefined ? {} : { owner }));
    } catch (error) {
      if (isVSwitchError(error)) return Err(error);
      throw error;
    }
  };

/** Fails the test when the command connects. */
const noSwitch: Connect = () => {
  throw new Error("this command must not connect");
};

/** `vswitch ARGV...`, to its end. */
export async function runCli(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdout = new Sink(options.terminal, options.onOutput);
  const stderr = new Sink();
  const code = await main({
    argv,
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    stdout,
    stderr,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    connect: options.connect ?? noSwitch,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A `connect` that cannot. */
export const failingConnect =
  (error: VSwitchError): Connect =>
  async () =>
    Err(error);

/** `vswitch` on one switch in memory; the line is split at blanks. */
export const onMemory =
  (memory: MemorySwitch, options: RunOptions = {}) =>
  (line: string): Promise<Ran> =>
    runCli(
      line.split(" ").filter((word) => word !== ""),
      { connect: toMemory(memory), ...options },
    );

const script = fileURLToPath(new URL("../../src/cli/vswitch.ts", import.meta.url));

/** Node's arguments that make it run `vswitch` from its source. */
export const vswitchArgs: readonly string[] = ["--import", import.meta.resolve("tsx"), script];

/** Starts `vswitch ARGV...` as a process of its own. */
export function spawnVswitch(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [...vswitchArgs, ...argv], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs `vswitch ARGV...` as a process of its own, to its end. */
export async function runVswitch(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawnVswitch(argv, env);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode ?? -1, stdout, stderr };
}

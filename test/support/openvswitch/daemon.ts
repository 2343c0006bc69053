import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { removeAllFolders } from "./folders.js";
import { Installation, type Command } from "./programs.js";

export interface DaemonOptions {
  /** What it is called in messages. */
  readonly name: string;
  readonly command: Command;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets all that the daemon prints. Appended to, so that it tells the story over restarts. */
  readonly logFile: string;
  /** What the daemon prints when it is ready. */
  readonly ready: RegExp;
  /** Runs the daemon somewhere else, such as in a network namespace. */
  readonly within?: readonly string[] | undefined;
}

const readyTimeoutMs = 20_000;
const politeMs = 5_000;

const running = new Set<Daemon>();

/**
 * A server in the foreground, as a child of this process: nothing is detached, so nothing can be forgotten. When this
 * process dies, however it dies, the kernel kills the child (prctl(2), PR_SET_PDEATHSIG, through setpriv(1)).
 */
export class Daemon {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #logStart: number;
  readonly #ended: Promise<void>;

  private constructor(options: DaemonOptions, child: ChildProcess, pid: number, logStart: number) {
    this.name = options.name;
    this.pid = pid;
    this.#child = child;
    this.#logFile = options.logFile;
    this.#logStart = logStart;
    running.add(this);
    this.#ended = new Promise((resolve) => {
      child.once("exit", () => {
        running.delete(this);
        resolve();
      });
    });
  }

  /** Starts it and waits until it has said that it is ready. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { command, within = [] } = options;
    // Innermost, because entering a user namespace would clear the signal again.
    const setpriv = [Installation.system().command("setpriv").file, "--pdeathsig", "KILL", "--"];
    const [file = "", ...args] = [...within, ...setpriv, command.file, ...command.args, ...options.args];
    const log = openSync(options.logFile, "a");
    try {
      const logStart = fstatSync(log).size;
      // Its own process group: a Ctrl-C in the terminal is for the test run, which then stops the servers in order.
      const child = spawn(file, args, { env: options.env, stdio: ["ignore", log, log], detached: true });
      const pid = await new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("spawn", () => resolve(child.pid ?? 0));
      });
      const daemon = new Daemon(options, child, pid, logStart);
      await daemon.#waitUntilReady(options.ready);
      return daemon;
    } finally {
      closeSync(log);
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has printed since this start. */
  log(): string {
    return readFileSync(this.#logFile).subarray(this.#logStart).toString();
  }

  /** Stops it: by asking, then SIGTERM, then SIGKILL. Does nothing when it has ended. */
  async stop(ask?: () => Promise<unknown>): Promise<void> {
    if (ask !== undefined && this.isRunning) {
      // One that does not answer, or has just ended, is dealt with below.
      const asked = await ask().then(
        () => true,
        () => false,
      );
      if (asked && (await this.#endsWithin(politeMs))) return;
    }
    if (!this.isRunning) return;
    this.#child.kill("SIGTERM");
    if (!(await this.#endsWithin(politeMs))) await this.kill();
  }

  /** Ends it at once, with SIGKILL. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** For the last moments of this process, when nothing can be waited for. */
  killNow(): void {
    this.#child.kill("SIGKILL");
  }

  async #waitUntilReady(ready: RegExp): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    while (!ready.test(this.log())) {
      if (!this.isRunning || performance.now() > deadline) {
        const what = this.isRunning ? `is not ready after ${readyTimeoutMs} ms` : "ended before it was ready";
        await this.kill();
        throw new Error(`${this.name} ${what}; it printed:\n${digest(this.log())}`);
      }
      await delay(5);
    }
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.#ended, late]);
    timer.abort();
    return !this.isRunning;
  }
}

/** What matters of a log: the complaints, wherever they are (DPDK prints its whole usage after one), and the end. */
function digest(log: string): string {
  const end = log.slice(-1500);
  const complaints = log.slice(0, -1500).match(/^.*\|(WARN|ERR|EMER)\|.*$/gmu) ?? [];
  return [...complaints, end].join("\n");
}

process.once("exit", () => {
  for (const daemon of running) daemon.killNow();
  removeAllFolders();
});

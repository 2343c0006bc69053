import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { code, CniError, IpamRefusal, isErrno } from "./errors.js";
import type { Environment } from "./environment.js";

/** What a program that ended has left. */
export interface Ran {
  /** `null`: a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
}

export interface RunOptions {
  readonly input: string;
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** More than any CNI result; a program that prints more is broken. */
const longestOutput = 1024 * 1024;

/** How long what a program wrote may take to arrive when it has ended, and something that it started holds the pipe. */
const drainMs = 250;

/** How long a program that was killed may take to end. */
const killMs = 1000;

/**
 * Runs a program: input in, output out, standard error passed on. It is over when the program ends, whatever it has
 * started and left. When its time is up the whole process group is killed. Throws a {@link CniError}.
 */
export async function run(file: string, options: RunOptions): Promise<Ran> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await runOnce(file, options);
    } catch (error) {
      // It is just being installed: whoever writes it has it open still.
      if (!isErrno(error, "ETXTBSY") || attempt >= 5) throw couldNotStart(file, error);
      await sleep(100);
    }
  }
}

function couldNotStart(file: string, error: unknown): unknown {
  if (error instanceof CniError) return error;
  const why = error instanceof Error ? error.message : String(error);
  // Of these there may be enough another time.
  const passes = isErrno(error, "EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ETXTBSY");
  return new IpamRefusal({
    code: passes ? code.tryAgain : code.io,
    message: `cannot run ${file}: ${why}; ${passes ? "try again" : "see whether it is a program for this host"}`,
    cause: error,
  });
}

function runOnce(file: string, { input, env, timeoutMs, signal }: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [], { env: { ...env }, stdio: ["pipe", "pipe", "inherit"], detached: true });
    const output: Buffer[] = [];
    let length = 0;
    let failure: CniError | undefined;
    const kill = (error: CniError): void => {
      failure ??= error;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
      child.stdout.destroy();
      // A program that waits for hardware, or for a file system that is gone, does not even end when it is killed.
      drain ??= setTimeout(() => {
        end();
        child.unref();
        reject(error);
      }, killMs);
    };
    const timeout = (): void =>
      kill(
        new CniError({
          code: code.tryAgain,
          message: `${file} did not answer within ${timeoutMs} ms and was killed: try again, or raise ipamTimeoutMs`,
        }),
      );
    const timer = setTimeout(timeout, timeoutMs);
    const onAbort = (): void => kill(new CniError({ code: code.tryAgain, message: `${file} was cancelled` }));
    signal?.addEventListener("abort", onAbort, { once: true });
    let drain: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      clearTimeout(drain);
      signal?.removeEventListener("abort", onAbort);
    };
    child.once("error", (error) => {
      end();
      reject(error);
    });
    child.stdout.on("data", (piece: Buffer) => {
      output.push(piece);
      length += piece.length;
      if (length <= longestOutput) return;
      const message = `${file} printed more than ${longestOutput} bytes: this is no CNI plugin`;
      kill(new CniError({ code: code.decode, message }));
    });
    // It may end without having read.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("exit", () => {
      clearTimeout(timer);
      clearTimeout(drain);
      drain = setTimeout(() => child.stdout.destroy(), drainMs);
    });
    child.once("close", (exitCode) => {
      end();
      if (failure === undefined) resolve({ exitCode, stdout: Buffer.concat(output).toString("utf8") });
      else reject(failure);
    });
    if (signal?.aborted === true) onAbort();
  });
}

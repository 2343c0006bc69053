import { constants, fstatSync, openSync, readSync } from "node:fs";
import { isErrno } from "./errors.js";

/** How long a runtime may take to write the network configuration, and to close what it writes to. */
const defaultLimitMs = 30_000;

/** More than any network configuration, in bytes, with the list of valid attachments of the largest host. */
const longestInput = 16 * 1024 * 1024;

/** What was read so far. */
class Input {
  readonly #pieces: Buffer[] = [];
  #total = 0;

  take(piece: Buffer): void {
    this.#total += piece.length;
    if (this.#total > longestInput)
      throw new Error(`it is longer than ${longestInput} bytes: this is no network configuration`);
    this.#pieces.push(piece);
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString("utf8");
  }
}

/** Reads what is there. `true`: that was all; `false`: on a handle that does not wait, there may come more. */
function readAtOnce(handle: number, input: Input): boolean {
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(65_536);
      const length = readSync(handle, piece);
      if (length === 0) return true;
      input.take(piece.subarray(0, length));
    }
  } catch (error) {
    if (isErrno(error, "EAGAIN")) return false;
    throw error;
  }
}

/** Reads the rest as it comes, and no longer than that: who waits in read(2) has no clock. */
async function readInTime(handle: number, input: Input, limitMs: number): Promise<void> {
  // Asked for here: most runs do not need it, and import() in code that was kept compiled makes Node 20 warn.
  const { Socket } = process.getBuiltinModule("node:net");
  const stream = new Socket({ fd: handle, readable: true, writable: false });
  const late = new Error(
    `it did not end within ${limitMs} ms: the runtime has to write the whole network configuration and then to close it`,
  );
  const timer = setTimeout(() => stream.destroy(late), limitMs);
  try {
    for await (const piece of stream) if (Buffer.isBuffer(piece)) input.take(piece);
  } finally {
    clearTimeout(timer);
  }
}

/** A second handle of a pipe, which does not wait; undefined: the pipe is another user's. */
function withoutWaiting(pipe: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${pipe}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/**
 * Reads all of a handle, standard input's. One that is closed is empty. A runtime writes a pipe, mostly before we look,
 * and what does not end within `limitMs` is an error; files and terminals are read to their end.
 */
export async function readInput(handle: number, limitMs: number = defaultLimitMs): Promise<string> {
  const input = new Input();
  try {
    const stats = fstatSync(handle);
    const opened = stats.isFIFO() ? withoutWaiting(handle) : undefined;
    const atOnce = opened ?? (stats.isFIFO() || stats.isSocket() ? undefined : handle);
    if (atOnce === undefined || !readAtOnce(atOnce, input))
      await readInTime(atOnce ?? handle, input, limitMs);
  } catch (error) {
    if (!isErrno(error, "EBADF")) throw error;
  }
  return input.text;
}

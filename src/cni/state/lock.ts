import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { code, CniError, fromIo } from "../errors.js";

/*
 * A lock that a killed process cannot leave shut. Each claim is a file of its own, whose name says whose it is: key,
 * boot, pid namespace, pid, start time, random. Who wants the lock makes a claim, then looks for others': of two, the
 * later one sees the earlier (Dekker's way), so never do both have it. Who sees a living one takes its own claim back
 * and tries again after a random pause. A dead process's claim is removed by anybody: no name is ever used twice, so
 * nobody's living claim is removed.
 */

interface Claimant {
  readonly boot: string;
  readonly namespace: string;
  readonly pid: string;
  readonly start: string;
}

/** Start time of a process in clock ticks since boot (proc_pid_stat(5), field 22); undefined: there is none. */
function startOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the program's name in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function myself(): Claimant {
  const pid = String(process.pid);
  return {
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().replaceAll("-", ""),
    namespace: /\d+/u.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0",
    pid,
    start: startOf(pid) ?? "0",
  };
}

let me: Claimant | undefined;

const separator = ",";

function parse(file: string): (Claimant & { readonly key: string }) | undefined {
  const [key, boot, namespace, pid, start, random, ...rest] = file.split(separator);
  if (rest.length > 0 || random === undefined) return undefined;
  if (key === undefined || boot === undefined || namespace === undefined) return undefined;
  if (pid === undefined || start === undefined) return undefined;
  return { key, boot, namespace, pid, start };
}

/** After this a claim from another pid namespace, whose processes cannot be looked at from here, is taken for dead. */
const strangersLifeMs = 15 * 60_000;

function isAlive(claim: Claimant, path: string): boolean {
  me ??= myself();
  if (claim.boot !== me.boot) return false;
  if (claim.namespace === me.namespace) return startOf(claim.pid) === claim.start;
  try {
    return Date.now() - statSync(path).mtimeMs < strangersLifeMs;
  } catch {
    return false;
  }
}

/** Whether somebody who lives claims `key`, or any key; claims of the dead are removed on the way. */
function claimed(directory: string, key: string | undefined, own: string | undefined): boolean {
  let found = false;
  for (const file of readdirSync(directory)) {
    if (file === own) continue;
    const claim = parse(file);
    if (claim === undefined || (key !== undefined && claim.key !== key)) continue;
    const path = join(directory, file);
    if (isAlive(claim, path)) found = true;
    else rmSync(path, { force: true });
  }
  return found;
}

/** A lock that is held. Disposing it gives it back. */
export interface Held extends Disposable {
  readonly key: string;
}

/** Tries once. `undefined`: somebody else has it. */
export function tryLock(directory: string, key: string): Held | undefined {
  me ??= myself();
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const parts = [key, me.boot, me.namespace, me.pid, me.start, randomBytes(6).toString("hex")];
    const file = parts.join(separator);
    const path = join(directory, file);
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
    const release = (): void => rmSync(path, { force: true });
    if (!claimed(directory, key, file)) return { key, [Symbol.dispose]: release };
    release();
    return undefined;
  } catch (error) {
    throw fromIo(`lock ${key} in ${directory}`, error);
  }
}

/** Waits for the lock. Throws a {@link CniError} of code 11 when it is not to be had in time, or the signal fires first. */
export async function lock(
  directory: string,
  key: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Held> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const held = tryLock(directory, key);
    if (held !== undefined) return held;
    if (performance.now() >= endsAt)
      throw new CniError({
        code: code.tryAgain,
        message: `another run of the plugin works on this attachment and did not end within ${timeoutMs} ms: try again`,
      });
    if (signal.aborted)
      throw new CniError({
        code: code.tryAgain,
        message: "another run of the plugin works on this attachment, and this one was cancelled: try again",
      });
    await sleep(5 + Math.random() * 20);
  }
}

/** Whether anybody but the holder of `but` works on an attachment of this state directory. */
export function anyLocked(directory: string): boolean {
  try {
    return claimed(directory, undefined, undefined);
  } catch (error) {
    throw fromIo(`look for locks in ${directory}`, error);
  }
}

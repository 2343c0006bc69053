import { randomUUID } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { code, CniError, fromIo, cannotChange, isErrno } from "../errors.js";
import { makeDirectory, remove } from "./files.js";

/*
 * A lock that a killed process cannot leave shut. Each claim is a file of its own, whose name says whose it is: key,
 * boot, pid namespace, pid, start time, when it ends at the latest, random. Who wants the lock makes a claim, then looks for others': of two, the
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

interface Claim extends Claimant {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
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

function parse(file: string): Claim | undefined {
  const [key, boot, namespace, pid, start, endsAt, random, ...rest] = file.split(separator);
  if (rest.length > 0 || random === undefined) return undefined;
  if (key === undefined || boot === undefined || namespace === undefined) return undefined;
  if (pid === undefined || start === undefined) return undefined;
  return { key, boot, namespace, pid, start, endsAt: Number(endsAt) };
}

/** What a command may take beyond its time, to end what is no waiting. */
const graceMs = 10_000;

function isAlive(claim: Claim): boolean {
  me ??= myself();
  if (claim.boot !== me.boot) return false;
  if (claim.namespace === me.namespace) return startOf(claim.pid) === claim.start;
  // Processes of another pid namespace cannot be looked at from here, but each says when it ends.
  return Date.now() < claim.endsAt + graceMs;
}

function claimsIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    // Nobody ever made one.
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** One that stays, on a disk that became read-only, is soon a dead process's, which holds nobody up. */
function removeClaim(directory: string, file: string): void {
  try {
    remove(join(directory, file));
  } catch (error) {
    if (!cannotChange(error)) throw error;
  }
}

/** Whether somebody who lives claims `key`, or any key; claims of the dead are removed on the way. */
function claimed(directory: string, key: string | undefined, own: string | undefined): boolean {
  let found = false;
  for (const file of claimsIn(directory)) {
    if (file === own) continue;
    const claim = parse(file);
    if (claim === undefined || (key !== undefined && claim.key !== key)) continue;
    if (isAlive(claim)) found = true;
    else removeClaim(directory, file);
  }
  return found;
}

/** A lock that is held. Disposing it gives it back. */
export interface Held extends Disposable {
  readonly key: string;
}

/**
 * What a run does when the disk has no room for its claim, or is read-only. One that makes something fails: it would need room too. One
 * that takes away what was made, or looks, goes on unless somebody else has a claim: two of those are not in each other's way.
 */
export type WithoutRoom = "fail" | "go on";

/** Makes a claim. Gives the error of a disk that has no room for it; undefined: it is made. */
function makeClaim(directory: string, file: string): Error | undefined {
  try {
    if (!existsSync(directory)) makeDirectory(directory, 0o700);
    closeSync(openSync(join(directory, file), "wx", 0o600));
    return undefined;
  } catch (error) {
    if (error instanceof Error && cannotChange(error)) return error;
    throw error;
  }
}

/** Tries once, for a run that ends at `endsAt` (milliseconds since the epoch). `undefined`: somebody else has it. */
export function tryLock(
  directory: string,
  key: string,
  endsAt: number,
  withoutRoom: WithoutRoom = "fail",
): Held | undefined {
  me ??= myself();
  try {
    const parts = [key, me.boot, me.namespace, me.pid, me.start, Math.ceil(endsAt), randomUUID()];
    const file = parts.join(separator);
    const noRoom = makeClaim(directory, file);
    const release = (): void => removeClaim(directory, file);
    let taken = true;
    try {
      taken = claimed(directory, key, file);
    } finally {
      if (taken) release();
    }
    if (taken) return undefined;
    if (noRoom !== undefined && withoutRoom === "fail") throw noRoom;
    return { key, [Symbol.dispose]: release };
  } catch (error) {
    throw fromIo(`lock ${key} in ${directory}`, error);
  }
}

/** The run that wants a lock. */
export interface Claiming {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Waits for the lock. Throws a {@link CniError} of code 11 when the signal fires first. */
export async function lock(
  directory: string,
  key: string,
  { signal, endsAt }: Claiming,
  withoutRoom?: WithoutRoom,
): Promise<Held> {
  for (;;) {
    const held = tryLock(directory, key, endsAt, withoutRoom);
    if (held !== undefined) return held;
    if (signal.aborted)
      throw new CniError({
        code: code.tryAgain,
        message: "another run of the plugin works on this attachment and did not end in time: try again",
      });
    await sleep(5 + Math.random() * 20);
  }
}

/** Whether anybody works on an attachment of this state directory. */
export function anyLocked(directory: string): boolean {
  try {
    return claimed(directory, undefined, undefined);
  } catch (error) {
    throw fromIo(`look for locks in ${directory}`, error);
  }
}

/**
 * Loaded into the plugin's process before the plugin (`node --require`): counts the steps that change something outside
 * the process, and lets one of them fail, or the process end at it as by `kill -9`. Told what by `CNI_STEP_FAULT`.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import process from "node:process";
import type { StepFault } from "./step-fault.js";

const fault: StepFault = JSON.parse(process.env["CNI_STEP_FAULT"] ?? "");
const log = fs.openSync(fault.log, "a");
const { writeSync } = fs;

let steps = 0;
/** One step may be carried out by others of Node's functions: it is still one. */
let isWithin = false;

const end = (): void => void process.kill(process.pid, "SIGKILL");

function failure(errno: "ENOSPC" | "EIO", syscall: string): Error {
  const [number, why] = errno === "ENOSPC" ? [-28, "no space left on device"] : [-5, "i/o error"];
  return Object.assign(new Error(`${errno}: ${why}, ${syscall}`), { code: errno, errno: number, syscall });
}

/** What needs room on the disk; of what was written, some file systems look for it only when it is to last. */
const needsRoom: ReadonlySet<string> = new Set([
  "fsync",
  "openSync",
  "writeSync",
  "writeFileSync",
  "linkSync",
  "mkdirSync",
]);

/** Throws if this step is to fail. */
function begin(name: string, detail: string, isFile: boolean): void {
  steps += 1;
  writeSync(log, `${steps} ${name} ${detail}\n`);
  const { at, how } = fault;
  if (steps === at && how === "kill-before") end();
  if (!isFile) return;
  if (steps === at && how === "EIO") throw failure("EIO", name);
  if (steps >= at && how === "ENOSPC" && needsRoom.has(name)) throw failure("ENOSPC", name);
}

type Operation = (this: unknown, ...args: unknown[]) => unknown;

/** Has a function of Node's count as a step, for the calls of it that are one. */
function count(
  owner: object,
  name: string,
  kind: "file" | "process" | "socket",
  isStep: (subject: unknown, args: readonly unknown[]) => boolean,
): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== "function") throw new Error(`this Node has no ${name}`);
  const counted: Operation = function counted(...args) {
    if (isWithin || !isStep(this, args)) return Reflect.apply(original, this, args);
    begin(name, kind === "file" ? String(args[0]) : kind, kind === "file");
    isWithin = true;
    try {
      return Reflect.apply(original, this, args);
    } finally {
      isWithin = false;
      if (steps === fault.at && fault.how === "kill-after") end();
    }
  };
  Reflect.set(owner, name, counted);
}

const { O_RDWR, O_WRONLY } = fs.constants;
const writes = (flags: unknown): boolean =>
  typeof flags === "number"
    ? (flags & (O_RDWR | O_WRONLY)) !== 0
    : typeof flags === "string" && /[wa+]/u.test(flags);
const always = (): boolean => true;

count(fs, "openSync", "file", (_fs, [, flags]) => writes(flags));
for (const name of [
  "appendFileSync",
  "chmodSync",
  "chownSync",
  "fchmodSync",
  "fchownSync",
  "fsync",
  "linkSync",
  "mkdirSync",
  "renameSync",
  "rmSync",
  "rmdirSync",
  "unlinkSync",
  "writeFileSync",
])
  count(fs, name, "file", always);
/** What goes to standard output is the answer. */
count(fs, "writeSync", "file", (_fs, [handle]) => handle !== 1);
count(childProcess, "spawn", "process", always);
// Below `write` and `end`, and once more when the connection is there: the bytes go out here.
count(
  net.Socket.prototype,
  "_writeGeneric",
  "socket",
  (socket) => socket instanceof net.Socket && !socket.connecting,
);

import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { UnsupportedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";

/** How VPP names the memory of its statistics (`src/vpp/stats/stat_segment.c` up to 20.09, `src/vlib/stats/init.c`). */
const segmentName = /^\/memfd:stat(?: segment|_segment_test)\b/u;

/** Where to look for a process's open files; another place than /proc is for tests. */
export interface ProcessFiles {
  readonly proc: string;
}

/**
 * Where the statistics of the VPP that listens on a unix socket can be opened. VPP hands them out over its stats socket by
 * passing a file descriptor, which Node cannot receive; the process's own descriptors lead to the same memory.
 *
 * @param socket - the path of any socket that it listens on: the API's or the statistics'
 * @param pid - looked at first: what `control_ping` says
 */
export function findSegment(
  socket: string,
  pid: number | undefined,
  { proc }: ProcessFiles = { proc: "/proc" },
): Result<string, UnsupportedError> {
  const inode = listeningInode(socket, proc);
  if (inode === undefined) {
    return Err(
      unsupported(
        `no process here listens on ${socket}; it must be the socket of a VPP on this host and in this network namespace`,
      ),
    );
  }
  const others = processes(proc).filter((one) => one !== pid);
  let denied = 0;
  for (const candidate of pid === undefined ? others : [pid, ...others]) {
    const files = openFiles(join(proc, String(candidate), "fd"));
    if (files === undefined) denied++;
    else if (files.some(({ target }) => target === `socket:[${inode}]`)) {
      const segment = files.find(({ target }) => segmentName.test(target));
      return segment === undefined ? Err(noSegment(socket, candidate)) : Ok(segment.path);
    }
  }
  const who = denied === 0 ? "none of them" : `none of them that may be looked at; ${denied} may not`;
  return Err(
    unsupported(
      `the process behind ${socket} is to be found among those of this host, and it is ${who}: run as root or as VPP's user, and in its pid namespace`,
    ),
  );
}

/** The inode of a listening socket in /proc/net/unix (proc_net(5)): `Num: RefCount Protocol Flags Type St Inode Path`. */
function listeningInode(socket: string, proc: string): string | undefined {
  const paths = new Set([socket, realPath(socket)]);
  const isListening = 0x1_0000;
  for (const line of readText(join(proc, "net/unix")).split("\n")) {
    const found = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.+)$/u.exec(line);
    const [, flags = "0", inode, path = ""] = found ?? [];
    if (paths.has(path) && (Number.parseInt(flags, 16) & isListening) !== 0) return inode;
  }
  return undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function processes(proc: string): readonly number[] {
  try {
    return readdirSync(proc)
      .filter((name) => /^\d+$/u.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** What a process has open; undefined where we may not know. A process that has ended has nothing open. */
function openFiles(
  directory: string,
): readonly { readonly path: string; readonly target: string }[] | undefined {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    return code === "EACCES" || code === "EPERM" ? undefined : [];
  }
  return names.map((name) => {
    const path = join(directory, name);
    return { path, target: linkTarget(path) };
  });
}

/** Empty for what was closed meanwhile. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function noSegment(socket: string, pid: number): UnsupportedError {
  return unsupported(
    `process ${pid}, which listens on ${socket}, has no statistics segment; it is no VPP, or one older than 19.08`,
  );
}

/** The error for statistics that cannot be read, and why. */
export function unsupported(why: string, cause?: unknown): UnsupportedError {
  const message = `openVppStats: the statistics cannot be read without native code: ${why}`;
  return new UnsupportedError({ operation: "openVppStats", feature: "statistics", message, cause });
}

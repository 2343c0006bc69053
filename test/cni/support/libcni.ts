/** The plugin as container runtimes call it: by libcni, the reference library in Go. */
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export const hasGo = spawnSync("go", ["version"]).status === 0;

/** What stands behind the name of a skipped suite. */
export const unlessGo: string = hasGo ? "" : " (skipped: no go)";

/** Of the IPAM plugins that this is tried with the newest. */
const newestPlugins = "v1.10.0";

/** Builds what calls the plugin, with the modules of go.sum, into a folder. Rejects where no proxy can be reached. */
export async function buildCaller(folder: string): Promise<string> {
  const program = join(folder, "libcni-caller");
  const source = join(import.meta.dirname, "libcni");
  await run("go", ["build", "-C", source, "-mod=readonly", "-buildvcs=false", "-o", program, "."]);
  return program;
}

/** Builds a program of a module, known by the checksum database, into a folder. */
export async function buildModule(module: string, folder: string): Promise<void> {
  await run("go", ["install", module], { env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" } });
}

/** Builds the newest host-local into a folder. */
export const buildHostLocal = (folder: string): Promise<void> =>
  buildModule(`github.com/containernetworking/plugins/plugins/ipam/host-local@${newestPlugins}`, folder);

/** A call; the fields of the program's `call`. */
export interface LibcniCall {
  readonly path: readonly string[];
  readonly cacheDir: string;
  readonly containerID: string;
  readonly netns: string;
  readonly ifName: string;
  readonly list: Readonly<Record<string, unknown>>;
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
  readonly valid?: readonly { readonly containerID: string; readonly ifname: string }[];
}

export interface LibcniAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Has libcni carry out a command. */
export function callLibcni(program: string, command: string, call: LibcniCall): Promise<LibcniAnswer> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"] ?? "" };
    const child = execFile(program, [command], { env }, (error, stdout, stderr) => {
      if (error !== null) return reject(new Error(`${error.message}${stderr}`));
      const answer: LibcniAnswer = JSON.parse(stdout);
      resolve(answer);
    });
    child.stdin?.end(JSON.stringify(call));
  });
}

/** A network namespace that nobody has anything in, as a container's. */
export class Namespace implements Disposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** Makes one, as an ordinary user together with a user namespace. `undefined`: it cannot be made here. */
  static async make(): Promise<Namespace | undefined> {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
    // It lives as long as this process: its input ends with it.
    const holder = spawn("unshare", [...user, "--net", "cat"], { stdio: ["pipe", "ignore", "ignore"] });
    holder.on("error", () => undefined);
    const made = new Namespace(holder);
    const ours = readlinkSync("/proc/self/ns/net");
    while (holder.pid !== undefined && holder.exitCode === null) {
      if (readlinkSync(made.path) !== ours) return made;
      await sleep(5);
    }
    return undefined;
  }

  get path(): string {
    return `/proc/${this.#holder.pid}/ns/net`;
  }

  [Symbol.dispose](): void {
    this.#holder.kill();
  }
}

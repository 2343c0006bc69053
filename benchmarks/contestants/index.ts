import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { Contestant } from "../support/contestant.js";
import type { Task } from "../support/protocol.js";

const exec = promisify(execFile);
const here = import.meta.dirname;

/** How a contestant is started. Builds go into a folder that is removed afterwards. */
interface Entry {
  readonly name: string;
  /** The program and its first arguments; throws, saying why, when it cannot run on this machine. */
  command(buildFolder: string): Promise<readonly [string, ...string[]]>;
}

export const ours = "vswitch-drivers";
export const floor = "bare socket";
export const processes = "ovs-vsctl";
export const libraries = ["python3-openvswitch", "libovsdb"] as const;

const script = (name: string, file: string): Entry => ({
  name,
  command: () => Promise.resolve([process.execPath, "--import", "tsx", join(here, file)]),
});

/** Debian's modules belong to Debian's own Python, which need not be the first one in PATH. */
async function python(module: string): Promise<string> {
  for (const interpreter of ["/usr/bin/python3", "python3"]) {
    const found = await exec(interpreter, ["-c", `import ${module}`]).then(
      () => true,
      () => false,
    );
    if (found) return interpreter;
  }
  throw new Error(`no python3 that has the module ${module}`);
}

const pythonScript = (name: string, file: string, module: string): Entry => ({
  name,
  // -B: nothing is written beside the sources.
  command: async () => [await python(module), "-B", join(here, "../peers/python", file)],
});

const goProgram = (name: string, folder: string): Entry => ({
  name,
  async command(buildFolder) {
    const program = join(buildFolder, folder);
    const [found] = await Promise.allSettled([exec("go", ["version"])]);
    if (found.status === "rejected") throw new Error("no go");
    // -mod=readonly: exactly the modules of go.sum.
    const build = ["build", "-C", join(here, "../peers", folder), "-mod=readonly", "-buildvcs=false"];
    await exec("go", [...build, "-o", program, "."]);
    return [program];
  },
});

const entries: readonly Entry[] = [
  script(floor, "socket.ts"),
  pythonScript(libraries[0], "idl.py", "ovs"),
  goProgram(libraries[1], "libovsdb"),
  pythonScript(processes, "vsctl.py", "sys"),
];

export const contestantNames: readonly string[] = entries.map((entry) => entry.name);

/** A contestant that can be started here, or why it cannot. */
export type Prepared =
  | { readonly name: string; start(task: Task): Promise<Contestant> }
  | { readonly name: string; readonly missing: string };

/** Makes the named contestants ready to start. */
export async function prepare(names: readonly string[], buildFolder: string): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = [];
  for (const entry of entries.filter((candidate) => names.includes(candidate.name))) {
    const { name } = entry;
    try {
      const [program, ...first] = await entry.command(buildFolder);
      prepared.push({
        name,
        start: (task) =>
          Contestant.start(name, [
            program,
            ...first,
            task.remote,
            task.bridge,
            task.mode,
            task.socketDirectory,
          ]),
      });
    } catch (error) {
      prepared.push({ name, missing: error instanceof Error ? error.message : String(error) });
    }
  }
  return prepared;
}

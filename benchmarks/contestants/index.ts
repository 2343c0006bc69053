import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { Contestant } from "../support/contestant.js";
import type { FloorTask } from "../support/protocol.js";

const exec = promisify(execFile);
const here = import.meta.dirname;

type Command = readonly [program: string, ...firstArguments: string[]];

/** How a contestant is started. */
interface Entry {
  readonly name: string;
  /** Builds it, in that folder, if it has to be built; throws, saying why, when it cannot run on this machine. */
  command(buildFolder: string): Promise<Command>;
}

export const ours = "vswitch-drivers";
export const floor = "bare socket";
export const processes = "ovs-vsctl";
export const libraries = ["python3-openvswitch", "libovsdb"] as const;

/** Built as the package is: what runs TypeScript directly wraps every function, which costs. */
const script = (name: string, file: string): Entry => ({
  name,
  async command(buildFolder) {
    const tsup = join(here, "../../node_modules/.bin/tsup");
    const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", buildFolder];
    await exec(tsup, [join(here, `${file}.ts`), ...output]);
    return [process.execPath, join(buildFolder, `${file}.js`)];
  },
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
  script(ours, "ours"),
  script(floor, "socket"),
  pythonScript(libraries[0], "idl.py", "ovs"),
  goProgram(libraries[1], "libovsdb"),
  pythonScript(processes, "vsctl.py", "sys"),
];

export const contestantNames: readonly string[] = entries.map((entry) => entry.name);

/** A contestant that can be started here, or why it cannot. */
export type Prepared =
  | { readonly name: string; start(task: FloorTask): Promise<Contestant> }
  | { readonly name: string; readonly missing: string };

/** Makes the named contestants ready to start. The folder must be below the project's, where the packages are found. */
export async function prepare(names: readonly string[], buildFolder: string): Promise<readonly Prepared[]> {
  const prepared: Prepared[] = [];
  for (const entry of entries.filter((candidate) => names.includes(candidate.name))) {
    const { name } = entry;
    try {
      const command = await entry.command(buildFolder);
      prepared.push({
        name,
        start: (task) => Contestant.start(name, [...command, ...argumentsOf(name, task)]),
      });
    } catch (error) {
      prepared.push({ name, missing: error instanceof Error ? error.message : String(error) });
    }
  }
  return prepared;
}

function argumentsOf(name: string, task: FloorTask): readonly string[] {
  const common = [task.remote, task.bridge, task.mode, task.socketDirectory];
  return name === floor ? [...common, task.recording] : common;
}

import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { Command } from "../support/contestant-process.js";

export const exec = promisify(execFile);
const here = import.meta.dirname;

/** How a contestant is started. */
export interface Entry {
  readonly name: string;
  /** Builds it, in that folder, if it has to be built; throws, saying why, when it cannot run on this machine. */
  command(buildFolder: string): Promise<Command>;
}

/** Built as the package is: what runs TypeScript directly wraps every function, which costs. */
export const script = (name: string, file: string): Entry => ({
  name,
  async command(buildFolder) {
    const tsup = join(here, "../../node_modules/.bin/tsup");
    const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", buildFolder];
    await exec(tsup, [join(here, `${file}.ts`), ...output]);
    return [process.execPath, join(buildFolder, `${file}.js`)];
  },
});

/** Debian's modules belong to Debian's own Python, which need not be the first one in PATH. */
export async function python(module: string): Promise<string> {
  for (const interpreter of ["/usr/bin/python3", "python3"]) {
    const found = await exec(interpreter, ["-c", `import ${module}`]).then(
      () => true,
      () => false,
    );
    if (found) return interpreter;
  }
  throw new Error(`no python3 that has the module ${module}`);
}

export const pythonScript = (name: string, file: string, module: string): Entry => ({
  name,
  // -B: nothing is written beside the sources.
  command: async () => [await python(module), "-B", join(here, "../peers/python", file)],
});

export const goProgram = (name: string, folder: string): Entry => ({
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

/** A program of one file of C. */
export async function cProgram(buildFolder: string, name: string): Promise<string> {
  const program = join(buildFolder, name);
  await exec("cc", ["-O2", "-Wall", "-o", program, join(here, `../peers/c/${name}.c`)]);
  return program;
}

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Command } from "../support/contestant-process.js";
import { exec, goProgram, script, type Entry } from "./build.js";

export const ours = "vswitch-drivers";
export const govpp = "govpp";
export const papi = "vpp_papi";
export const floor = "bare socket";

const here = import.meta.dirname;

/** VPP's own client, from the tree that `VPP_PAPI_PATH` names or else from PyPI, into the build folder. */
const papiScript: Entry = {
  name: papi,
  async command(buildFolder) {
    let path = process.env["VPP_PAPI_PATH"];
    if (path === undefined) {
      path = join(buildFolder, "papi");
      const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", path];
      await exec("python3", [...install, "vpp_papi==2.4.2"]);
    }
    return ["/usr/bin/env", `PYTHONPATH=${path}`, "python3", "-B", join(here, "../peers/python/papi.py")];
  },
};

/** Those that talk to VPP. They are given the socket, and the Python client the API files. */
export const clients: readonly Entry[] = [
  script(ours, "vpp-ours"),
  goProgram(govpp, "govpp"),
  papiScript,
  script(floor, "vpp-socket"),
];

export const clientNames: readonly string[] = clients.map(({ name }) => name);

/** The server that is shipped for tests. */
export const server: Entry = script("the API server of vswitch-drivers/testing", "vpp-server");

/** Those that write bindings for all of an API. */
export const generators: readonly Entry[] = [
  {
    name: ours,
    async command(buildFolder) {
      const program = join(here, "../../src/cli/vpp-bindgen.ts");
      const tsup = join(here, "../../node_modules/.bin/tsup");
      const output = ["--no-config", "--format", "esm", "--target", "node20.19", "--out-dir", buildFolder];
      await exec(tsup, [program, ...output, "--splitting"]);
      // The command finds its own package by name.
      await copyFile(join(here, "../../package.json"), join(buildFolder, "package.json"));
      return [process.execPath, join(buildFolder, "vpp-bindgen.js")];
    },
  },
  {
    name: govpp,
    async command(buildFolder) {
      const program = join(buildFolder, "binapi-generator");
      const build = ["build", "-C", join(here, "../peers/govpp"), "-mod=readonly", "-buildvcs=false"];
      await exec("go", [...build, "-o", program, "go.fd.io/govpp/cmd/binapi-generator"]);
      return [program];
    },
  },
];

/** What a generator is asked: all of the API in a directory, written to another. */
export function generate(name: string, program: Command, api: string, out: string): Command {
  return name === ours
    ? [...program, "--in", api, "--out", out, "--unsafe"]
    : [...program, `--input=${api}`, `--output-dir=${out}`, "--import-prefix=bindings"];
}

/**
 * What a user gets from npm: packs the package, installs it into an empty project, and there loads every entry, by import
 * and by require, on every supported line of Node, compiles against the types, and builds and runs the example. With a file name as its argument it leaves its
 * counts there, in the words of vitest's JSON report.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import * as v from "valibot";
import { apiDirectory, releases, unlessMissing } from "../vpp/schema/api-files.js";

const nodeLines = ["20", "22", "24"];

const Manifest = v.object({
  name: v.string(),
  version: v.string(),
  exports: v.record(v.string(), v.union([v.string(), v.record(v.string(), v.string())])),
  bin: v.optional(v.record(v.string(), v.string()), {}),
});

const counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
const root = resolve(import.meta.dirname, "../..");
const manifest = v.parse(Manifest, JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
const entries = Object.entries(manifest.exports)
  .filter(([, target]) => typeof target === "object")
  .map(([path]) => manifest.name + path.slice(1));

const loadByImport = `
for (const entry of process.argv.slice(2)) {
  if (Object.keys(await import(entry)).length === 0) throw new Error(entry + " exports nothing");
}`;

// An error class that is not the same for both would break `instanceof` in a program that loads the package in both ways.
const loadByRequire = `
const required = process.argv.slice(2).map((entry) => [entry, require(entry)]);
(async () => {
  for (const [entry, module] of required) {
    for (const [name, value] of Object.entries(await import(entry))) {
      if (module[name] !== value) throw new Error(entry + " gives another " + name + " when it is required");
    }
  }
})();`;

const loadSchema = `
const { properties } = require("vswitch-drivers/cni/schema.json");
if (properties.host === undefined) throw new Error("it says nothing of the host's end");`;

/** Runs a simulated VPP of the API files of its argument until its input ends. */
const simulateVpp = `
import { VppServer } from "vswitch-drivers/testing";
const server = (await VppServer.start({ api: { directory: process.argv[2] } })).unwrap();
console.log(server.remote);
for await (const _chunk of process.stdin);
await server.stop();`;

const work = mkdtempSync(join(tmpdir(), "tarball-"));
try {
  if (await check("installs into an empty project", () => install(work))) {
    for (const line of nodeLines) await checkOnNode(line, work);
    await check("compiles against the types", () => compile(work));
    await checkExample(work);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

const [reportFile] = process.argv.slice(2);
if (reportFile !== undefined) writeFileSync(reportFile, JSON.stringify(counts));
process.exitCode = counts.numFailedTests === 0 ? 0 : 1;

async function install(project: string): Promise<void> {
  const packed = join(project, "packed");
  mkdirSync(packed);
  await run("npm", ["pack", "--pack-destination", packed], root);
  writeFileSync(join(project, "package.json"), '{ "private": true }');
  const [tarball = ""] = readdirSync(packed);
  await run("npm", ["install", "--no-audit", "--no-fund", join(packed, tarball)], project);

  writeFileSync(join(project, "import.mjs"), loadByImport);
  writeFileSync(join(project, "require.cjs"), loadByRequire);
}

async function checkOnNode(line: string, project: string): Promise<void> {
  const node = await findNode(line, project);
  if (node === undefined) {
    counts.numPendingTests += 1;
    say(`skipped: Node ${line} could not be had from npm`);
    return;
  }
  const { stdout } = await run(node, ["--version"], project);
  const version = stdout.trim();
  await check(`is imported on Node ${version}`, () => runQuietly(node, ["import.mjs", ...entries], project));
  await check(`is required on Node ${version}`, () => runQuietly(node, ["require.cjs", ...entries], project));
  await check(`gives the JSON Schema of the CNI plugin on Node ${version}`, () =>
    runQuietly(node, ["--eval", loadSchema], project),
  );
  for (const [name, file] of Object.entries(manifest.bin)) {
    const program = join(project, "node_modules", manifest.name, file);
    await check(`says its version as ${name} on Node ${version}`, async () => {
      const { stdout } = await run(node, [program, "--version"], project);
      if (!stdout.includes(manifest.version)) throw new Error(`it printed ${stdout}`);
    });
  }
}

/** The Node that runs this, or the one in npm's package `node`. */
async function findNode(line: string, project: string): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${line}.`)) return process.execPath;
  try {
    const { stdout } = await run("npx", ["--yes", `node@${line}`, "--print", "process.execPath"], project);
    return stdout.trim();
  } catch {
    return undefined;
  }
}

async function compile(project: string): Promise<void> {
  const imports = entries.map((entry, index) => `export * as entry${index} from "${entry}";\n`);
  writeFileSync(join(project, "use.mts"), imports.join(""));
  const strict = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "false",
    "--module",
    "nodenext",
    "--target",
    "es2022",
  ];
  const types = [
    "--lib",
    "es2023,esnext.disposable",
    "--typeRoots",
    join(root, "node_modules/@types"),
    "--types",
    "node",
  ];
  await run(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), ...strict, ...types, "use.mts"],
    project,
  );
}

/** The example generates its bindings in its own build, from the packed generator, and talks to the simulated VPP. */
async function checkExample(project: string): Promise<void> {
  const what = "the example builds its bindings and uses them";
  const release = releases.at(-1);
  if (release === undefined) {
    counts.numPendingTests += 1;
    say(`skipped: ${what}${unlessMissing}`);
    return;
  }
  const api = join(apiDirectory, release);
  await check(what, async () => {
    const example = join(project, "example");
    cpSync(join(root, "examples/vpp-bindings"), example, { recursive: true, filter: isSource });
    mkdirSync(join(example, "node_modules"));
    symlinkSync(join(root, "node_modules/@types"), join(example, "node_modules/@types"));
    await run("npm", ["run", "build"], example, { VPP_API: api, PATH: programs(project) });
    writeFileSync(join(project, "vpp.mjs"), simulateVpp);
    const vpp = spawn(process.execPath, ["vpp.mjs", api], {
      cwd: project,
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      const lines = createInterface({ input: vpp.stdout });
      const [line] = await Promise.race([
        once(lines, "line"),
        once(vpp, "close").then(([code]) => [`exit ${String(code)}`]),
      ]);
      const environment = { VPP_REMOTE: String(line), PATH: programs(project) };
      const { stdout } = await run("npm", ["run", "--silent", "start"], example, environment);
      const expected = "VPP 26.06-release\nlocal0 00:00:00:00:00:00 down\nloop0 02:fe:00:00:00:01 up\n";
      if (stdout !== expected) throw new Error(`it printed ${stdout}`);
      const fits = await run("npm", ["run", "--silent", "check"], example, environment);
      if (!fits.stdout.endsWith("messages fit.\n")) throw new Error(`the check printed ${fits.stdout}`);
    } finally {
      vpp.stdin.end();
      await once(vpp, "close");
    }
  });
}

/** What a clone has of the example. */
function isSource(path: string): boolean {
  return !/[\\/](?:dist|node_modules|bindings)$/.test(path);
}

/** The commands of the installed package and the compiler of this one. */
function programs(project: string): string {
  return [join(project, "node_modules/.bin"), join(root, "node_modules/.bin"), process.env["PATH"]].join(":");
}

async function check(what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    counts.numPassedTests += 1;
    say(`passed: ${what}`);
    return true;
  } catch (error) {
    counts.numFailedTests += 1;
    const output = error instanceof Error && "stdout" in error ? `\n${String(error.stdout)}` : "";
    say(`FAILED: ${what}\n${String(error)}${output}`);
    return false;
  }
}

async function runQuietly(file: string, args: readonly string[], folder: string): Promise<void> {
  const { stdout, stderr } = await run(file, args, folder);
  if (stdout + stderr !== "") throw new Error(`loading prints:\n${stdout}${stderr}`);
}

async function run(
  file: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, ...environment };
  return promisify(execFile)(file, args, { cwd, env, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

import packageJson from "../../package.json" with { type: "json" };
import { commands } from "./environment.js";
import { CniError, fault, fromIo } from "./errors.js";
import { runCommand, runExplain, type CommandRun } from "./run.js";
import { isSupported, newestVersion, supportedVersions, type CniVersion } from "./versions.js";

/** What the plugin is run with: by a runtime as a process, by a test or a service inside one. */
export interface Run extends CommandRun {
  readonly args: readonly string[];
  /** Reads all of standard input. */
  readonly stdin: () => string | Promise<string>;
}

/** What is printed, empty for nothing, and the exit code. */
export interface Answer {
  readonly stdout: string;
  readonly exitCode: number;
}

const printed = (document: unknown): string => `${JSON.stringify(document, null, 4)}\n`;

const answered = (document: unknown): Answer => ({
  stdout: document === undefined ? "" : printed(document),
  exitCode: 0,
});

/** The version to answer an error in: the caller's, if it can be made out. */
function versionIn(text: string): CniVersion {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null && "cniVersion" in document) {
      const { cniVersion } = document;
      if (typeof cniVersion === "string" && isSupported(cniVersion)) return cniVersion;
    }
  } catch {
    // Nobody's version.
  }
  return newestVersion;
}

function failed(error: unknown, text: string): Answer {
  const { code, message: msg, details } = error instanceof CniError ? error : fault(error);
  const document = { cniVersion: versionIn(text), code, msg, ...(details !== "" && { details }) };
  return { stdout: printed(document), exitCode: 1 };
}

const versionAnswer = (text: string): Answer => answered({ cniVersion: versionIn(text), supportedVersions });

const usage = `userspace is a CNI plugin: a container runtime starts it with a network configuration on standard input
and CNI_COMMAND (${commands.join(", ")}) in the environment.

  userspace explain < CONFIGURATION   prints what ADD would do, and every default
  userspace --version                 prints the version of the plugin
`;

async function readInput({ stdin }: Run): Promise<string> {
  try {
    return await stdin();
  } catch (error) {
    throw fromIo("read the network configuration from standard input", error);
  }
}

/** One run of the plugin. Never throws. */
export async function main(run: Run): Promise<Answer> {
  const [word] = run.args;
  if (word === "--version") return { stdout: `${packageJson.version}\n`, exitCode: 0 };
  if (run.env["CNI_COMMAND"] === undefined && word !== undefined && word !== "explain")
    return { stdout: usage, exitCode: word === "--help" ? 0 : 2 };
  let text = "";
  try {
    text = await readInput(run);
    if (word === "explain") return answered(await runExplain(run.env, text));
    if (run.env["CNI_COMMAND"] === "VERSION") return versionAnswer(text);
    return answered(await runCommand(run, text));
  } catch (error) {
    return failed(error, text);
  }
}

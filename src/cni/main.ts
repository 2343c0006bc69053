import packageJson from "../../package.json" with { type: "json" };
import { CommandTime, defaultCommandTimeoutMs } from "./deadline.js";
import { commands, readEnvironment, type Environment, type Invocation } from "./environment.js";
import { code, CniError, fromIo } from "./errors.js";
import { openLog, type Log } from "./log.js";
import type { Known, Loaded } from "./netconf/load.js";
import { atLeast, isSupported, newestVersion, supportedVersions, type CniVersion } from "./versions.js";
import type { World } from "./world.js";

/** What the plugin is run with: by a runtime as a process, by a test or a service inside one. */
export interface Run {
  readonly args: readonly string[];
  readonly env: Environment;
  /** Reads all of standard input. */
  readonly stdin: () => string | Promise<string>;
  /** Writes a line to standard error. */
  readonly stderr: (line: string) => void;
  readonly signal: AbortSignal;
  /** Default: the library's. */
  readonly connect?: World["connect"];
}

/** What is printed, empty for nothing, and the exit code. */
export interface Answer {
  readonly stdout: string;
  readonly exitCode: number;
}

const printed = (document: unknown): string => `${JSON.stringify(document, null, 4)}\n`;

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
  const known = error instanceof CniError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const document = {
    cniVersion: versionIn(text),
    code: known?.code ?? code.internal,
    msg: known === undefined ? `a fault of this plugin, please report it: ${message}` : message,
    ...(known !== undefined && known.details !== "" && { details: known.details }),
  };
  return { stdout: printed(document), exitCode: 1 };
}

/** The newest version first: CHECK came with 0.4.0, GC and STATUS with 1.1.0. */
function checkCommand({ command }: Invocation, { version }: Loaded): void {
  const since = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" } as const;
  if (command !== "CHECK" && command !== "GC" && command !== "STATUS") return;
  if (atLeast(version, since[command])) return;
  throw new CniError({
    code: code.incompatibleVersion,
    message: `${command} came with version ${since[command]}, and the network configuration has cniVersion ${version}: set it to that or a newer one`,
  });
}

async function connectSwitch(options: Parameters<World["connect"]>[0]): ReturnType<World["connect"]> {
  const { connect } = await import("../index.js");
  return connect(options);
}

async function runCommand(world: World, invocation: Invocation, loaded: Loaded): Promise<unknown> {
  switch (invocation.command) {
    case "ADD":
      return (await import("./commands/add.js")).add(world, invocation, loaded);
    case "CHECK":
      return (await import("./commands/check.js")).check(world, invocation, loaded);
    case "GC":
      return (await import("./commands/gc.js")).gc(world, invocation, loaded);
    case "STATUS":
      return (await import("./commands/status.js")).status(world, invocation, loaded);
    case "DEL":
    case "VERSION":
      return undefined;
  }
}

const versionAnswer = (text: string): Answer => ({
  stdout: printed({ cniVersion: versionIn(text), supportedVersions }),
  exitCode: 0,
});

/** A configuration that was read, and what to do with it. */
interface Job {
  readonly known: Known;
  readonly work: (world: World) => Promise<unknown>;
}

async function jobOf(invocation: Invocation, text: string): Promise<Job> {
  const { loadForDelete, loadNetconf } = await import("./netconf/load.js");
  if (invocation.command === "DEL") {
    const known = loadForDelete(text);
    return {
      known,
      work: async (world) => (await import("./commands/del.js")).del(world, invocation, known),
    };
  }
  const loaded = loadNetconf(text);
  checkCommand(invocation, loaded);
  return { known: loaded, work: (world) => runCommand(world, invocation, loaded) };
}

async function runPlugin(run: Run, text: string): Promise<Answer> {
  const invocation = readEnvironment(run.env);
  const { known, work } = await jobOf(invocation, text);
  const { logFile, logLevel, commandTimeoutMs = defaultCommandTimeoutMs } = known.conf;
  const log = openLog({ file: logFile, level: logLevel, stderr: run.stderr });
  using time = new CommandTime(commandTimeoutMs, run.signal);
  const world: World = {
    env: run.env,
    signal: time.signal,
    undoSignal: time.undoSignal,
    endsAt: Date.now() + time.totalMs,
    connect: run.connect ?? connectSwitch,
    log,
  };
  return await told(log, invocation, async () => {
    const document = await inTime(time, invocation, work(world));
    return { stdout: document === undefined ? "" : printed(document), exitCode: 0 };
  });
}

/** Says of what failed because the command's time was up that it was that. */
async function inTime<T>(time: CommandTime, { command }: Invocation, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!time.isUp || !(error instanceof CniError)) throw error;
    const message = `${command} was not done in its ${time.totalMs} ms (commandTimeoutMs), a quarter of which is for taking back: ${error.message}`;
    throw new CniError({ code: error.code, message, details: error.details, cause: error });
  }
}

/** Runs a command and says in the log how it went. */
async function told(log: Log, invocation: Invocation, work: () => Promise<Answer>): Promise<Answer> {
  const { command, containerId, ifName } = invocation;
  const what = [command, containerId, ifName].filter((word) => word !== "").join(" ");
  log("info", `${what} begins`);
  try {
    const answer = await work();
    log("info", `${what} ends well`);
    return answer;
  } catch (error) {
    log("info", `${what} fails: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

async function runExplain(env: Environment, text: string): Promise<Answer> {
  const { loadNetconf } = await import("./netconf/load.js");
  const { explain } = await import("./commands/explain.js");
  const invocation: Invocation = {
    command: "ADD",
    containerId: env["CNI_CONTAINERID"] ?? "CONTAINERID",
    ifName: env["CNI_IFNAME"] ?? "net1",
    netns: "",
    path: [],
    args: new Map(),
  };
  return { stdout: printed(explain(invocation, loadNetconf(text))), exitCode: 0 };
}

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
    if (word === "explain") return await runExplain(run.env, text);
    if (run.env["CNI_COMMAND"] === "VERSION") return versionAnswer(text);
    return await runPlugin(run, text);
  } catch (error) {
    return failed(error, text);
  }
}

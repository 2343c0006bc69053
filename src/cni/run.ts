import { once } from "../core/once.js";
import { CommandTime, defaultCommandTimeoutMs } from "./deadline.js";
import { readEnvironment, type Environment, type Invocation } from "./environment.js";
import { CniError, code } from "./errors.js";
import { openLog, type Log } from "./log.js";
import type { Known, Loaded } from "./netconf/load.js";
import { atLeast } from "./versions.js";
import type { World } from "./world.js";

/** What a command is run with. */
export interface CommandRun {
  readonly env: Environment;
  /** Writes a line to standard error. */
  readonly stderr: (line: string) => void;
  readonly signal: AbortSignal;
  /** Default: the library's. */
  readonly connect?: World["connect"] | undefined;
}

/** CHECK came with 0.4.0, GC and STATUS with 1.1.0. */
function checkCommand({ command }: Invocation, { version }: Loaded): void {
  const since = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" } as const;
  if (command !== "CHECK" && command !== "GC" && command !== "STATUS") return;
  if (atLeast(version, since[command])) return;
  throw new CniError({
    code: code.incompatibleVersion,
    message: `${command} came with version ${since[command]}, and the network configuration has cniVersion ${version}: set it to that or a newer one`,
  });
}

const library = once(() => import("../index.js"));
const netconf = once(() => import("./netconf/load.js"));
const commands = {
  add: once(() => import("./commands/add.js")),
  check: once(() => import("./commands/check.js")),
  del: once(() => import("./commands/del.js")),
  explain: once(() => import("./commands/explain.js")),
  gc: once(() => import("./commands/gc.js")),
  status: once(() => import("./commands/status.js")),
};

async function connectSwitch(options: Parameters<World["connect"]>[0]): ReturnType<World["connect"]> {
  const { connect } = await library();
  return connect(options);
}

async function carryOut(world: World, invocation: Invocation, loaded: Loaded): Promise<unknown> {
  switch (invocation.command) {
    case "ADD":
      return (await commands.add()).add(world, invocation, loaded);
    case "CHECK":
      return (await commands.check()).check(world, invocation, loaded);
    case "GC":
      return (await commands.gc()).gc(world, invocation, loaded);
    case "STATUS":
      return (await commands.status()).status(world, invocation, loaded);
    case "DEL":
    case "VERSION":
      return undefined;
  }
}

/** A configuration that was read, and what to do with it. */
interface Job {
  readonly known: Known;
  readonly work: (world: World) => Promise<unknown>;
}

async function jobOf(invocation: Invocation, text: string): Promise<Job> {
  const { loadForDelete, loadNetconf } = await netconf();
  if (invocation.command === "DEL") {
    const known = loadForDelete(text);
    return {
      known,
      work: async (world) => (await commands.del()).del(world, invocation, known),
    };
  }
  const loaded = loadNetconf(text);
  checkCommand(invocation, loaded);
  return { known: loaded, work: (world) => carryOut(world, invocation, loaded) };
}

/**
 * Runs the command that the environment names, with a network configuration as text, and gives the document that it
 * answers; undefined: none. Throws a {@link CniError}.
 */
export async function runCommand(run: CommandRun, text: string): Promise<unknown> {
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
  return await told(log, invocation, () => inTime(time, invocation, work(world)));
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
async function told<T>(log: Log, invocation: Invocation, work: () => Promise<T>): Promise<T> {
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

/** What an ADD would do, for the container that the environment names or any. Throws a {@link CniError}. */
export async function runExplain(env: Environment, text: string): Promise<Record<string, unknown>> {
  const { loadNetconf } = await netconf();
  const { explain } = await commands.explain();
  const invocation: Invocation = {
    command: "ADD",
    containerId: env["CNI_CONTAINERID"] ?? "CONTAINERID",
    ifName: env["CNI_IFNAME"] ?? "net1",
    netns: "",
    path: [],
    args: new Map(),
  };
  return explain(invocation, loadNetconf(text));
}

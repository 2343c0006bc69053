import {
  configure,
  ealArguments,
  environmentOf,
  findHandovers,
  ownSandboxId,
  shellLines,
  waitForHandovers,
  type Handover,
  type Places,
  type Report,
  type WaitOptions,
} from "../../container/index.js";
import { toJson } from "../../core/json.js";
import { Ok, type Result, type VSwitchError } from "../../index.js";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../interrupt.js";
import type { Connect } from "../program.js";
import { printable } from "../style.js";
import { parse, type Arguments } from "./arguments.js";

/** What the program has of the world, so that it can run inside another one. */
export interface World {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly connect: Connect;
}

function complain({ stderr }: World, message: string): void {
  stderr.write(`usrsp-app: ${printable(message)}\n`);
}

const placesOf = ({ dir, annotations, memifDir }: Arguments, env: World["env"]): Places => ({
  folders: dir,
  annotations,
  memifSockets: memifDir,
  memifSocket: env["USERSPACE_MEMIF_SOCKFILE"] || undefined,
});

const waitOf = (args: Arguments, world: World): WaitOptions => ({
  places: placesOf(args, world.env),
  count: args.count,
  ifNames: args.interface,
  timeoutMs: args.timeout,
  intervalMs: args.interval,
  signal: world.signal,
});

function written(args: Arguments, handovers: readonly Handover[]): Result<string, VSwitchError> {
  if (args.verb === "env") return Ok(shellLines(environmentOf(handovers)).join("\n"));
  if (args.verb === "json") return Ok(toJson(handovers, 0));
  return ealArguments(handovers).map((all) => all.join(args.lines ? "\n" : " "));
}

/** Prints what is there, and with `--watch` whenever it has changed. */
async function print(args: Arguments, world: World): Promise<0 | 1> {
  const waited = await waitForHandovers(waitOf(args, world));
  if (waited.isErr()) return fail(world, waited.error);
  let findings = waited.value;
  let last: string | undefined;
  for (;;) {
    const text = written(
      args,
      findings.found.map(({ handover }) => handover),
    );
    if (text.isErr()) return fail(world, text.error);
    if (text.value !== last) world.stdout.write(`${text.value}\n`);
    for (const { message } of args.watch ? [] : findings.faults) complain(world, message);
    last = text.value;
    if (!args.watch) return 0;
    await sleep(args.interval, undefined, { signal: world.signal }).catch(() => undefined);
    if (world.signal.aborted) return 0;
    const { found, faults } = findHandovers(placesOf(args, world.env));
    const taken = found.filter(({ handover }) => args.interface?.includes(handover.ifName) !== false);
    findings = { found: taken, faults };
  }
}

function tell(world: World, { found, result, notes }: Report): void {
  const { ifName } = found.handover;
  if (result.isErr()) complain(world, `${ifName}: ${result.error.message}`);
  else {
    const { interface: info, changed } = result.value;
    const place =
      info.bridge === null ? info.addresses.join(", ") || "no address" : `on bridge ${info.bridge}`;
    const what = changed ? "configured" : "there already";
    world.stdout.write(`${printable(ifName)}: ${what}, ${place}, link ${info.linkState}\n`);
  }
  for (const note of notes) complain(world, note);
}

async function configureVpp(args: Arguments, world: World): Promise<0 | 1> {
  const done = await configure({
    ...waitOf(args, world),
    watch: args.watch,
    connect: world.connect,
    vswitch: { engine: "vpp", ...(args.db !== undefined && { remote: args.db }) },
    onReport: (report) => tell(world, report),
  });
  if (args.watch && world.signal.aborted) return 0;
  if (done.isErr()) return fail(world, done.error);
  return done.value.every(({ result }) => result.isOk()) ? 0 : 1;
}

function printId(args: Arguments, world: World): 0 | 1 {
  const { found } = findHandovers(placesOf(args, world.env));
  const told = new Set(found.map(({ handover }) => handover.containerId));
  const [only] = told.size === 1 ? told : [];
  const id = ownSandboxId() ?? only;
  if (id === undefined) {
    complain(world, "this is no container that tells its id, and no data of the plugin tells it either");
    return 1;
  }
  world.stdout.write(`${id}\n`);
  return 0;
}

function fail(world: World, error: VSwitchError): 1 {
  complain(world, error.message);
  return 1;
}

/** The `usrsp-app` command. Gives the exit code. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const parsed = await parse(argv, 100);
  if (parsed.kind === "text") {
    world.stdout.write(`${parsed.text}\n`);
    return 0;
  }
  if (parsed.kind === "misused") {
    complain(world, `${parsed.message}; use --help for help`);
    return 1;
  }
  const { args } = parsed;
  const code =
    args.verb === "id"
      ? printId(args, world)
      : args.verb === "vpp"
        ? await configureVpp(args, world)
        : await print(args, world);
  const { signal } = world;
  return signal.reason instanceof Interrupted && !args.watch ? signal.reason.exitCode : code;
}

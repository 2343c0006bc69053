import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import * as v from "valibot";
import type { CniCommand, CniContestant } from "../contestants/cni.js";
import { containerId, type Engine } from "./cni-engines.js";
import type { ContestantProcess } from "./contestant-process.js";
import type { Launched, Launcher } from "./launch.js";
import { median } from "./statistics.js";

export const commands = ["ADD", "DEL"] as const;

/** What a command of a contestant took in one round: medians of its runs. */
export interface Sample {
  readonly wallMs: number;
  /** Of the processes that were started. */
  readonly cpuMs: number;
  /** Of the service. */
  readonly serviceCpuMs: number;
  readonly peakMiB: number;
  /** Of the wall-clock time what the switch took; NaN where nobody looked. */
  readonly switchMs: number;
}

export type Samples = Readonly<Record<CniCommand, readonly Sample[]>>;

export interface CniRounds {
  readonly launcher: Launcher;
  readonly engine: Engine;
  readonly contestants: readonly CniContestant[];
  readonly rounds: number;
  /** ADDs and DELs in a turn. */
  readonly pairs: number;
  /** The same in the first turn of the service, in which its just-in-time compiler learns the code. */
  readonly warmUp: number;
  readonly servicePid: number;
  /** What stands before the switch and looks at the clock, and where it listens. */
  readonly watch?: { readonly relay: ContestantProcess; readonly remote: string };
}

const turnsReply = v.object({ turns: v.array(v.tuple([v.number(), v.number()])) });

/** All in turn, again and again; a first round, in which compiled code is kept and caches fill, is not recorded. */
export async function interleaveCni(options: CniRounds): Promise<ReadonlyMap<CniContestant, Samples>> {
  const { contestants, rounds, engine } = options;
  const remote = options.watch?.remote ?? engine.remote;
  const ours = await engine.configuration("benchmark", remote);
  const input = { ours, others: await engine.configuration("static", remote) };
  const results = new Map<CniContestant, Record<CniCommand, Sample[]>>(
    contestants.map((contestant) => [contestant, { ADD: [], DEL: [] }]),
  );
  for (let round = 0; round <= rounds; round++) {
    const first = round % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const pairs = round === 0 && contestant.isServed === true ? options.warmUp : options.pairs;
      const file = contestant.attaches ? input.ours : input.others;
      const runs = await turn(contestant, file, { ...options, pairs });
      if (round === 0) continue;
      for (const command of commands) results.get(contestant)?.[command].push(middle(runs[command]));
    }
  }
  return results;
}

const middle = (runs: readonly Sample[]): Sample => ({
  wallMs: median(runs.map(({ wallMs }) => wallMs)),
  cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
  serviceCpuMs: median(runs.map(({ serviceCpuMs }) => serviceCpuMs)),
  peakMiB: Math.max(...runs.map(({ peakMiB }) => peakMiB)),
  switchMs: median(runs.map(({ switchMs }) => switchMs)),
});

async function turn(
  contestant: CniContestant,
  input: string,
  options: CniRounds,
): Promise<Readonly<Record<CniCommand, readonly Sample[]>>> {
  const runs: Record<CniCommand, Sample[]> = { ADD: [], DEL: [] };
  for (let pair = 0; pair < options.pairs; pair++) {
    for (const command of commands) {
      runs[command].push(await one(command, contestant, input, options));
      // One that does less than the others would be fast. A look before and after each would change what is measured.
      if (pair === 0) await verify(command, contestant, options.engine);
    }
  }
  return runs;
}

async function verify(command: CniCommand, { name, attaches }: CniContestant, engine: Engine): Promise<void> {
  const found = await engine.interfaces();
  const expected = attaches && command === "ADD" ? 1 : 0;
  if (found.length !== expected)
    throw new Error(`after ${command} by ${name} there are ${found.length} interfaces: ${found.join(", ")}`);
}

async function one(
  command: CniCommand,
  contestant: CniContestant,
  input: string,
  { launcher, engine, servicePid, watch }: CniRounds,
): Promise<Sample> {
  const started = contestant.start(command, engine);
  if (started === undefined) throw new Error(`${contestant.name} is not for ${engine.title}`);
  const env = {
    PATH: process.env["PATH"] ?? "",
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: "net0",
    CNI_NETNS: "/proc/self/ns/net",
    CNI_NETNS_OVERRIDE: "1",
    CNI_PATH: "/usr/lib/cni",
    ...started.env,
  };
  await watch?.relay.ask("take", turnsReply);
  const before = await cpuMs(servicePid);
  const launched = await launcher.run({ command: started.command, env, input });
  const serviceCpuMs = contestant.isServed === true ? (await cpuMs(servicePid)) - before : 0;
  const turns = watch === undefined ? undefined : (await watch.relay.ask("take", turnsReply)).turns;
  return { ...launched, serviceCpuMs, switchMs: shareMs(launched, turns) };
}

/** How long the switch was being waited for. */
function shareMs({ startNs, endNs }: Launched, turns?: readonly (readonly [number, number])[]): number {
  if (turns === undefined) return Number.NaN;
  const within = turns.map(([from, to]) => Math.max(0, Math.min(to, endNs) - Math.max(from, startNs)));
  return within.reduce((sum, ns) => sum + ns, 0) / 1e6;
}

/** CPU time of a process, all its threads: /proc/PID/task/TID/schedstat, nanoseconds (sched-stats in Linux's documentation). */
async function cpuMs(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  let ns = 0;
  for (const task of await readdir(tasks)) {
    const [running = "0"] = (await readFile(join(tasks, task, "schedstat"), "utf8")).split(" ");
    ns += Number(running);
  }
  return ns / 1e6;
}

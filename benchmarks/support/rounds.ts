import { readFile } from "node:fs/promises";
import type { Contestant } from "./contestant.js";
import type { Measured } from "./protocol.js";

/** What one contestant did in one round. */
export interface Round extends Measured {
  /** CPU time of the server's main thread meanwhile, in microseconds. */
  readonly serverCpuUs: number;
}

export interface RoundsOptions {
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** How many turns a contestant's first, unrecorded one counts for. */
  warmUp(contestant: Contestant): number;
  /** How many times each contestant creates and deletes in a round. */
  pairs(contestant: Contestant): number;
  readonly serverPid: number;
  /** Runs between two contestants: waits until the switch is idle and looks that nothing was left behind. */
  settle(contestant: Contestant): Promise<void>;
}

/** Pairs at the begin of each turn that do not count: the first ones on a new connection. */
const uncounted = 3;

/**
 * All contestants in turn, again and again, so that what else the machine does meets all of them alike. Each round
 * begins with another one. Only one is connected at a time: the others' monitors would be fed with its changes. A
 * first round, in which just-in-time compilers learn the code, is not recorded.
 */
export async function interleave(options: RoundsOptions): Promise<ReadonlyMap<Contestant, readonly Round[]>> {
  const { contestants } = options;
  const results = new Map<Contestant, Round[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round <= options.rounds; round++) {
    const first = round % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const pairs = options.pairs(contestant) * (round === 0 ? options.warmUp(contestant) : 1);
      const result = await turn(contestant, `r${round}x`, pairs, options);
      if (round > 0) results.get(contestant)?.push(result);
    }
  }
  return results;
}

async function turn(
  contestant: Contestant,
  prefix: string,
  pairs: number,
  options: RoundsOptions,
): Promise<Round> {
  await contestant.open();
  await contestant.run(uncounted, `u${prefix}`);
  const before = await mainThreadCpuUs(options.serverPid);
  const measured = await contestant.run(pairs, prefix);
  const after = await mainThreadCpuUs(options.serverPid);
  await contestant.close();
  await options.settle(contestant);
  return { ...measured, serverCpuUs: after - before };
}

/** The first number of /proc/PID/schedstat: nanoseconds on a CPU (Documentation/scheduler/sched-stats in Linux). */
async function mainThreadCpuUs(pid: number): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ");
  return Number(nanoseconds) / 1000;
}

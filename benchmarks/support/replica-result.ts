import process from "node:process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import * as v from "valibot";
import { quantile } from "./statistics.js";

/** What a contestant of benchmarks/ovsdb.ts prints, as one line of JSON. */
export const replicaResult = v.object({
  /** From before it connects until the rows have been looked at, or of all transactions. */
  ms: v.number(),
  cpuMs: v.number(),
  /** The greatest memory that the process has had. */
  peakMiB: v.number(),
  /** Rows that were read or told, or transactions that were done. */
  rows: v.number(),
  /** Of numbers and sizes in the rows: who decodes nothing has 0. */
  sum: v.number(),
  /** The longest time for which the event loop did not turn while rows were loaded; only in JavaScript. */
  stallMs: v.optional(v.number()),
  /** From when a change was sent to the server until it was told: median and 99th percentile. */
  lagMs: v.optional(v.tuple([v.number(), v.number()])),
});

export type ReplicaResult = v.InferOutput<typeof replicaResult>;

/** What a contestant has read or done. */
export interface Done {
  readonly rows: number;
  readonly sum: number;
  readonly lags?: readonly number[] | undefined;
}

/** What the notification of the last change ends with. */
export const lastChange = '{"n":-1}}}}]}';

/** The clock that changes carry as a number: tenths of milliseconds, of fewer than 16 digits. */
export const clock = (): number => Math.round((performance.timeOrigin + performance.now()) * 10);

/**
 * Measures `work` in this process, and prints the result. What `work` gives is called, and timed too, but what it holds
 * up does not count as a stall: it is a user's loop over all rows.
 */
export async function measureReplica(work: () => Promise<() => Done>): Promise<void> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  // The first turns of a process are its start.
  await new Promise((resolve) => setTimeout(resolve, 50));
  loop.reset();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const read = await work();
  const loaded = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  // Whatever held the loop until now shows with its next turn.
  await new Promise((resolve) => setTimeout(resolve, 5));
  loop.disable();
  const cpuRead = process.cpuUsage();
  const began = performance.now();
  const { rows, sum, lags } = read();
  const ms = loaded - start + performance.now() - began;
  const last = process.cpuUsage(cpuRead);
  const result: ReplicaResult = {
    ms,
    cpuMs: (user + system + last.user + last.system) / 1000,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    rows,
    sum,
    stallMs: loop.max / 1e6,
    lagMs: lags && [quantile(lags, 0.5) / 10, quantile(lags, 0.99) / 10],
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

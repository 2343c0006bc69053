import process from "node:process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import * as v from "valibot";

/** What a contestant of benchmarks/ovsdb.ts prints, as one line of JSON. */
export const replicaResult = v.object({
  /** From before it connects until the rows can be read, or of all transactions. */
  ms: v.number(),
  cpuMs: v.number(),
  /** The greatest memory that the process has had. */
  peakMiB: v.number(),
  /** Rows that were read, or transactions that were done. */
  rows: v.number(),
  /** Of numbers and sizes in the rows: who decodes nothing has 0. */
  sum: v.number(),
  /** The longest time for which the event loop did not turn; only in JavaScript. */
  stallMs: v.optional(v.number()),
});

export type ReplicaResult = v.InferOutput<typeof replicaResult>;

/** Transactions that are done before any is measured, in which a just-in-time compiler learns the code. */
export const warmUp = 1000;

/** Measures `work` in this process, and prints the result. */
export async function measureReplica(
  work: () => Promise<{ readonly rows: number; readonly sum: number }>,
): Promise<void> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  // The first turns of a process are its start.
  await new Promise((resolve) => setTimeout(resolve, 50));
  loop.reset();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { rows, sum } = await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  // Whatever held the loop until now shows with its next turn.
  await new Promise((resolve) => setTimeout(resolve, 5));
  loop.disable();
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const result: ReplicaResult = {
    ms,
    cpuMs: (user + system) / 1000,
    peakMiB,
    rows,
    sum,
    stallMs: loop.max / 1e6,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

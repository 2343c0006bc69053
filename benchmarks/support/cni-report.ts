import * as cni from "../contestants/cni.js";
import type { Engine } from "./cni-engines.js";
import { commands, type Sample, type Samples } from "./cni-rounds.js";
import { figure, spread, target, type Target } from "./report.js";
import { ratio, summary, type Summary } from "./statistics.js";
import { table } from "./table.js";

export type Results = ReadonlyMap<cni.CniContestant, Samples>;

/** Another machine's, with two cores like those of the machine that these benchmarks were written on. */
const goOnOvsMs = 85;

const values = (samples: readonly Sample[], of: (sample: Sample) => number): readonly number[] =>
  samples.map((sample) => of(sample));

const wall = (samples: readonly Sample[]): readonly number[] => values(samples, ({ wallMs }) => wallMs);
const cpu = (samples: readonly Sample[]): readonly number[] =>
  values(samples, ({ cpuMs, serviceCpuMs }) => cpuMs + serviceCpuMs);
const work = (samples: readonly Sample[]): readonly number[] =>
  values(samples, ({ wallMs, switchMs }) => wallMs - switchMs);

const named = (results: Results, name: string): Samples | undefined =>
  [...results].find(([contestant]) => contestant.name === name)?.[1];

/** A table of ADD and DEL; the ratios are those to the start of Node.js. */
export function resultTable(results: Results): string {
  const floor = named(results, cni.node);
  const heading = [
    "ms",
    ...commands.flatMap((command) => [command, "CPU", "times node", "times node, CPU"]),
    "MiB",
  ];
  const rows = [...results].map(([{ name }, samples]) => {
    const cells = commands.flatMap((command) => {
      const own = samples[command];
      const base = floor?.[command] ?? [];
      return [
        spread(summary(wall(own))),
        figure(summary(cpu(own)).median),
        spread(ratio(wall(own), wall(base))),
        figure(ratio(cpu(own), cpu(base)).median),
      ];
    });
    const peak = Math.max(...values(samples.ADD, ({ peakMiB }) => peakMiB));
    return [name, ...cells, figure(peak)];
  });
  return table(heading, rows);
}

/** What of the time was the switch's. */
export function shareTable(results: Results): string {
  const heading = [
    "ms, with a look at the clock",
    ...commands.flatMap((each) => [each, "the switch's", "the rest"]),
  ];
  const rows = [...results].map(([{ name }, samples]) => [
    name,
    ...commands.flatMap((command) => {
      const own = samples[command];
      const share = values(own, ({ switchMs }) => switchMs);
      return [spread(summary(wall(own))), spread(summary(share)), spread(summary(work(own)))];
    }),
  ]);
  return table(heading, rows);
}

export function targets(kind: Engine["kind"], results: Results, looked: Results): readonly Target[] {
  const found: Target[] = [];
  const add = (promise: string, measured: Summary, most: number): void =>
    void found.push(target(promise, measured, (median) => median < most));
  const floor = named(results, cni.node);
  for (const name of [cni.kept, cni.single]) {
    const own = named(results, name);
    if (own === undefined) continue;
    if (floor !== undefined)
      for (const [what, of] of [
        ["", wall],
        [", CPU", cpu],
      ] as const)
        add(`ADD, ${name}: within 1.35 times ${cni.node}${what}`, ratio(of(own.ADD), of(floor.ADD)), 1.35);
    if (kind === "ovs") add(`ADD, ${name}: under ${goOnOvsMs} ms`, summary(wall(own.ADD)), goOnOvsMs);
  }
  const served = named(results, cni.served);
  if (served !== undefined && kind === "vpp")
    add(`ADD, ${cni.served}: under 10 ms`, summary(wall(served.ADD)), 10);
  const rest = named(looked, cni.served);
  if (rest !== undefined)
    add(`ADD, ${cni.served}: within 5 ms of the switch's share`, summary(work(rest.ADD)), 5);
  return found;
}

/** Every sample, for a file. */
export const samplesOf = (results: Results): object =>
  Object.fromEntries([...results].map(([{ name }, samples]) => [name, samples]));

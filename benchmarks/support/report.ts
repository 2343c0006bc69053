import { median, quantile, ratio, summary, type Summary } from "./statistics.js";
import type { Round } from "./rounds.js";
import { table } from "./table.js";

/** What a contestant did in one mode. */
export interface Outcome {
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: readonly Round[];
}

/** One contestant's figures; times in milliseconds. */
export interface Figures {
  readonly create: Summary;
  readonly delete: Summary;
  /** Create and delete together. */
  readonly both: Summary;
  /** The 10th percentile of both, over all pairs of all rounds: what it takes when nobody else wants the CPU. */
  readonly p10: number;
  /** The 99th percentile of both. */
  readonly p99: number;
  readonly clientCpu: Summary;
  readonly serverCpu: Summary;
}

const toMs = 1e-6;
const bothNs = (round: Round): readonly number[] =>
  round.createNs.map((create, i) => create + (round.deleteNs[i] ?? Number.NaN));

/** The median of both in each round, in nanoseconds. */
const roundMedians = (outcome: Outcome): readonly number[] =>
  outcome.rounds.map((round) => median(bothNs(round)));

/** The median of all samples; least and greatest of the rounds' medians, which show how steady the machine was. */
function overRounds(rounds: readonly (readonly number[])[], unit: number): Summary {
  const medians = summary(rounds.map((samples) => median(samples)));
  return { median: median(rounds.flat()) * unit, min: medians.min * unit, max: medians.max * unit };
}

export function figures({ rounds }: Outcome): Figures {
  const both = rounds.map((round) => bothNs(round));
  return {
    create: overRounds(
      rounds.map((round) => round.createNs),
      toMs,
    ),
    delete: overRounds(
      rounds.map((round) => round.deleteNs),
      toMs,
    ),
    both: overRounds(both, toMs),
    p10: quantile(both.flat(), 0.1) * toMs,
    p99: quantile(both.flat(), 0.99) * toMs,
    clientCpu: summary(rounds.map((round) => round.cpuUs / round.createNs.length / 1000)),
    serverCpu: summary(rounds.map((round) => round.serverCpuUs / round.createNs.length / 1000)),
  };
}

/** How many times as long `outcome` takes as `base`. */
export const timesAsLong = (outcome: Outcome, base: Outcome): Summary =>
  ratio(roundMedians(outcome), roundMedians(base));

/** Three significant figures, without exponent. */
export const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
export const spread = ({ median: middle, min, max }: Summary): string =>
  `${figure(middle)} (${figure(min)} to ${figure(max)})`;

/** The table of one mode; the last column compares with `base`. */
export function resultTable(outcomes: readonly Outcome[], base: Outcome): string {
  const heading = [
    "ms a pair",
    "create",
    "delete",
    "create + delete",
    "p10",
    "p99",
    "client CPU",
    "ovsdb-server CPU",
    `times ${base.name}`,
  ];
  const rows = outcomes.map((outcome) => {
    const f = figures(outcome);
    return [
      outcome.name,
      figure(f.create.median),
      figure(f.delete.median),
      spread(f.both),
      figure(f.p10),
      figure(f.p99),
      figure(f.clientCpu.median),
      figure(f.serverCpu.median),
      outcome === base ? "1" : spread(timesAsLong(outcome, base)),
    ];
  });
  return table(heading, rows);
}

/** The ratios of all pairs of contestants: rows divided by columns. */
export function ratioTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.name,
    ...outcomes.map((base) => (outcome === base ? "1" : spread(timesAsLong(outcome, base)))),
  ]);
  return table(["times", ...outcomes.map((outcome) => outcome.name)], rows);
}

/** A promise of ours, and whether this run kept it. */
export interface Target {
  readonly promise: string;
  readonly measured: Summary;
  readonly met: boolean;
}

export function target(promise: string, measured: Summary, holds: (median: number) => boolean): Target {
  return { promise, measured, met: holds(measured.median) };
}

export const targetLine = ({ promise, measured, met }: Target): string =>
  `- ${met ? "met" : "MISSED"}: ${promise}: ${spread(measured)}`;

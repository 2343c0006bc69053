import type { ReplicaResult } from "./replica-result.js";
import type { Results } from "./replica-turns.js";
import { ratio, summary, type Summary } from "./statistics.js";
import { table } from "./table.js";

const digits = (value: number): string => value.toPrecision(3);
const shown = ({ median, min, max }: Summary): string => `${digits(median)} (${digits(min)}-${digits(max)})`;

/** A table of what all contestants took, beside `base`. */
export function report(results: Results, base: string): string {
  const of = (name: string, pick: (result: ReplicaResult) => number): readonly number[] =>
    (results.get(name) ?? []).map(pick);
  const rows = [...results.keys()].map((name) => {
    const stalls = (results.get(name) ?? []).flatMap(({ stallMs }) => stallMs ?? []);
    return [
      name,
      shown(summary(of(name, ({ ms }) => ms))),
      shown(
        ratio(
          of(name, ({ ms }) => ms),
          of(base, ({ ms }) => ms),
        ),
      ),
      shown(summary(of(name, ({ cpuMs }) => cpuMs))),
      shown(
        ratio(
          of(name, ({ cpuMs }) => cpuMs),
          of(base, ({ cpuMs }) => cpuMs),
        ),
      ),
      shown(summary(of(name, ({ peakMiB }) => peakMiB))),
      stalls.length === 0 ? "-" : shown(summary(stalls)),
    ];
  });
  const heading = ["", "ms", `ms, times ${base}`, "CPU ms", `CPU, times ${base}`, "peak MiB", "stall ms"];
  return table(heading, rows);
}

/** Who decodes the rows has decoded the same. */
export function checkSame(results: Results): void {
  const sums = new Map([...results].map(([name, [first]]) => [name, `${first?.rows} ${first?.sum}`]));
  const decoded = [...sums].filter(([, sum]) => sum !== "0 0");
  if (new Set(decoded.map(([, sum]) => sum)).size > 1)
    throw new Error(`the contestants do not read the same: ${JSON.stringify(decoded)}`);
}

/** A table of how old changes were when they were told. */
export function lags(results: Results): string {
  const rows = [...results].map(([name, all]) => [
    name,
    shown(summary(all.map(({ lagMs }) => lagMs?.[0] ?? Number.NaN))),
    shown(summary(all.map(({ lagMs }) => lagMs?.[1] ?? Number.NaN))),
    shown(summary(all.map(({ cpuMs, rows: changes }) => (cpuMs * 1000) / changes))),
  ]);
  return table(["", "lag ms, median", "lag ms, p99", "CPU us a row"], rows);
}

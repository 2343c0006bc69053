import { ratio, summary, type Summary } from "./statistics.js";
import { table } from "./table.js";

/** Samples of one thing measured in one unit, by contestant, one a round. */
interface Line {
  readonly what: string;
  readonly unit: string;
  readonly samples: Map<string, number[]>;
}

/** Three significant figures, without exponent. */
const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const spread = ({ median, min, max }: Summary): string =>
  min === max ? figure(median) : `${figure(median)} (${figure(min)} to ${figure(max)})`;

/** What was measured, one line a thing and unit. */
export class Lines {
  readonly #lines = new Map<string, Line>();

  /** Adds one round's sample. */
  add(what: string, unit: string, contestant: string, sample: number): void {
    const key = `${what}: ${unit}`;
    const line = this.#lines.get(key) ?? { what, unit, samples: new Map<string, number[]>() };
    this.#lines.set(key, line);
    const samples = line.samples.get(contestant) ?? [];
    line.samples.set(contestant, samples);
    samples.push(sample);
  }

  /** Every sample, for a file. */
  samples(): readonly object[] {
    return [...this.#lines.values()].map(({ what, unit, samples }) => ({
      what,
      unit,
      samples: Object.fromEntries(samples),
    }));
  }

  /**
   * The medians of the rounds, with the least and the greatest; and how many times as much of it the others take as `base`,
   * computed in each round.
   */
  table(base: string): string {
    const all = [...this.#lines.values()];
    const names = [...new Set(all.flatMap(({ samples }) => [...samples.keys()]))];
    const sorted = [base, ...names.filter((name) => name !== base)];
    const heading = ["", "", ...sorted, ...sorted.slice(1).map((name) => `times ${base}: ${name}`)];
    const rows = all.map(({ what, unit, samples }) => {
      const ours = samples.get(base) ?? [];
      const cell = (name: string): string => {
        const found = samples.get(name);
        return found === undefined ? "-" : spread(summary(found));
      };
      const times = (name: string): string => {
        const found = samples.get(name);
        if (found === undefined || unit === "details") return "-";
        return spread(ratio(found, ours));
      };
      return [what, unit, ...sorted.map((name) => cell(name)), ...sorted.slice(1).map((name) => times(name))];
    });
    return table(heading, rows);
  }
}

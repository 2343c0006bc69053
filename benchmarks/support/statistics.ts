/** What is said of a set of samples. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which the given share (0 to 1) of the samples lies, by linear interpolation. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  const high = sorted[Math.ceil(position)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export const summary = (samples: readonly number[]): Summary => ({
  median: median(samples),
  min: Math.min(...samples),
  max: Math.max(...samples),
});

/**
 * How many times as large `samples` are as `base`, round by round: the two sides of one quotient were measured within
 * seconds of each other, so that what the machine does besides falls out of it.
 */
export function ratio(samples: readonly number[], base: readonly number[]): Summary {
  return summary(samples.map((sample, round) => sample / (base[round] ?? Number.NaN)));
}

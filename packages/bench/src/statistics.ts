/** A median, and the interval that holds the true one. */
export interface Estimate {
  readonly median: number;
  /** Ends of the interval: two of the values. */
  readonly low: number;
  readonly high: number;
}

/** The value that `share` of the values do not exceed (nearest rank); 0 of none. @param sorted - ascending. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const above = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + above) / 2 : above;
}

/**
 * The median of the values and its 95 % confidence interval: the two values of equal rank from either end between
 * which the true median lies with at least that probability, whatever the distribution (a sign test turned round).
 * Fewer than six values cannot say that much: the interval is then all of them.
 */
export function estimateMedian(values: readonly number[]): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = intervalRank(sorted.length);
  return {
    median: median(sorted),
    low: sorted[rank] ?? Number.NaN,
    high: sorted[sorted.length - 1 - rank] ?? Number.NaN,
  };
}

/** How many of `count` values may be left out at either end. */
function intervalRank(count: number): number {
  let rank = 0;
  let probability = 0.5 ** count;
  let below = probability;
  // `below`: that at most `rank` of `count` values lie under the true median.
  for (;;) {
    probability *= (count - rank) / (rank + 1);
    if (below + probability > 0.025 || rank + 1 >= count / 2) return rank;
    below += probability;
    rank++;
  }
}

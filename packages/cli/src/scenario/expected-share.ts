import type { Random } from '@micromesh/core';
import { type FlakyModel, simulateFlaky } from './flaky-simulation.js';

/** Outside of the interval at either end: 99.9 % are inside. */
const TAIL = 0.0005;
/** Calls that are simulated, in runs as long as the one that is judged. */
const SIMULATED_CALLS = 600_000;
const MIN_RUNS = 100;

/** What share of its calls a run should bring to a good end. */
export interface ExpectedShare {
  /** From 0 to 1. */
  readonly share: number;
  /** The ends of its 99.9 % interval, for as many calls as the run had. */
  readonly low: number;
  readonly high: number;
}

/**
 * What a run of so many calls should come to, found by simulating it many times.
 *
 * Where retries are bounded failures come in bursts, so that they scatter more than a coin's: the interval is that of a
 * binomial with as many fewer calls as the scatter of the simulated runs says.
 */
export function expectShare(model: FlakyModel, calls: number, random: Random): ExpectedShare {
  if (calls === 0) return { share: 0, low: 0, high: 1 };
  const runs = Math.max(MIN_RUNS, Math.ceil(SIMULATED_CALLS / calls));
  const failures = Array.from({ length: runs }, () => calls - simulateFlaky(model, calls, random));
  const mean = failures.reduce((sum, count) => sum + count, 0) / runs;
  const ratio = mean / calls;
  const variance = failures.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (runs - 1);
  const scatter = Math.max(1, variance / (calls * ratio * (1 - ratio)) || 1);
  const independent = Math.max(1, Math.round(calls / scatter));
  const { fewest, most } = binomialInterval(independent, ratio);
  return { share: 1 - ratio, low: 1 - most / independent, high: 1 - fewest / independent };
}

/** The counts that a binomial of `count` trials stays within, but for the tail at either end. */
export function binomialInterval(
  count: number,
  ratio: number,
): { readonly fewest: number; readonly most: number } {
  if (ratio <= 0) return { fewest: 0, most: 0 };
  if (ratio >= 1) return { fewest: count, most: count };
  const logOdds = Math.log(ratio / (1 - ratio));
  // Logarithms: with a few thousand trials the chance of none may be too small for a number.
  let log = count * Math.log(1 - ratio);
  let below = 0;
  let fewest: number | undefined;
  for (let hits = 0; hits <= count; hits++) {
    const upTo = below + Math.exp(log);
    if (fewest === undefined && upTo > TAIL) fewest = hits;
    if (upTo >= 1 - TAIL) return { fewest: fewest ?? hits, most: hits };
    below = upTo;
    log += Math.log((count - hits) / (hits + 1)) + logOdds;
  }
  return { fewest: fewest ?? 0, most: count };
}

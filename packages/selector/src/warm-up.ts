import type { Candidate } from './candidate.js';

/** How a node that joins or returns comes to its share of the calls. */
export interface WarmUp {
  /** How long that takes; 0: it has its share at once. */
  readonly durationMs: number;
  /**
   * What it has of its weight, in (0, 1].
   *
   * @param elapsedRatio - of the time, in [0, 1).
   */
  ratioAt(elapsedRatio: number): number;
}

/** Every node has its share at once. */
export const NO_WARM_UP: WarmUp = { durationMs: 0, ratioAt: () => 1 };

/** What a node gets of its weight at the moment that it becomes usable: Envoy's `min_weight_percent`. */
const FIRST_RATIO = 0.1;

/** The mesh's own: from a tenth to all of the weight, in a straight line. */
export function slowStart(durationMs: number): WarmUp {
  if (durationMs === 0) return NO_WARM_UP;
  return { durationMs, ratioAt: (elapsedRatio) => FIRST_RATIO + (1 - FIRST_RATIO) * elapsedRatio };
}

/** A weight of 0 would make all nodes equal that have it; it is there where neither the minimum nor the curve gives more. */
const LEAST_RATIO = 0.001;

/** What an operator says of it. */
export interface WarmUpCurve {
  readonly durationMs: number;
  /** In [0, 1]. */
  readonly minimumRatio: number;
  /** Above 1 the share grows faster at first; 0: it stays at the minimum until the end. */
  readonly aggression: number;
}

/**
 * Envoy's: the weight x max(minimum, time ^ (1 / aggression)), the time at least 1 ms. Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/
 * upstream/load_balancing/slow_start, and `EdfLoadBalancerBase::applySlowStartFactor`.
 */
export function warmUpCurve({ durationMs, minimumRatio, aggression }: WarmUpCurve): WarmUp {
  const least = Math.max(LEAST_RATIO, minimumRatio);
  const first = 1 / durationMs;
  return {
    durationMs,
    ratioAt: (elapsedRatio) => Math.max(least, Math.max(first, elapsedRatio) ** (1 / aggression)),
  };
}

/**
 * The weight of a node, less while it warms up, from {@link Candidate.usableSince} on.
 *
 * @param now - on the clock that `usableSince` was read from.
 */
export function effectiveWeight(candidate: Candidate, now: number, warmUp: WarmUp): number {
  const { weight } = candidate.node;
  if (!isWarmingUp(candidate, now, warmUp)) return weight;
  return weight * warmUp.ratioAt(Math.max(0, now - candidate.usableSince) / warmUp.durationMs);
}

/** Whether the node's weight is still below its own. */
export function isWarmingUp(candidate: Candidate, now: number, { durationMs }: WarmUp): boolean {
  return durationMs > 0 && now - candidate.usableSince < durationMs;
}

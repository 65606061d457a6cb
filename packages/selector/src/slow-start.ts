import type { Candidate } from './candidate.js';

/** What a node gets of its weight at the moment that it becomes usable: Envoy's `min_weight_percent`. */
const FIRST_RATIO = 0.1;

/**
 * The weight of a node, less while it warms up: from a tenth at {@link Candidate.usableSince} to all of it `slowStartMs` later,
 * in a straight line.
 *
 * @param now - on the clock that `usableSince` was read from.
 * @param slowStartMs - 0: off.
 */
export function effectiveWeight(candidate: Candidate, now: number, slowStartMs: number): number {
  const { weight } = candidate.node;
  if (!isWarmingUp(candidate, now, slowStartMs)) return weight;
  const warm = Math.max(0, now - candidate.usableSince) / slowStartMs;
  return weight * (FIRST_RATIO + (1 - FIRST_RATIO) * warm);
}

/** Whether the node's weight is still below its own. */
export function isWarmingUp(candidate: Candidate, now: number, slowStartMs: number): boolean {
  return slowStartMs > 0 && now - candidate.usableSince < slowStartMs;
}

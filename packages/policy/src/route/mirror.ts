import type { Random } from '@micromesh/core';
import type { Sourced } from '../origin/resource-place.js';
import type { RuleChance } from './rule-chance.js';
import type { RouteTarget } from './weighted-destinations.js';

/** Where copies of calls go. */
export interface Mirror {
  readonly target: RouteTarget;
  /** The share of the calls, in (0, 1], in steps of 0.000001; default 1. */
  readonly ratio: Sourced<number>;
}

const NOBODY: readonly RouteTarget[] = [];

/** Draws who gets a copy of one call, each mirror by itself; the annotation `seed` makes the draws repeatable. */
export function drawMirrors(
  mirrors: readonly Mirror[],
  chance: RuleChance,
  random: Random,
): readonly RouteTarget[] {
  if (mirrors.length === 0) return NOBODY;
  return mirrors
    .filter(({ ratio }, index) => chance.draw(`mirror ${index}`, random) < ratio.value)
    .map(({ target }) => target);
}

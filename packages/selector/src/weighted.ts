import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { Strategy, StrategyName } from './strategy.js';
import { WeightedDraw } from './weighted-draw.js';

/** At random, each node as often as its weight says: for those who mean it so, whatever the default comes to be. */
export class Weighted implements Strategy {
  readonly name: StrategyName = 'weighted';
  readonly #draw: WeightedDraw;

  /** @param slowStartMs - how long a node warms up; default 0: not at all. */
  constructor(random: Random, slowStartMs = 0) {
    this.#draw = new WeightedDraw(random, slowStartMs);
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    const index = candidates.length === 1 ? 0 : this.#draw.index(candidates, now);
    return candidates[index] as Candidate;
  }
}

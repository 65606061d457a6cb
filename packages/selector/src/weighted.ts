import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { Strategy, StrategyName } from './strategy.js';
import { NO_WARM_UP } from './warm-up.js';
import { WeightedDraw } from './weighted-draw.js';

/** At random, each node as often as its weight says: for those who mean it so, whatever the default comes to be. */
export class Weighted implements Strategy {
  readonly name: StrategyName = 'weighted';
  readonly #draw: WeightedDraw;

  /** @param warmUp - of nodes that join or return; default: none. */
  constructor(random: Random, warmUp = NO_WARM_UP) {
    this.#draw = new WeightedDraw(random, warmUp);
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    const index = candidates.length === 1 ? 0 : this.#draw.index(candidates, now);
    return candidates[index] as Candidate;
  }
}

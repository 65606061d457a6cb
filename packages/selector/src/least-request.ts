import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { Strategy } from './strategy.js';
import { effectiveWeight, NO_WARM_UP, type WarmUp } from './warm-up.js';
import { WeightedDraw } from './weighted-draw.js';

/**
 * Draws two nodes, and takes the one with fewer attempts under way for its weight.
 *
 * The draw goes by weight and a draw between equals stands, as in nginx's `random two least_conn`: comparing `(inFlight + 1) / weight` of
 * two nodes drawn evenly would give a light node, or one that warms up, no call at all while the others are idle. Where weights are
 * equal both are the same. Source: Mitzenmacher, "The power of two choices in randomized load balancing", 2001.
 */
export class LeastRequest implements Strategy {
  readonly name = 'least-request';
  readonly #warmUp: WarmUp;
  readonly #draw: WeightedDraw;

  /** @param warmUp - of nodes that join or return; default: none. */
  constructor(random: Random, warmUp = NO_WARM_UP) {
    this.#warmUp = warmUp;
    this.#draw = new WeightedDraw(random, warmUp);
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    if (candidates.length === 1) return candidates[0] as Candidate;
    const index = this.#draw.index(candidates, now);
    const first = candidates[index] as Candidate;
    const second = candidates[this.#draw.index(candidates, now, index)] as Candidate;
    return this.score(second, now) < this.score(first, now) ? second : first;
  }

  /** Attempts under way for its weight. */
  score(candidate: Candidate, now: number): number {
    return candidate.inFlight / effectiveWeight(candidate, now, this.#warmUp);
  }
}

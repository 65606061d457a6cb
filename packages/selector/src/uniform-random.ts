import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { Strategy } from './strategy.js';

/** At random, each node as often as any other whatever its weight: Envoy's `random`, which knows no weights either. */
export class UniformRandom implements Strategy {
  readonly name = 'random';
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pick(candidates: readonly Candidate[]): Candidate {
    return candidates[Math.floor(this.#random() * candidates.length)] as Candidate;
  }
}

import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { Strategy } from './strategy.js';

/**
 * Uniform random, by weight where weights differ; a call with a `hashKey` is placed by the ring before a strategy is
 * asked. The default.
 */
export class HashRandom implements Strategy {
  readonly name = 'hash-random';
  readonly #random: Random;
  readonly #sums = new WeakMap<readonly Candidate[], readonly number[] | 'equal'>();

  constructor(random: Random) {
    this.#random = random;
  }

  pick(candidates: readonly Candidate[]): Candidate {
    if (candidates.length === 1) return candidates[0] as Candidate;
    let sums = this.#sums.get(candidates);
    if (sums === undefined) {
      sums = cumulativeWeights(candidates);
      this.#sums.set(candidates, sums);
    }
    if (sums === 'equal') return candidates[Math.floor(this.#random() * candidates.length)] as Candidate;
    const point = this.#random() * (sums[sums.length - 1] ?? 0);
    let index = 0;
    while ((sums[index] ?? Number.POSITIVE_INFINITY) <= point) index++;
    return candidates[index] as Candidate;
  }
}

function cumulativeWeights(candidates: readonly Candidate[]): readonly number[] | 'equal' {
  const first = candidates[0]?.node.weight;
  if (candidates.every((candidate) => candidate.node.weight === first)) return 'equal';
  let sum = 0;
  return candidates.map((candidate) => {
    sum += candidate.node.weight;
    return sum;
  });
}

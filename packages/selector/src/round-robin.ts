import type { Candidate } from './candidate.js';
import type { Strategy } from './strategy.js';
import { effectiveWeight, NO_WARM_UP, type WarmUp } from './warm-up.js';

/**
 * One after the other, each as often as its weight says and evenly spread.
 *
 * Each node's credit stays with it, across calls, snapshots and subsets, and goes with it. Source: nginx's smooth weighted round-robin
 * (commit 27e94984486058d73157038f7950a0a36ecc6e35).
 */
export class RoundRobin implements Strategy {
  readonly name = 'round-robin';
  readonly #warmUp: WarmUp;
  readonly #credit = new WeakMap<Candidate, number>();

  /** @param warmUp - of nodes that join or return; default: none. */
  constructor(warmUp = NO_WARM_UP) {
    this.#warmUp = warmUp;
  }

  pick(candidates: readonly Candidate[], now: number): Candidate {
    let best = candidates[0] as Candidate;
    let bestCredit = Number.NEGATIVE_INFINITY;
    let total = 0;
    for (const candidate of candidates) {
      const weight = effectiveWeight(candidate, now, this.#warmUp);
      const credit = (this.#credit.get(candidate) ?? 0) + weight;
      this.#credit.set(candidate, credit);
      total += weight;
      if (credit > bestCredit) {
        best = candidate;
        bestCredit = credit;
      }
    }
    this.#credit.set(best, bestCredit - total);
    return best;
  }
}

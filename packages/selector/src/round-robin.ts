import type { Candidate } from './candidate.js';
import type { Strategy } from './strategy.js';

/**
 * One after the other, each as often as its weight says and evenly spread.
 *
 * The credit of each node is kept by its id, across calls and snapshots. Source: nginx's smooth weighted round-robin
 * (commit 27e94984486058d73157038f7950a0a36ecc6e35).
 */
export class RoundRobin implements Strategy {
  readonly name = 'round-robin';
  #credit = new Map<string, number>();
  #last: readonly Candidate[] = [];

  pick(candidates: readonly Candidate[]): Candidate {
    if (candidates !== this.#last) this.#follow(candidates);
    let best = candidates[0] as Candidate;
    let bestCredit = Number.NEGATIVE_INFINITY;
    let total = 0;
    for (const candidate of candidates) {
      const { id, weight } = candidate.node;
      const credit = (this.#credit.get(id) ?? 0) + weight;
      this.#credit.set(id, credit);
      total += weight;
      if (credit > bestCredit) {
        best = candidate;
        bestCredit = credit;
      }
    }
    this.#credit.set(best.node.id, bestCredit - total);
    return best;
  }

  /** Forgets the nodes that have gone, once there are more of them than of those that are here. */
  #follow(candidates: readonly Candidate[]): void {
    this.#last = candidates;
    if (this.#credit.size <= 2 * candidates.length + 16) return;
    const here = new Map<string, number>();
    for (const { node } of candidates) here.set(node.id, this.#credit.get(node.id) ?? 0);
    this.#credit = here;
  }
}

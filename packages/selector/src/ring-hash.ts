import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import { HashRing, heaviest } from './hash-ring.js';
import type { KeyTable } from './key-table.js';
import { Weighted } from './weighted.js';

/** Istio's default for `minimumRingSize`. */
export const RING_SIZE = 1024;

/** Points of a whole ring that are sorted within some 10 ms; beyond them nodes have fewer each. */
const MANY_POINTS = 65_536;

/**
 * Places keys on a ring as Envoy's `ring_hash`; a call without a key goes to any node, by weight.
 *
 * A ring of Envoy's has as many points as it must, so that each node has more of them when one leaves, and up to a tenth of all keys moves between
 * nodes that stay. Here the heaviest node alone has as many as the whole ring must have: nobody's points change when a node comes or goes, and
 * no key moves that need not. Among more than 64 nodes of equal weight each has half of its points, among more than 128 a quarter, and so on: only
 * at these numbers further keys move.
 */
export class RingHash extends Weighted {
  override readonly name = 'ring-hash';
  readonly #minimumSize: number;

  /** @param minimumSize - the least number of points, 1 to 8,388,608; default 1024. */
  constructor(random: Random, minimumSize = RING_SIZE) {
    super(random);
    this.#minimumSize = minimumSize;
  }

  keyTable(candidates: readonly Candidate[]): KeyTable {
    return new HashRing(candidates, ringDensity(candidates, this.#minimumSize));
  }
}

/** Points for each unit of weight: a power of two, so that it stays while the heaviest weight does not change much. */
function ringDensity(candidates: readonly Candidate[], minimumSize: number): number {
  const ofHeaviest = Math.max(RING_SIZE, minimumSize);
  const most = Math.max(MANY_POINTS, 2 * minimumSize);
  const weights = candidates.reduce((sum, { node }) => sum + node.weight, 0);
  let density = 2 ** Math.ceil(Math.log2(ofHeaviest / heaviest(candidates)));
  while (density * weights > most) density /= 2;
  return density;
}

import type { Candidate } from './candidate.js';
import { byId, type KeyTable } from './key-table.js';
import { hashesFrom, hashOf } from './stable-hash.js';

/** Points a node has on the ring for each unit of weight: 128 keep the shares of ten nodes within some 10 %. */
const POINTS_PER_WEIGHT = 128;

/** Of the heaviest node: where weights are large all get fewer for each unit, so that the shares stay. */
const MAX_POINTS = 1024;

/** A point and its node are sorted as one number: so many nodes leave a hash its 32 bits. */
const MAX_NODES = 2 ** 21;

/**
 * A consistent hash ring (Karger et al., "Consistent hashing and random trees", 1997): a key stays on its node while
 * that is there, and goes to the next on the ring when it is not.
 */
export class HashRing implements KeyTable {
  readonly #nodes: readonly Candidate[];
  /** Of the points, in order. */
  readonly #hashes: Uint32Array;
  /** The place of each point's node. */
  readonly #owners: Uint32Array;

  /** @param pointsPerWeight - a node has one point at least. */
  constructor(candidates: readonly Candidate[], pointsPerWeight = usualDensity(candidates)) {
    const nodes = byId(candidates).slice(0, MAX_NODES);
    const counts = nodes.map(({ node }) => Math.max(1, Math.round(node.weight * pointsPerWeight)));
    const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
    let at = 0;
    for (const [place, { node }] of nodes.entries()) {
      const hash = hashesFrom(`${node.id}#`);
      const end = at + (counts[place] ?? 0);
      for (let index = 0; at < end; index++) points[at++] = hash(String(index)) * MAX_NODES + place;
    }
    // Without a function that compares them numbers are sorted natively, many times as fast.
    points.sort();
    this.#nodes = nodes;
    this.#hashes = new Uint32Array(points.length);
    this.#owners = new Uint32Array(points.length);
    for (let index = 0; index < points.length; index++) {
      const point = points[index] ?? 0;
      const hash = Math.floor(point / MAX_NODES);
      this.#hashes[index] = hash;
      this.#owners[index] = point - hash * MAX_NODES;
    }
  }

  /** How many points there are. */
  get size(): number {
    return this.#hashes.length;
  }

  find(key: string, accepts: (candidate: Candidate) => boolean): Candidate | undefined {
    const start = this.#firstAtOrAfter(hashOf(key));
    const first = this.#nodeAt(start);
    return first === undefined || accepts(first) ? first : this.#next(first, start, accepts);
  }

  #next(first: Candidate, start: number, accepts: (candidate: Candidate) => boolean): Candidate | undefined {
    const refused = new Set([first]);
    for (let step = 1; refused.size < this.#nodes.length; step++) {
      const candidate = this.#nodeAt((start + step) % this.#hashes.length);
      if (candidate === undefined || refused.has(candidate)) continue;
      if (accepts(candidate)) return candidate;
      refused.add(candidate);
    }
    return undefined;
  }

  #nodeAt(point: number): Candidate | undefined {
    return this.#nodes[this.#owners[point] ?? 0];
  }

  /** The first point where the hash is beyond the last. */
  #firstAtOrAfter(hash: number): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === hashes.length ? 0 : low;
  }
}

function usualDensity(candidates: readonly Candidate[]): number {
  return Math.min(POINTS_PER_WEIGHT, MAX_POINTS / heaviest(candidates));
}

/** The largest weight, at least 1. */
export function heaviest(candidates: readonly Candidate[]): number {
  return candidates.reduce((most, { node }) => Math.max(most, node.weight), 1);
}

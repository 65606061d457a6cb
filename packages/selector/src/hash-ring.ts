import type { Candidate } from './candidate.js';

/** Points a node has on the ring for each unit of weight: 128 keep the shares of ten nodes within some 10 %. */
const POINTS_PER_WEIGHT = 128;

/** Of the heaviest node: where weights are large all get fewer for each unit, so that the shares stay. */
const MAX_POINTS = 1024;

interface Point {
  readonly hash: number;
  readonly candidate: Candidate;
}

/**
 * A consistent hash ring (Karger et al., "Consistent hashing and random trees", 1997): a key stays on its node while
 * that is there, and goes to the next on the ring when it is not.
 */
export class HashRing {
  readonly #points: readonly Point[];

  constructor(candidates: readonly Candidate[]) {
    const points: Point[] = [];
    const heaviest = candidates.reduce((most, { node }) => Math.max(most, node.weight), 1);
    const pointsPerWeight = Math.min(POINTS_PER_WEIGHT, MAX_POINTS / heaviest);
    for (const candidate of candidates) {
      const count = Math.max(1, Math.round(candidate.node.weight * pointsPerWeight));
      for (let index = 0; index < count; index++) {
        points.push({ hash: hashOf(`${candidate.node.id}#${index}`), candidate });
      }
    }
    this.#points = points.sort(
      (a, b) => a.hash - b.hash || (a.candidate.node.id < b.candidate.node.id ? -1 : 1),
    );
  }

  /** The first node from the key's place on that `accepts` takes, or undefined. */
  find(key: string, accepts: (candidate: Candidate) => boolean): Candidate | undefined {
    const points = this.#points;
    const start = this.#firstAtOrAfter(hashOf(key));
    const seen = new Set<Candidate>();
    for (let step = 0; step < points.length; step++) {
      const candidate = points[(start + step) % points.length]?.candidate;
      if (candidate === undefined || seen.has(candidate)) continue;
      if (accepts(candidate)) return candidate;
      seen.add(candidate);
    }
    return undefined;
  }

  #firstAtOrAfter(hash: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle]?.hash ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** FNV-1a over the characters, then murmur3's finalizer: FNV alone leaves similar keys close together. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

import type { Candidate } from './candidate.js';
import { heaviest } from './hash-ring.js';
import { byId, type KeyTable } from './key-table.js';
import { hashesFrom, hashOf } from './stable-hash.js';

/** How one node goes through the table when the places are shared out. */
interface Turn {
  readonly place: number;
  readonly skip: number;
  /** Of the places that the heaviest gets. */
  readonly ratio: number;
  at: number;
  taken: number;
}

/**
 * Maglev's look-up table (Eisenbud et al., "Maglev: A fast and reliable software network load balancer", 2016): nodes take places in turn, each
 * in an order of its own and as often as its weight says, as in Envoy's `maglev`. Shares are exact to a place; when a node comes or goes some keys
 * move that need not.
 *
 * A key whose node is not accepted looks at one place after the other, by a step of its own: the keys of a node that is away are shared among all
 * others, and no other key moves.
 */
export class MaglevTable implements KeyTable {
  readonly #nodes: readonly Candidate[];
  readonly #owners: Uint32Array;

  /** @param size - a prime number. */
  constructor(candidates: readonly Candidate[], size: number) {
    this.#nodes = byId(candidates);
    this.#owners = new Uint32Array(candidates.length === 0 ? 0 : size);
    if (candidates.length > 0) fill(this.#owners, turnsOf(this.#nodes, size));
  }

  find(key: string, accepts: (candidate: Candidate) => boolean): Candidate | undefined {
    const size = this.#owners.length;
    const hash = hashOf(key);
    const at = hash % size;
    const first = this.#nodeAt(at);
    return first === undefined || accepts(first) ? first : this.#next(first, at, hash, accepts);
  }

  #next(
    first: Candidate,
    start: number,
    hash: number,
    accepts: (candidate: Candidate) => boolean,
  ): Candidate | undefined {
    const size = this.#owners.length;
    // The size is a prime number, so that any step leads to every place.
    const step = 1 + (size < 2 ? 0 : Math.floor(hash / size) % (size - 1));
    const refused = new Set([first]);
    let at = start;
    for (let count = 1; count < size && refused.size < this.#nodes.length; count++) {
      at = (at + step) % size;
      const candidate = this.#nodeAt(at);
      if (candidate === undefined || refused.has(candidate)) continue;
      if (accepts(candidate)) return candidate;
      refused.add(candidate);
    }
    // In a table that is too small a node may have no place at all.
    return this.#nodes.find((candidate) => !refused.has(candidate) && accepts(candidate));
  }

  #nodeAt(place: number): Candidate | undefined {
    return this.#nodes[this.#owners[place] ?? 0];
  }
}

function turnsOf(nodes: readonly Candidate[], size: number): readonly Turn[] {
  const most = heaviest(nodes);
  return nodes.map(({ node }, place) => {
    const hash = hashesFrom(`${node.id}#`);
    const skip = size < 2 ? 0 : 1 + (hash('skip') % (size - 1));
    return { place, skip, ratio: node.weight / most, at: hash('offset') % size, taken: 0 };
  });
}

const FREE = 0xffff_ffff;

function fill(owners: Uint32Array, turns: readonly Turn[]): void {
  const size = owners.length;
  owners.fill(FREE);
  let free = size;
  for (let round = 1; ; round++) {
    for (const turn of turns) {
      // The heaviest takes a place in every round, one of half its weight in every second.
      if (round * turn.ratio < turn.taken) continue;
      turn.taken++;
      let { at } = turn;
      while (owners[at] !== FREE) at = at + turn.skip < size ? at + turn.skip : at + turn.skip - size;
      owners[at] = turn.place;
      turn.at = at;
      free--;
      if (free === 0) return;
    }
  }
}

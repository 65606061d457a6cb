import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import type { KeyTable } from './key-table.js';
import { MaglevTable } from './maglev-table.js';
import { Weighted } from './weighted.js';

/** Istio's default for `tableSize`. */
export const TABLE_SIZE = 65_537;

/**
 * Places keys by Maglev's table; a call without a key goes to any node, by weight. When one of ten nodes comes or goes, some 0.2 to 0.5 % of all keys
 * move beside those that must.
 */
export class Maglev extends Weighted {
  override readonly name = 'maglev';
  readonly #size: number;

  /** @param size - of the table: a prime number up to 5,000,011; default 65,537. */
  constructor(random: Random, size = TABLE_SIZE) {
    super(random);
    this.#size = size;
  }

  keyTable(candidates: readonly Candidate[]): KeyTable {
    return new MaglevTable(candidates, this.#size);
  }
}

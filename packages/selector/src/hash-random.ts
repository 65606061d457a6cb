import { Weighted } from './weighted.js';

/**
 * Uniform random, by weight where weights differ; a call with a `hashKey` is placed by the ring before a strategy is
 * asked. The default.
 */
export class HashRandom extends Weighted {
  override readonly name = 'hash-random';
}

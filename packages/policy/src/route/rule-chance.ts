import { type Random, seededRandom } from '@micromesh/core';
import { hashPoint } from './stable-hash.js';

/** What a rule leaves to chance. */
export type Draw = 'destination' | 'delay' | 'abort' | `mirror ${number}`;

/**
 * The chance of one rule. With a seed (`micromesh.io/seed`) each kind of draw has a sequence of its own that begins anew with each
 * version of the policies: the n-th call draws what the n-th call drew before, whatever else of the rule changed.
 */
export class RuleChance {
  readonly #sequences = new Map<Draw, Random>();

  /**
   * @param seed - undefined: the chance of the caller is used.
   * @param rule - tells the rules of one seed apart.
   */
  constructor(
    readonly seed: number | undefined,
    readonly rule: string,
  ) {}

  /** A number in [0, 1). */
  draw(what: Draw, random: Random): number {
    if (this.seed === undefined) return random();
    let sequence = this.#sequences.get(what);
    if (sequence === undefined) {
      sequence = seededRandom(this.seed ^ Math.floor(hashPoint(`${this.rule}\n${what}`) * 2 ** 32));
      this.#sequences.set(what, sequence);
    }
    return sequence();
  }
}

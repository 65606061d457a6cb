import type { Random } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import { effectiveWeight, isWarmingUp, type WarmUp } from './warm-up.js';

/** Steps in which the weights of nodes that warm up are brought up to date. */
const WARM_UP_STEPS = 100;

interface Table {
  /** Running sums of the weights; undefined where all are equal. */
  readonly sums: readonly number[] | undefined;
  /** Until when the weights are as they were. */
  readonly goodUntil: number;
}

/** Draws from lists of nodes at random, each as often as its weight says; remembers the sums of a list while it is in use. */
export class WeightedDraw {
  readonly #random: Random;
  readonly #warmUp: WarmUp;
  readonly #tables = new WeakMap<readonly Candidate[], Table>();

  constructor(random: Random, warmUp: WarmUp) {
    this.#random = random;
    this.#warmUp = warmUp;
  }

  /**
   * The index of one of `candidates`.
   *
   * @param except - an index that is not to be drawn; another one must be there.
   */
  index(candidates: readonly Candidate[], now: number, except?: number): number {
    const { sums } = this.#table(candidates, now);
    const last = candidates.length - 1;
    if (sums === undefined) {
      if (except === undefined) return Math.floor(this.#random() * candidates.length);
      const index = Math.floor(this.#random() * last);
      return index < except ? index : index + 1;
    }
    const total = sums[last] ?? 0;
    if (except === undefined) return firstAbove(sums, this.#random() * total);
    const from = except === 0 ? 0 : (sums[except - 1] ?? 0);
    const to = sums[except] ?? total;
    const point = this.#random() * (total - (to - from));
    return firstAbove(sums, point < from ? point : point - from + to);
  }

  #table(candidates: readonly Candidate[], now: number): Table {
    let table = this.#tables.get(candidates);
    if (table === undefined || now >= table.goodUntil) {
      table = this.#tableOf(candidates, now);
      this.#tables.set(candidates, table);
    }
    return table;
  }

  #tableOf(candidates: readonly Candidate[], now: number): Table {
    const warmUp = this.#warmUp;
    const weights = candidates.map((candidate) => effectiveWeight(candidate, now, warmUp));
    const warming = candidates.some((candidate) => isWarmingUp(candidate, now, warmUp));
    return {
      sums: weights.every((weight) => weight === weights[0]) ? undefined : runningSums(weights),
      goodUntil: warming ? now + warmUp.durationMs / WARM_UP_STEPS : Number.POSITIVE_INFINITY,
    };
  }
}

function runningSums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

/** The last one where rounding has put the point at the very end. */
function firstAbove(sums: readonly number[], point: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}

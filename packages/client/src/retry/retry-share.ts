import type { BudgetedCall, RetryBudget } from './retry-budget.js';

/** An operator's `retryBudget`. */
export interface RetryShareRule {
  /** Of the calls that count, in [0, 1]. */
  readonly ratio: number;
  /** So many may retry at a time in any case. */
  readonly minRetryConcurrency: number;
  /** 0: the calls that are under way count; else all that began within so much time. */
  readonly intervalMs: number;
}

/** Envoy forgets by tenths of the interval, and a tenth as soon as it is an interval old as a whole. */
const TENTHS = 10;
const SLOTS = TENTHS + 1;

/**
 * Envoy's retry budget: how many calls may retry at a time is a share of the calls. One counts as retrying from its first extra attempt to its
 * end, and is asked anew at each further one.
 *
 * Source: RetryBudgetImpl in envoyproxy/envoy source/common/upstream/resource_manager_impl.h, with RetryStateImpl::shouldRetry.
 */
export class RetryShare implements RetryBudget {
  readonly #retrying = new Set<BudgetedCall>();
  readonly #begun: number[] | undefined;
  readonly #slotMs: number;
  #slot = Number.NEGATIVE_INFINITY;
  #underWay = 0;

  /** @param now - the time of the mesh's clock. */
  constructor(
    private readonly rule: RetryShareRule,
    private readonly now: () => number,
  ) {
    this.#begun = rule.intervalMs > 0 ? new Array<number>(SLOTS).fill(0) : undefined;
    this.#slotMs = rule.intervalMs / TENTHS;
  }

  begin(now: number): void {
    this.#underWay++;
    this.#note(now);
  }

  tryTake(call: BudgetedCall): boolean {
    this.#retrying.delete(call);
    if (this.#retrying.size >= this.limit) return false;
    this.#retrying.add(call);
    this.#note(this.now());
    return true;
  }

  giveBack(call: BudgetedCall): void {
    this.#retrying.delete(call);
  }

  end(call: BudgetedCall): void {
    this.#underWay--;
    if (this.#retrying.size > 0) this.#retrying.delete(call);
  }

  get available(): number {
    return Math.max(0, this.limit - this.#retrying.size);
  }

  /** How many calls may retry at a time, as things are now. */
  get limit(): number {
    const { ratio, minRetryConcurrency } = this.rule;
    return Math.max(Math.floor(ratio * this.#counted), minRetryConcurrency);
  }

  get #counted(): number {
    if (this.#begun === undefined) return this.#underWay;
    this.#turnTo(this.now(), this.#begun);
    let total = 0;
    for (const count of this.#begun) total += count;
    return total;
  }

  /** An attempt counts as well as a call. */
  #note(now: number): void {
    if (this.#begun === undefined) return;
    this.#turnTo(now, this.#begun);
    const index = this.#slot % SLOTS;
    this.#begun[index] = (this.#begun[index] ?? 0) + 1;
  }

  #turnTo(now: number, begun: number[]): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#slot) return;
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) begun[next % SLOTS] = 0;
    this.#slot = slot;
  }
}

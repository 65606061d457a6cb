import type { Clock } from '@micromesh/core';
import type { BudgetedCall, RetryBudget } from './retry-budget.js';

/** How many extra attempts a service gets, unless an operator says otherwise. */
export interface BudgetSettings {
  /** Extra attempts as a share of the calls within `windowMs`; default 0.2. */
  readonly ratio: number;
  /** And this many each second on top; default 10. */
  readonly perSecond: number;
  /** Default 10,000. */
  readonly windowMs: number;
}

/** The defaults table of the README. */
export const BUDGET_DEFAULTS: BudgetSettings = { ratio: 0.2, perSecond: 10, windowMs: 10_000 };

const SLOTS = 10;

/**
 * Bounds what retries may add to a service's load. Over time, not as a share of the active calls: those are few and
 * their retries many just when a node freezes. Source: finagle's RetryBudget.
 */
export class RetryTokens implements RetryBudget {
  readonly #slotMs: number;
  readonly #calls = new Array<number>(SLOTS).fill(0);
  readonly #extras = new Array<number>(SLOTS).fill(0);
  #slot: number;

  constructor(
    private readonly settings: BudgetSettings,
    private readonly clock: Clock,
  ) {
    this.#slotMs = settings.windowMs / SLOTS;
    this.#slot = Math.floor(clock.now() / this.#slotMs);
  }

  begin(now: number): void {
    this.#turnTo(now);
    const index = this.#slot % SLOTS;
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
  }

  /** Half of the budget is not for hedges: when a service becomes slow they would take all of it, and leave calls that fail without retries. */
  tryTake(_call: BudgetedCall, isEarly = false): boolean {
    this.#turnTo(this.clock.now());
    const { available } = this;
    if (available < 1 || (isEarly && available - 1 < this.#whole / 2)) return false;
    const index = this.#slot % SLOTS;
    this.#extras[index] = (this.#extras[index] ?? 0) + 1;
    return true;
  }

  /**
   * A retry that has succeeded costs nothing: it found capacity, and the budget is there for those that do not. Nor does one that was taken and
   * never began. An attempt beside a slow one does: it is load that nobody had to have.
   */
  end({ paidRetries, extraTaken }: BudgetedCall, succeeded: boolean): void {
    if (paidRetries > 0 && succeeded) this.giveBack();
    if (extraTaken) this.giveBack();
  }

  giveBack(): void {
    this.#turnTo(this.clock.now());
    for (let back = 0; back < SLOTS; back++) {
      const index = (this.#slot + SLOTS - back) % SLOTS;
      const extras = this.#extras[index] ?? 0;
      if (extras === 0) continue;
      this.#extras[index] = extras - 1;
      return;
    }
  }

  get available(): number {
    return this.#whole - sum(this.#extras);
  }

  /** What there would be, had nothing been taken. */
  get #whole(): number {
    const { ratio, perSecond, windowMs } = this.settings;
    return ratio * sum(this.#calls) + (perSecond * windowMs) / 1000;
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot <= this.#slot) return;
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      this.#calls[next % SLOTS] = 0;
      this.#extras[next % SLOTS] = 0;
    }
    this.#slot = slot;
  }
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';
import type { BudgetedCall } from './retry-budget.js';
import { BUDGET_DEFAULTS, RetryTokens } from './retry-tokens.js';

const CALL: BudgetedCall = { paidRetries: 0, extraTaken: false };

describe('the retry budget', () => {
  it('gives a fifth of the calls of the last ten seconds, and ten a second on top', async () => {
    const clock = new FakeClock();
    const budget = new RetryTokens(BUDGET_DEFAULTS, clock);
    for (let index = 0; index < 100; index++) budget.begin(clock.now());
    let given = 0;
    while (budget.tryTake(CALL)) given++;
    expect(given).toBe(120);
    await clock.advance(10_000);
    expect(budget.tryTake(CALL)).toBe(true);
  });

  it('gives half of itself to attempts that nothing has failed for, and all of it to retries', () => {
    const budget = new RetryTokens({ ratio: 0, perSecond: 1, windowMs: 10_000 }, new FakeClock());
    let early = 0;
    while (budget.tryTake(CALL, true)) early++;
    let retries = 0;
    while (budget.tryTake(CALL)) retries++;
    expect([early, retries]).toEqual([5, 5]);
  });

  it('takes back what a retry that succeeded has cost, wherever in the window it began', async () => {
    const clock = new FakeClock();
    const budget = new RetryTokens({ ratio: 0, perSecond: 1, windowMs: 10_000 }, clock);
    const takeAll = () => {
      let taken = 0;
      while (budget.tryTake(CALL)) taken++;
      return taken;
    };
    expect(takeAll()).toBe(10);
    await clock.advance(5000);
    for (let index = 0; index < 3; index++) budget.giveBack();
    expect(takeAll()).toBe(3);
    await clock.advance(15_000);
    budget.giveBack();
    expect(takeAll()).toBe(10);
  });

  it('never gives more than its share within a window', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), fc.boolean()), { maxLength: 300 }), (steps) => {
        let now = 0;
        const clock = { now: () => now, wallNow: () => now, setTimer: () => ({ cancel() {} }) };
        const budget = new RetryTokens({ ratio: 0.2, perSecond: 0, windowMs: 10_000 }, clock);
        const taken: number[] = [];
        let calls = 0;
        for (const [ms, take] of steps) {
          now += ms;
          if (take) {
            if (budget.tryTake(CALL)) taken.push(now);
          } else {
            calls++;
            budget.begin(now);
          }
        }
        expect(taken.length).toBeLessThanOrEqual(0.2 * calls);
      }),
    );
  });
});

describe('the backoff', () => {
  const settings = { baseMs: 10, maxMs: 1000 };

  it('is nothing for the first move to another node', () => {
    expect(backoffMs(settings, 1, true, () => 0.99)).toBe(0);
  });

  it('is full jitter over a doubling interval, up to a second', () => {
    expect(backoffMs(settings, 1, false, () => 0.5)).toBe(10);
    expect(backoffMs(settings, 2, true, () => 0.5)).toBe(20);
    expect(backoffMs(settings, 20, true, () => 0.5)).toBe(500);
    expect(backoffMs(settings, 3, true, () => 0)).toBe(0);
  });
});

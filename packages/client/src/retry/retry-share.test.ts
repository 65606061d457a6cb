import { FakeClock } from '@micromesh/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetedCall } from './retry-budget.js';
import { RetryShare, type RetryShareRule } from './retry-share.js';

/** Those of Istio. */
const ISTIO: RetryShareRule = { ratio: 0.2, minRetryConcurrency: 3, intervalMs: 0 };

function newCall(): BudgetedCall {
  return { paidRetries: 0, extraTaken: false };
}

class Calls {
  readonly clock = new FakeClock();
  readonly budget: RetryShare;
  readonly underWay: BudgetedCall[] = [];

  constructor(own: Partial<RetryShareRule> = {}) {
    this.budget = new RetryShare({ ...ISTIO, ...own }, () => this.clock.now());
  }

  begin(count: number): this {
    for (let begun = 0; begun < count; begun++) {
      this.budget.begin(this.clock.now());
      this.underWay.push(newCall());
    }
    return this;
  }

  /** How many of those under way get an extra attempt. */
  get retries(): number {
    return this.underWay.filter((call) => this.budget.tryTake(call)).length;
  }

  endAll(): this {
    for (const call of this.underWay.splice(0)) this.budget.end(call);
    return this;
  }
}

/**
 * Sources: RetryBudgetImpl::max in envoyproxy/envoy source/common/upstream/resource_manager_impl.h; istio/api
 * networking/v1alpha3/destination_rule.proto at b8f8791; envoyproxy/data-plane-api envoy/config/cluster/v3/circuit_breaker.proto at 84e8436.
 */
describe('a share of the calls under way', () => {
  it.each<[string, Partial<RetryShareRule>, number, number]>([
    ['"20% with a minimum retry concurrency of 3 will allow 5 active retries while there are 25"', {}, 25, 5],
    ['"if there are 2 active requests, there are still 3 active retries allowed"', {}, 2, 2],
    [
      '"if there are 100 active requests and the budget_percent is set to 25, there may be 25"',
      { ratio: 0.25 },
      100,
      25,
    ],
    ['a part of one is none', {}, 29, 5],
    ['no share: the minimum', { ratio: 0 }, 100, 3],
    ['neither: none', { ratio: 0, minRetryConcurrency: 0 }, 100, 0],
  ])('%s', (_, rule, calls, retries) => {
    expect(new Calls(rule).begin(calls).retries).toBe(retries);
  });

  it('a call that retries again is asked anew, and stands in nobody else place', () => {
    const calls = new Calls({ minRetryConcurrency: 1, ratio: 0 }).begin(2);
    const [first = newCall(), second = newCall()] = calls.underWay;
    expect([calls.budget.tryTake(first), calls.budget.tryTake(first)]).toEqual([true, true]);
    expect(calls.budget.tryTake(second)).toBe(false);
    calls.budget.end(first);
    expect(calls.budget.tryTake(second)).toBe(true);
    expect(calls.budget.available).toBe(0);
    calls.budget.giveBack(second);
    expect(calls.budget.available).toBe(1);
  });

  it('shrinks with the calls: one that has retried may find that it may not again', () => {
    const calls = new Calls({ minRetryConcurrency: 0 }).begin(10);
    const [first = newCall(), second = newCall(), ...others] = calls.underWay;
    expect([calls.budget.tryTake(first), calls.budget.tryTake(second)]).toEqual([true, true]);
    for (const call of others) calls.budget.end(call);
    expect(calls.budget.tryTake(first)).toBe(false);
  });
});

describe('a share of the calls of an interval', () => {
  it('counts those that have ended as well, and forgets them an interval later', async () => {
    const calls = new Calls({ intervalMs: 1000, minRetryConcurrency: 0 }).begin(50).endAll();
    expect(calls.budget.limit).toBe(10);
    await calls.clock.advance(1000);
    expect(calls.budget.limit).toBe(10);
    await calls.clock.advance(100);
    expect(calls.budget.limit).toBe(0);
  });

  it('counts an extra attempt as a call, as Envoy does', () => {
    const calls = new Calls({ intervalMs: 1000, ratio: 1, minRetryConcurrency: 0 }).begin(1);
    expect(calls.retries).toBe(1);
    expect(calls.budget.limit).toBe(2);
  });
});

it('never are more calls retrying than may, and none is left when all have ended', async () => {
  const step = fc.record({
    do: fc.constantFrom('begin', 'take', 'take', 'end'),
    which: fc.nat(30),
    waitMs: fc.nat(300),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(3),
      fc.constantFrom(0, 1000),
      fc.array(step, { maxLength: 100 }),
      async (ratio, minRetryConcurrency, intervalMs, steps) => {
        const calls = new Calls({ ratio, minRetryConcurrency, intervalMs });
        for (const { do: what, which, waitMs } of steps) {
          await calls.clock.advance(waitMs);
          const index = which % Math.max(1, calls.underWay.length);
          const call = calls.underWay[index];
          if (what === 'begin') calls.begin(1);
          else if (call !== undefined && what === 'take') {
            const { limit } = calls.budget;
            if (calls.budget.tryTake(call)) expect(limit).toBeGreaterThan(0);
          } else if (call !== undefined) {
            calls.underWay.splice(index, 1);
            calls.budget.end(call);
          }
        }
        calls.endAll();
        expect(calls.budget.available).toBe(calls.budget.limit);
      },
    ),
  );
});

import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReturnTimes } from './return-times.js';

describe('the times to come back', () => {
  it('are one after the other at the rate at which calls end, after those who wait', () => {
    const times = new ReturnTimes(() => 0);
    const told = Array.from({ length: 4 }, () => times.next(1000, 60, 20));
    expect(told).toEqual([80, 100, 120, 140]);
    expect(times.next(1100, 0, 20)).toBe(60);
    expect(times.next(9000, 0, 20)).toBe(50);
  });

  it('are within 50 ms and 5 s, whatever is measured', () => {
    const refusal = fc.record({
      afterMs: fc.integer({ min: 0, max: 500 }),
      waitMs: fc.integer({ min: 0, max: 20_000 }),
      msPerCall: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(refusal), fc.integer(), (refusals, seed) => {
        const times = new ReturnTimes(seededRandom(seed));
        let now = 0;
        for (const { afterMs, waitMs, msPerCall } of refusals) {
          now += afterMs;
          const told = times.next(now, waitMs, msPerCall);
          expect(Number.isInteger(told)).toBe(true);
          expect(told).toBeGreaterThanOrEqual(50);
          expect(told).toBeLessThanOrEqual(5000);
        }
      }),
    );
  });
});

import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binomialInterval, expectShare } from './expected-share.js';
import { type FlakyModel, simulateFlaky } from './flaky-simulation.js';

const MODEL: FlakyModel = {
  ...{ callers: 10, errorRatio: 0.2, retries: 3, maxConcurrentRetries: Number.POSITIVE_INFINITY },
  serviceMs: (random) => 50 + 50 * random(),
  backoffMs: (retry, random) => (retry === 1 ? 0 : random() * 10 * 2 ** retry),
};

function shareOf(changes: Partial<FlakyModel>, calls = 200_000): number {
  return simulateFlaky({ ...MODEL, ...changes }, calls, seededRandom(7)) / calls;
}

describe('simulateFlaky', () => {
  test.each([0, 1, 2, 3])('without a bound, %i retries leave 0.2 to the power of one more', (retries) => {
    const expected = 1 - 0.2 ** (1 + retries);
    const deviation = Math.sqrt((expected * (1 - expected)) / 200_000);
    expect(Math.abs(shareOf({ retries }) - expected)).toBeLessThan(4 * deviation);
  });

  test('a bound of as many as there are callers is none, and one of 0 is no retry', () => {
    expect(shareOf({ maxConcurrentRetries: 10 })).toBe(shareOf({}));
    expect(shareOf({ maxConcurrentRetries: 0 })).toBe(shareOf({ retries: 0 }));
  });

  test('leaves out no call that takes long: short runs fail as many as long ones', () => {
    const random = seededRandom(7);
    const runs = 20_000;
    let ok = 0;
    for (let run = 0; run < runs; run++) ok += simulateFlaky(MODEL, 20, random);
    const expected = 1 - 0.2 ** 4;
    const deviation = Math.sqrt((expected * (1 - expected)) / (runs * 20));
    expect(Math.abs(ok / (runs * 20) - expected)).toBeLessThan(4 * deviation);
  });

  test('agrees with a birth-and-death chain where there is one', () => {
    const serviceMs: FlakyModel['serviceMs'] = (random) => -Math.log(1 - random());
    const two = { callers: 2, retries: 1, maxConcurrentRetries: 1, serviceMs, backoffMs: () => 0 };
    // States: no retry runs (0), one does (1). From 0 at the rate 2 x 0.2 to 1, back at the rate 1: a call that fails in 1 is lost.
    const one = 0.4 / 1.4;
    const lost = (one * 0.2 + one * 0.2) / (2 * (1 - one) * 0.8 + one * (0.8 + 0.2) + one);
    expect(Math.abs(1 - shareOf(two) - lost)).toBeLessThan(0.003);
  });

  test('never gets worse by a greater bound or more retries, nor leaves the limits of both', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 12 }),
        (retries, maxConcurrentRetries) => {
          const share = shareOf({ retries, maxConcurrentRetries }, 5_000);
          expect(share).toBeGreaterThan(0.8 - 0.03);
          expect(share).toBeLessThanOrEqual(Math.min(1, 1 - 0.2 ** (1 + retries) + 0.03));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('expectShare', () => {
  test("is the interval of a binomial where calls do not get in each other's way", () => {
    const { share, low, high } = expectShare({ ...MODEL, retries: 0 }, 1_000, seededRandom(1));
    expect(share).toBeCloseTo(0.8, 2);
    // 3.29 standard deviations of 0.0126.
    expect(low).toBeCloseTo(0.8 - 0.0416, 2);
    expect(high).toBeCloseTo(0.8 + 0.0416, 2);
  });

  test('holds 999 of 1000 further runs, where a bound makes failures come in bursts', () => {
    const bounded = { ...MODEL, maxConcurrentRetries: 3 };
    const { low, high } = expectShare(bounded, 500, seededRandom(1));
    const random = seededRandom(2);
    let outside = 0;
    for (let run = 0; run < 4_000; run++) {
      const share = simulateFlaky(bounded, 500, random) / 500;
      if (share < low || share > high) outside++;
    }
    // 4 are expected; without regard to the bursts it would be 30.
    expect(outside).toBeLessThanOrEqual(14);
  });

  test('says nothing of no calls', () => {
    expect(expectShare(MODEL, 0, seededRandom(1))).toEqual({ share: 0, low: 0, high: 1 });
  });
});

describe('binomialInterval', () => {
  test('is exact where it can be counted', () => {
    // Ten tosses of a coin: 10 heads come once in 1024, more often than the tail.
    expect(binomialInterval(10, 0.5)).toEqual({ fewest: 0, most: 10 });
    expect(binomialInterval(20, 0.5)).toEqual({ fewest: 3, most: 17 });
    expect(binomialInterval(5, 0)).toEqual({ fewest: 0, most: 0 });
    expect(binomialInterval(5, 1)).toEqual({ fewest: 5, most: 5 });
  });
});

import { describe, expect, it } from 'vitest';
import { binomialInterval } from './binomial.js';

describe('the interval of a count by chance', () => {
  // The same tails summed up in exact fractions.
  it.each([
    [10, 0.5, 0, 10],
    [100, 0.5, 34, 66],
    [150, 0.04, 0, 15],
    [2000, 0.04, 53, 110],
  ])('of %i trials at %d', (trials, chance, low, high) => {
    expect(binomialInterval(trials, chance)).toEqual({ low, high });
  });

  it('holds no count of no trials', () => {
    expect(binomialInterval(0, 0.2)).toEqual({ low: 0, high: 0 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateMedian, median, percentile } from './statistics.js';

describe('percentile', () => {
  it('is the value that a share of the values does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBe(0);
  });
});

describe('median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('the interval of a median', () => {
  // Tables of the sign test: of 6 values none, of 9 one, of 20 five may be left out at either end.
  it.each([
    [6, 0],
    [9, 1],
    [20, 5],
  ])('leaves out as many of %i values as the sign test allows', (count, left) => {
    const values = Array.from({ length: count }, (_, index) => index);
    expect(estimateMedian(values)).toMatchObject({ low: left, high: count - 1 - left });
  });

  it('holds the median, whatever the values', () => {
    const numbers = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(numbers, (values) => {
        const { low, median, high } = estimateMedian(values);
        expect(low).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(high);
      }),
    );
  });
});

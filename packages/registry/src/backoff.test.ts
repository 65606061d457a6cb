import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './backoff.js';

const backoff = { baseMs: 100, maxMs: 2_000 };

describe('retryDelayMs', () => {
  it('doubles from the base to the cap', () => {
    const longest = () => 0.999_999_9;
    const delays = [1, 2, 3, 4, 5, 6, 7, 60].map((failures) =>
      Math.round(retryDelayMs(failures, backoff, longest)),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
  });

  it('spreads a wait over the upper half of it', () => {
    expect(retryDelayMs(1, backoff, () => 0)).toBe(50);
    expect(retryDelayMs(60, backoff, () => 0)).toBe(1_000);
  });
});

import { describe, expect, it } from 'vitest';
import { checkHedge } from './hedge-setting.js';

describe('the hedge option', () => {
  it('takes a time, a percentile, or false', () => {
    for (const value of [
      false,
      { afterMs: 0 },
      { afterMs: 50 },
      { atPercentile: 0.5 },
      { atPercentile: 0.999 },
    ])
      expect(() => checkHedge('hedge', value)).not.toThrow();
  });

  it.each([
    [true, 'is no setting'],
    [50, 'is no setting'],
    [null, 'is no setting'],
    [[50], 'is no setting'],
    [{}, 'says no time'],
    [{ afterMs: undefined }, 'says no time'],
    [{ afterMs: 1, atPercentile: 0.9 }, 'says two times'],
    [{ afterMs: -1 }, 'hedge.afterMs: -1'],
    [{ afterMs: '5' }, 'is no number'],
    [{ atPercentile: 95 }, 'hedge.atPercentile: 95'],
    [{ atPercentil: 0.9 }, 'did you mean atPercentile?'],
  ])('refuses %j', (value, words) => {
    expect(() => checkHedge('hedge', value)).toThrow(words);
  });
});

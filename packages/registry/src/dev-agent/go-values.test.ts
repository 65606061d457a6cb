import { describe, expect, it } from 'vitest';
import { parseGoDuration, readFlag } from './go-values.js';

describe('durations as Go writes them', () => {
  it('reads units, fractions, sums and signs', () => {
    expect(parseGoDuration('10s')).toBe(10_000);
    expect(parseGoDuration('1m30s')).toBe(90_000);
    expect(parseGoDuration('1.5h')).toBe(5_400_000);
    expect(parseGoDuration('.5ms')).toBe(0.5);
    expect(parseGoDuration('-5ms')).toBe(-5);
    expect(parseGoDuration('0')).toBe(0);
  });

  it('takes nothing else', () => {
    for (const text of ['', '10', 's', '1d', '1s2', ' 1s', '1 s', '--1s']) {
      expect(parseGoDuration(text), text).toBeUndefined();
    }
  });
});

describe('flags of a query', () => {
  it('count as true without a value', () => {
    expect(readFlag(new URLSearchParams('passing'), 'passing')).toBe(true);
    expect(readFlag(new URLSearchParams('passing=0'), 'passing')).toBe(false);
    expect(readFlag(new URLSearchParams(''), 'passing')).toBe(false);
    expect(() => readFlag(new URLSearchParams('passing=x'), 'passing')).toThrow('Invalid value for ?passing');
  });
});

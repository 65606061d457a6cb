import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.js';
import { percentRatio } from './virtual-service/percent.js';

describe('a duration', () => {
  it.each([
    ['1.5s', 1500],
    ['1h10m', 4_200_000],
    ['250ms', 250],
    ['0s', 0],
    ['1000us', 1],
    ['1000000ns', 1],
    ['0.001s', 1],
    ['1.s', 1000],
    ['500h', 1_800_000_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toEqual({ text, ms });
  });

  it.each([
    '',
    '1',
    's',
    '1 s',
    '-1s',
    '+1s',
    '1.5ms',
    '1us',
    '0.0001s',
    '1d',
    '1S',
    '600h',
    `${'9'.repeat(60)}h`,
    '1e3s',
    '.5s',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is read exactly, whatever its unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (ms) => {
        expect(parseDuration(`${ms}ms`)?.ms).toBe(ms);
        expect(parseDuration(`${(ms / 1000).toFixed(3)}s`)?.ms).toBe(ms);
        expect(parseDuration(`${Math.floor(ms / 60_000)}m${ms % 60_000}ms`)?.ms).toBe(ms);
      }),
    );
  });
});

describe('a percentage', () => {
  it.each([
    [0, 0],
    [100, 1],
    [50, 0.5],
    [0.0001, 0.000_001],
    [0.0003, 0.000_003],
    [0.00019, 0.000_001],
    [0.00009, 0],
    [33.3333, 0.333_333],
  ])('of %d is a share of %d, in steps of 0.0001 %%, rounded down', (value, ratio) => {
    expect(percentRatio({ value })).toBe(ratio);
  });

  it('without a value is 0', () => {
    expect(percentRatio({})).toBe(0);
  });
});

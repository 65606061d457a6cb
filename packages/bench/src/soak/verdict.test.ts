import { describe, expect, it } from 'vitest';
import { type SoakFigures, soakProblems } from './verdict.js';

const FLAT = { first: 14, last: 14, grown: 0 };
const UNKNOWN = { first: Number.NaN, last: Number.NaN, grown: Number.NaN };
const GOOD: SoakFigures = { calls: 100, failed: 0, kills: 3, heapMiB: FLAT, handles: FLAT };

describe('a soak', () => {
  it('is good where nodes were killed, no call failed and nothing grew', () => {
    expect(soakProblems(GOOD, 100)).toEqual([]);
  });

  it.each<[string, Partial<SoakFigures>, RegExp]>([
    ['with a call that failed', { failed: 1 }, /^1 calls failed$/],
    ['that ended early', { calls: 99 }, /^99 of 100 calls were made$/],
    ['without a kill', { kills: 0 }, /^no node was killed: give more --calls/],
    [
      'that is too short to tell',
      { heapMiB: UNKNOWN, handles: UNKNOWN },
      /^too short to tell whether it grows/,
    ],
    ['whose heap grew', { heapMiB: { first: 10, last: 15, grown: 5 } }, /^the heap grew by 5 MiB$/],
    ['that left handles', { handles: { first: 50, last: 57, grown: 7 } }, /^7 handles more$/],
  ])('%s is not', (_what, change, problem) => {
    expect(soakProblems({ ...GOOD, ...change }, 100)).toEqual([expect.stringMatching(problem)]);
  });
});

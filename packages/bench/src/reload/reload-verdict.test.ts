import { expect, test } from 'vitest';
import { reloadProblems } from './reload-verdict.js';

const flat = { first: 20, last: 20, grown: 0 };
const GOOD = {
  ...{ seconds: 60.2, calls: 24_000, failed: 0, retried: 1200, versions: 1000, followed: 600 },
  ...{ mixed: 0, without: 0, heapMiB: flat, handles: flat },
};
const ASKED = { versions: 1000, calls: 24_000, seconds: 60 };

test('a run in which no call fails or mixes versions, and nothing grows, is good', () => {
  expect(reloadProblems(GOOD, ASKED)).toEqual([]);
});

test.each([
  [{ failed: 1 }, '1 calls failed'],
  [{ mixed: 2 }, '2 calls mixed two versions'],
  [{ without: 3 }, '3 calls went by no policies'],
  [{ calls: 23_999 }, '23999 of 24000 calls ended'],
  [{ versions: 900 }, '900 of 1000 versions were written'],
  [{ seconds: 80 }, 'it took 80 s instead of 60 s: give more --seconds'],
  [{ followed: 1 }, 'calls went by 1 versions only, of 1000'],
  [{ retried: 0 }, 'no call was tried again: it cannot be told whether one would mix versions'],
  [{ heapMiB: { first: 20, last: 23, grown: 3 } }, 'the heap grew by 3 MiB'],
  [{ handles: { first: 20, last: 30, grown: 10 } }, '10 handles more'],
  [
    { heapMiB: { first: Number.NaN, last: Number.NaN, grown: Number.NaN } },
    'too short to tell whether it grows: give more --seconds',
  ],
])('%o is not good', (figures, problem) => {
  expect(reloadProblems({ ...GOOD, ...figures }, ASKED)).toEqual([problem]);
});

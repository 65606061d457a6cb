import { expect, test } from 'vitest';
import { statusOf } from './run-scenario-command.js';

const RESULT = {
  ...({ scenario: 'kill', registry: 'embedded', nodes: 3, rps: 1, seconds: 1 } as const),
  ...{ calls: 1, ok: 1, failed: 0, retried: 0, attempts: 1, codes: {}, timeline: [] },
  ...{ executedTwice: 0, executedTwiceCalls: [], maybeTwice: 0, maybeTwiceCalls: [], okWithoutEffect: 0 },
  ...{ p50Ms: 1, p99Ms: 1, maxMs: 1, recoveryMs: 0 },
};

test.each([
  [{}, 0],
  [{ maybeTwice: 3 }, 0],
  [{ reregisteredMs: 2_000 }, 0],
  [{ failed: 1 }, 1],
  [{ executedTwice: 1 }, 1],
  [{ okWithoutEffect: 1 }, 1],
  [{ reregisteredMs: null }, 1],
  [{ newLeaderMs: null }, 1],
  [{ calls: 10, ok: 8, failed: 2, expected: { share: 0.8, low: 0.7, high: 0.9 } }, 0],
  [{ calls: 10, ok: 6, failed: 4, expected: { share: 0.8, low: 0.7, high: 0.9 } }, 1],
  // Too good to be true.
  [{ calls: 10, ok: 10, failed: 0, expected: { share: 0.8, low: 0.7, high: 0.9 } }, 1],
])('a result with %o has the exit status %i', (found, status) => {
  expect(statusOf({ ...RESULT, ...found })).toBe(status);
});

import { describe, expect, it } from 'vitest';
import type { BrokenPromise, FaultRow } from './count/row.js';
import { takeAgain } from './take-again.js';

function rowWith(...kinds: readonly BrokenPromise['kind'][]): FaultRow {
  const times = { p50Ms: 1, p99Ms: 1, maxMs: 1, lastSlowMs: 0, p99BeforeMs: 1, p99AfterMs: 1 };
  const counts = { calls: 1, failed: 0, executedTwice: 0, maybeTwice: 0 };
  const broken = kinds.map((kind) => ({ kind, text: kind }));
  return {
    fault: 'kill',
    client: 'me',
    idempotent: true,
    ...counts,
    ...times,
    failures: [],
    broken,
    takes: 1,
  };
}

async function takesOf(...takes: readonly (readonly FaultRow[])[]): Promise<readonly FaultRow[]> {
  return takeAgain(async (number) => takes[number - 1] ?? []);
}

describe('a fault', () => {
  it('is brought once where it broke nothing', async () => {
    expect(await takesOf([rowWith()])).toMatchObject([{ takes: 1, broken: [] }]);
  });

  it('is brought again where calls were slow alone, and each row is of the first take in which it was not', async () => {
    const [slow, good] = [rowWith('slow'), rowWith()];
    expect(await takesOf([slow, good], [good, slow])).toMatchObject([
      { takes: 2, broken: [] },
      { takes: 1, broken: [] },
    ]);
    expect(await takesOf([slow, slow], [slow, good], [slow, slow], [good, good])).toMatchObject([
      { takes: 3, broken: [{ kind: 'slow' }] },
      { takes: 2, broken: [] },
    ]);
  });

  it('counts a call that failed in any take, be it in a row that had been good', async () => {
    const takes = [
      [rowWith('slow'), rowWith()],
      [rowWith(), rowWith('failed')],
    ];
    expect(await takesOf(...takes, [rowWith(), rowWith()])).toMatchObject([
      { takes: 2, broken: [] },
      { takes: 2, broken: [{ kind: 'failed' }] },
    ]);
  });

  it.each(['failed', 'twice'] as const)('is not brought again where calls %s, slow or not', async (kind) => {
    expect(await takesOf([rowWith('slow'), rowWith(kind)], [rowWith()])).toMatchObject([
      { takes: 1 },
      { takes: 1, broken: [{ kind }] },
    ]);
  });
});

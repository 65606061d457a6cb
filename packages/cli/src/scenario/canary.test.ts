import { readPolicies } from '@micromesh/policy';
import { describe, expect, test } from 'vitest';
import { measureStep, type Written } from './canary.js';
import { canaryRoute, STABLE_POLICIES } from './canary-policies.js';
import { RoutedLedger } from './routed-calls.js';
import { stepShortfalls } from './shortfalls.js';

/** A version that was written at 1000 ms. */
function written(version: string, weight: number): Written {
  return { change: 'apply', weight, version, atMs: 1000 };
}

function ledgerOf(...calls: readonly [version: string | undefined, node: string, atMs: number][]) {
  const ledger = new RoutedLedger();
  ledger.isNew('new');
  for (const call of calls) ledger.routed(...call);
  return ledger;
}

test.each([0, 10, 50, 100])(
  'there is nothing to be said against policies that give v2 %i percent',
  (weight) => {
    const [subsets] = STABLE_POLICIES.split('---\n');
    for (const text of [STABLE_POLICIES, `${subsets}---\n${canaryRoute(weight)}`]) {
      expect(readPolicies([{ file: 'demo.yaml', text }]).problems).toEqual([]);
    }
  },
);

describe('a step of a canary', () => {
  test('is in force when the first call goes by it', () => {
    const ledger = ledgerOf(['1', 'old', 990], ['2', 'new', 1030], ['2', 'old', 1040]);
    expect(measureStep(written('2', 50), [], ledger)).toMatchObject({ inForceMs: 30, share: 0.5, calls: 2 });
  });

  test('is not in force before the last call goes by the one before it', () => {
    const ledger = ledgerOf(['2', 'new', 1030], ['1', 'old', 1250], ['2', 'new', 1300]);
    const step = measureStep(written('2', 100), [], ledger);
    expect(step).toMatchObject({ inForceMs: 250, share: 1 });
    expect(stepShortfalls(step)).toEqual(['100 % was in force only 250 ms after its write']);
  });

  test('is not in force before the last call goes by no policies at all', () => {
    const ledger = ledgerOf(['2', 'new', 1030], [undefined, 'old', 1100]);
    expect(measureStep(written('2', 100), [], ledger).inForceMs).toBe(100);
  });

  test('was in force at once where calls went by it before its write had returned', () => {
    const ledger = ledgerOf(['1', 'old', 980], ['2', 'new', 995]);
    expect(measureStep(written('2', 100), [], ledger).inForceMs).toBe(0);
  });

  test('is not late for calls that went by a later one', () => {
    const ledger = ledgerOf(['2', 'new', 1030], ['3', 'new', 5000]);
    expect(measureStep(written('2', 100), [written('3', 100)], ledger).inForceMs).toBe(30);
  });

  test('was never in force where no call went by it', () => {
    const step = measureStep(written('2', 10), [], ledgerOf(['1', 'old', 1500]));
    expect(step).toMatchObject({ inForceMs: null, calls: 0 });
    expect(stepShortfalls(step)).toEqual(['no call went by 10 %']);
  });

  test('has the share that its weight says', () => {
    const calls = (toNew: number) =>
      ledgerOf(
        ...Array.from({ length: 400 }, (_, index): [string, string, number] => [
          ...(['2', index < toNew ? 'new' : 'old', 1010] as const),
        ]),
      );
    const shortfallsAt = (toNew: number) => stepShortfalls(measureStep(written('2', 10), [], calls(toNew)));
    expect(shortfallsAt(40)).toEqual([]);
    // The 99.9 % interval of 400 calls with a chance of 10 %, each tail under 0.05 %: 22 to 61.
    expect([22, 61].flatMap(shortfallsAt)).toEqual([]);
    expect(shortfallsAt(21)).toEqual([
      '10 % brought v2 5.25 % of the calls, which is outside of what is expected',
    ]);
    expect(shortfallsAt(62)).toHaveLength(1);
  });

  test('of 0 % brings no call', () => {
    const step = measureStep(written('2', 0), [], ledgerOf(['2', 'old', 1001], ['2', 'new', 1002]));
    expect(stepShortfalls(step)).toHaveLength(1);
  });
});

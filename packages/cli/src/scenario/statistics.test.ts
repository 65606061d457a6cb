import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallLedger } from './call-ledger.js';
import { percentile, summarise } from './statistics.js';

interface Told {
  readonly startMs: number;
  readonly tookMs?: number;
  readonly code?: string;
  readonly attempts?: number;
}

function ledgerOf(calls: readonly Told[]): CallLedger {
  const ledger = new CallLedger();
  for (const { startMs, tookMs = 10, code = 'OK', attempts = 1 } of calls) {
    const call = ledger.started(startMs);
    ledger.ended(call, startMs + tookMs, code);
    ledger.tried(startMs, attempts);
  }
  return ledger;
}

describe('percentile', () => {
  test('is the nearest rank', () => {
    const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(sorted, 0.5)).toBe(50);
    expect(percentile(sorted, 0.99)).toBe(99);
    expect(percentile(sorted, 1)).toBe(100);
    expect(percentile([3], 0.5)).toBe(3);
    expect(percentile([], 0.99)).toBe(0);
  });

  test('is one of the values, and no smaller for a greater share', () => {
    void fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const sorted = values.sort((a, b) => a - b);
          expect(sorted).toContain(percentile(sorted, share));
          expect(percentile(sorted, share)).toBeLessThanOrEqual(percentile(sorted, 1));
        },
      ),
    );
  });
});

describe('summarise', () => {
  test('counts calls, tries and codes', () => {
    const ledger = ledgerOf([
      { startMs: 0 },
      { startMs: 10, attempts: 2 },
      { startMs: 20, code: 'UNAVAILABLE', attempts: 3 },
    ]);
    expect(summarise(ledger, 0, 100, [])).toMatchObject({
      ...{ calls: 3, ok: 2, failed: 1, retried: 2, attempts: 6 },
      codes: { OK: 2, UNAVAILABLE: 1 },
    });
  });

  test('counts a call that has not ended as failed, with the time it has taken', () => {
    const ledger = ledgerOf([{ startMs: 0 }]);
    ledger.started(100);
    expect(summarise(ledger, 0, 5_100, [])).toMatchObject({
      ...{ calls: 2, ok: 1, failed: 1, maxMs: 5_000 },
      codes: { OK: 1, UNFINISHED: 1 },
    });
  });

  test('takes latencies over all calls', () => {
    const ledger = ledgerOf(
      Array.from({ length: 100 }, (_, index) => ({ startMs: index, tookMs: index + 1 })),
    );
    expect(summarise(ledger, 0, 1_000, [])).toMatchObject({ p50Ms: 50, p99Ms: 99, maxMs: 100 });
  });

  describe('recovery', () => {
    const calm = Array.from({ length: 100 }, (_, index) => ({ startMs: index * 10 }));

    test.each<[string, Told, number]>([
      ['is 0 when nothing was disturbed', { startMs: 1_300 }, 0],
      ['ends with the start of the last retried call', { startMs: 1_300, attempts: 2 }, 200],
      ['ends with the start of the last failed call', { startMs: 1_300, code: 'INTERNAL' }, 200],
      ['ends with the start of the last call over twice the p99 before', { startMs: 1_300, tookMs: 21 }, 200],
      ['does not mind a call of twice the p99 before', { startMs: 1_300, tookMs: 20 }, 0],
      ['is 0 when only calls in flight at the fault were disturbed', { startMs: 1_095, attempts: 2 }, 0],
    ])('%s', (_, call, recoveryMs) => {
      const ledger = ledgerOf([...calm, call, { startMs: 1_400 }]);
      expect(summarise(ledger, 1_100, 2_000, []).recoveryMs).toBe(recoveryMs);
    });
  });

  test('puts calls and events into pieces of 100 ms, without a gap', () => {
    const ledger = ledgerOf([
      { startMs: 0 },
      { startMs: 99, code: 'UNAVAILABLE' },
      { startMs: 250, attempts: 2 },
    ]);
    const events = [
      { atMs: 110, text: 'kill -9 a' },
      { atMs: 120, text: 'b is there' },
    ];
    expect(summarise(ledger, 110, 400, events).timeline).toEqual([
      { ms: 0, calls: 2, ok: 1, failed: 1, retried: 0 },
      { ms: 100, calls: 0, ok: 0, failed: 0, retried: 0, event: 'kill -9 a; b is there' },
      { ms: 200, calls: 1, ok: 1, failed: 0, retried: 1 },
    ]);
  });

  test('finds each call in the timeline exactly once', () => {
    const call = fc.record({
      startMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
      attempts: fc.integer({ min: 1, max: 3 }),
      code: fc.constantFrom('OK', 'UNAVAILABLE'),
    });
    void fc.assert(
      fc.property(fc.array(call), (calls) => {
        const { timeline, ...all } = summarise(ledgerOf(calls), 1_000, 9_000, []);
        const sum = (key: 'calls' | 'ok' | 'failed' | 'retried') =>
          timeline.reduce((total, bucket) => total + bucket[key], 0);
        expect([sum('calls'), sum('ok'), sum('failed'), sum('retried')]).toEqual([
          calls.length,
          all.ok,
          all.failed,
          all.retried,
        ]);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LATENCY_SLOT_MS, LatencyWindow } from './latency-window.js';

describe('the latencies of the last 2 s', () => {
  it('tell how many were slow, right within a fifth, and when', () => {
    const answer = fc.record({
      at: fc.integer({ min: 0, max: 4000 }),
      ms: fc.double({ min: 1, max: 60_000, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(answer, { maxLength: 100 }),
        fc.double({ min: 1, max: 50_000, noNaN: true }),
        fc.nat(3000),
        (answers, limitMs, laterMs) => {
          const window = new LatencyWindow();
          const inOrder = answers.sort((a, b) => a.at - b.at);
          for (const { at, ms } of inOrder) window.add(at, ms);
          const now = (inOrder.at(-1)?.at ?? 0) + laterMs;
          const slotOf = (at: number) => Math.floor(at / LATENCY_SLOT_MS);
          const kept = inOrder.filter(({ at }) => slotOf(at) > slotOf(now) - 25);
          const { answers: all, slow } = window.counts(now, limitMs);
          expect(all).toBe(kept.length);
          expect(slow).toBeLessThanOrEqual(kept.filter(({ ms }) => ms > limitMs).length);
          expect(slow).toBeGreaterThanOrEqual(kept.filter(({ ms }) => ms > limitMs * 1.2).length);
          const ages = window.countsByAge(now, limitMs);
          expect(ages.reduce((sum, each) => sum + each.slow, 0)).toBe(slow);
          expect(ages.map((each) => each.answers)).toEqual(
            ages.map((_, age) => kept.filter(({ at }) => slotOf(at) === slotOf(now) - age).length),
          );
        },
      ),
    );
  });

  it('have a 90th percentile from 20 answers on, right within a tenth', () => {
    const latency = fc.double({ min: 1, max: 60_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(latency, { minLength: 20, maxLength: 60 }), (all) => {
        const window = new LatencyWindow();
        for (const each of all) window.add(0, each);
        const exact = [...all].sort((a, b) => a - b)[Math.ceil(all.length * 0.9) - 1] ?? 0;
        expect((window.p90(0) ?? 0) / exact).toBeGreaterThan(0.9);
        expect((window.p90(0) ?? 0) / exact).toBeLessThan(1.1);
      }),
    );
    const few = new LatencyWindow();
    for (let count = 0; count < 19; count++) few.add(0, 10);
    expect(few.p90(0)).toBeUndefined();
    few.add(LATENCY_SLOT_MS, 10);
    expect(few.p90(LATENCY_SLOT_MS)).toBeCloseTo(10, -1);
  });

  it('are forgotten when told, and take what is out of bounds as the nearest that is not', () => {
    const window = new LatencyWindow();
    for (let count = 0; count < 20; count++) window.add(0, 1e9);
    expect(window.p90(0)).toBeGreaterThan(60_000);
    window.clear();
    expect(window.p90(0)).toBeUndefined();
    expect(window.counts(0, 0)).toEqual({ answers: 0, slow: 0 });
    for (let count = 0; count < 20; count++) window.add(LATENCY_SLOT_MS, 0);
    expect(window.p90(LATENCY_SLOT_MS)).toBeLessThan(1.2);
  });
});

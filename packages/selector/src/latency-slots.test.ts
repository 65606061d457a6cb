import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencySlots } from './latency-slots.js';

describe('latencies in slots', () => {
  it('give quantiles that are right within 10 %', () => {
    const latency = fc.double({ min: 0.1, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 50 }),
        fc.constantFrom(0.5, 0.9, 1),
        (all, quantile) => {
          const slots = new LatencySlots(3);
          for (const [index, each] of all.entries()) slots.add(index % 3, each);
          const exact = [...all].sort((a, b) => a - b)[Math.ceil(all.length * quantile) - 1] ?? 0;
          const found = slots.quantile(quantile) ?? 0;
          expect(found / exact).toBeGreaterThan(0.9);
          expect(found / exact).toBeLessThan(1.1);
        },
      ),
    );
  });

  it('forget a slot that is cleared, and say nothing when all are', () => {
    const slots = new LatencySlots(2);
    slots.add(0, 10);
    slots.add(1, 1000);
    slots.clear(1);
    expect(slots.quantile(1)).toBeCloseTo(10, -1);
    slots.clear(0);
    expect(slots.quantile(1)).toBeUndefined();
  });

  it('take what is out of bounds as the nearest that is not', () => {
    const slots = new LatencySlots(1);
    slots.add(0, 0);
    expect(slots.quantile(1)).toBeLessThan(0.2);
    slots.add(0, 1e9);
    expect(slots.quantile(1)).toBeGreaterThan(90_000);
  });
});

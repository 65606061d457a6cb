import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyRecord } from './latency-record.js';

describe('the latency record of a method', () => {
  it('knows nothing at first', () => {
    const record = new LatencyRecord();
    expect(record.count(0)).toBe(0);
    expect(record.quantile(0.95, 0)).toEqual({ fromMs: 0, toMs: 0 });
  });

  it('has each quantile between two times that are 9 % apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (times, ratio) => {
          const record = new LatencyRecord();
          for (const ms of times) record.add(ms, 5);
          const sorted = times.toSorted((one, other) => one - other);
          const exact = sorted[Math.max(0, Math.ceil(ratio * times.length) - 1)] ?? Number.NaN;
          const { fromMs, toMs } = record.quantile(ratio, 5);
          expect(fromMs).toBeLessThanOrEqual(exact * (1 + 1e-9));
          expect(toMs).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          if (fromMs > 0) expect(toMs / fromMs).toBeLessThan(1.1);
        },
      ),
    );
  });

  it('forgets what is older than 20 s, and keeps what is younger than 10 s', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(15_000), { minLength: 1, maxLength: 40 }), (steps) => {
        const record = new LatencyRecord();
        const added: number[] = [];
        let now = 0;
        for (const ms of steps) {
          now += ms;
          record.add(1, now);
          added.push(now);
          const count = record.count(now);
          expect(count).toBeGreaterThanOrEqual(added.filter((at) => at > now - 10_000).length);
          expect(count).toBeLessThanOrEqual(added.filter((at) => at > now - 20_000).length);
        }
        expect(record.count(now + 20_000)).toBe(0);
      }),
    );
  });

  it('takes what no clock should give', () => {
    const record = new LatencyRecord();
    for (const ms of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, 1e9]) record.add(ms, 0);
    expect(record.count(0)).toBe(5);
  });
});

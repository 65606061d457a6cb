import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';

describe('a request', () => {
  it('is late by what it took longer than the promptest of its series, whatever the clocks say', () => {
    const arrivals = new Arrivals();
    expect(arrivals.lateness('s 1000', 50_000_030)).toBeUndefined();
    expect(arrivals.lateness('s 2000', 50_001_000)).toBeUndefined();
    expect(arrivals.lateness('s 3000', 50_002_200)).toBeUndefined();
    expect(arrivals.lateness('s 4000', 50_003_201)).toEqual({ series: 's', lateMs: 201 });
    expect(arrivals.lateness('s 5000', 50_004_000)).toBeUndefined();
  });

  it('is measured within its own series', () => {
    const arrivals = new Arrivals();
    arrivals.lateness('a 1000', 1000);
    expect(arrivals.lateness('b 1000', 9000)).toBeUndefined();
    expect(arrivals.lateness('a 1000', 9000)).toEqual({ series: 'a', lateMs: 8000 });
  });

  it.each(['', ' ', '12', ' 12', 's', 's x', 's NaN', 's Infinity'])('that says %j is not late', (stamp) => {
    const arrivals = new Arrivals();
    expect(arrivals.lateness(stamp, 0)).toBeUndefined();
    expect(arrivals.lateness(stamp, 1e9)).toBeUndefined();
  });

  it('of a series that is forgotten, since there were so many, begins it anew', () => {
    const arrivals = new Arrivals();
    arrivals.lateness('first 0', 0);
    for (let index = 0; index < 4096; index++) arrivals.lateness(`s${index} 0`, 0);
    expect(arrivals.lateness('first 0', 9000)).toBeUndefined();
    expect(arrivals.lateness('s4095 0', 9000)).toBeDefined();
  });

  it('is late whenever another of its series took 200 ms less, whichever came first', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(delays, fc.integer({ min: -1e9, max: 1e9 }), (delaysMs, offsetMs) => {
        const arrivals = new Arrivals();
        let leastMs = Number.POSITIVE_INFINITY;
        for (const [index, delayMs] of delaysMs.entries()) {
          const late = arrivals.lateness(`s ${index * 10}`, index * 10 + delayMs + offsetMs);
          expect(late?.lateMs).toBe(delayMs - leastMs > 200 ? delayMs - leastMs : undefined);
          leastMs = Math.min(leastMs, delayMs);
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';

const PROMPT = { heldUpMs: 0, isLate: false };

describe('a request', () => {
  it('was held up by what it took longer than the promptest of its series, whatever the clocks say', () => {
    const arrivals = new Arrivals();
    expect(arrivals.read('s 1000', 50_000_030)).toMatchObject(PROMPT);
    expect(arrivals.read('s 2000', 50_001_000)).toMatchObject(PROMPT);
    expect(arrivals.read('s 2001', 50_001_191)?.heldUpMs).toBeCloseTo(190, 0);
    expect(arrivals.read('s 2001', 50_001_191)?.isLate).toBe(false);
    expect(arrivals.read('s 3000', 50_002_202)).toMatchObject({ series: 's', isLate: true });
    expect(arrivals.read('s 5000', 50_004_000)).toMatchObject(PROMPT);
  });

  it('is measured within its own series', () => {
    const arrivals = new Arrivals();
    arrivals.read('a 1000', 1000);
    expect(arrivals.read('b 1000', 9000)).toMatchObject(PROMPT);
    expect(arrivals.read('a 1000', 9000)).toMatchObject({ series: 'a', isLate: true });
  });

  it.each(['', ' ', '12', ' 12', 's', 's x', 's NaN', 's Infinity'])(
    'that says %j tells nothing',
    (stamp) => {
      const arrivals = new Arrivals();
      arrivals.read(stamp, 0);
      expect(arrivals.read(stamp, 1e9)?.isLate).not.toBe(true);
    },
  );

  it('is not late because the clocks of two machines drift apart, be there no other for a day', () => {
    const arrivals = new Arrivals();
    const dayMs = 24 * 3600 * 1000;
    arrivals.read('s 0', 0);
    const driftMs = dayMs * 1e-4;
    expect(arrivals.read(`s ${dayMs}`, dayMs + driftMs)).toMatchObject(PROMPT);
  });

  it('of a series that is forgotten, since there were so many, begins it anew', () => {
    const arrivals = new Arrivals();
    arrivals.read('first 0', 0);
    for (let index = 0; index < 4096; index++) arrivals.read(`s${index} 0`, 0);
    expect(arrivals.read('first 0', 9000)).toMatchObject(PROMPT);
    expect(arrivals.read('s4095 0', 9000)).toMatchObject({ isLate: true });
  });

  it('is late whenever another of its series took more than 200 ms less before it', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(delays, fc.integer({ min: -1e9, max: 1e9 }), (delaysMs, offsetMs) => {
        const arrivals = new Arrivals();
        let leastMs = Number.POSITIVE_INFINITY;
        for (const [index, delayMs] of delaysMs.entries()) {
          // One a millisecond: what is allowed for drift in between is less than one.
          const arrival = arrivals.read(`s ${index}`, index + delayMs + offsetMs);
          const overMs = delayMs - leastMs;
          if (overMs > 201 || overMs < 200) expect(arrival?.isLate).toBe(overMs > 200);
          leastMs = Math.min(leastMs, delayMs);
        }
      }),
    );
  });
});

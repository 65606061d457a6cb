import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surprise } from './surprise.js';

function tail(of: number, chance: number, holds: (part: number) => boolean): number {
  let sum = 0;
  let ways = 1;
  for (let part = 0; part <= of; part++) {
    if (holds(part)) sum += ways * chance ** part * (1 - chance) ** (of - part);
    ways = (ways * (of - part)) / (part + 1);
  }
  return sum;
}

describe('the surprise of two shares', () => {
  it('bounds how often any one chance makes them', () => {
    const share = fc
      .integer({ min: 1, max: 40 })
      .chain((of) => fc.record({ part: fc.nat(of), of: fc.constant(of) }));
    fc.assert(
      fc.property(share, share, fc.double({ min: 0, max: 1, noNaN: true }), (high, low, chance) => {
        const asHigh = tail(high.of, chance, (part) => part >= high.part);
        const asLow = tail(low.of, chance, (part) => part <= low.part);
        expect(asHigh * asLow).toBeLessThanOrEqual(Math.exp(-surprise(high, low)) * (1 + 1e-9));
      }),
      { numRuns: 2000 },
    );
  });

  it('grows with the number, and is none where the first share is not the higher one', () => {
    expect(surprise({ part: 6, of: 6 }, { part: 0, of: 66 })).toBeCloseTo(20.65, 2);
    expect(surprise({ part: 6, of: 6 }, { part: 0, of: 20 })).toBeLessThan(15);
    expect(surprise({ part: 1, of: 2 }, { part: 30, of: 60 })).toBe(0);
    expect(surprise({ part: 0, of: 9 }, { part: 3, of: 60 })).toBe(0);
    expect(surprise({ part: 3, of: 3 }, { part: 3, of: 3 })).toBe(0);
  });
});

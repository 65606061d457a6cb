import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testCandidate } from './testing/test-candidate.js';
import { NO_WARM_UP } from './warm-up.js';
import { WeightedDraw } from './weighted-draw.js';

describe('a second draw', () => {
  it('is never the first again, and goes by the weights of the others', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(weights, fc.nat(4), fc.integer(), (each, nth, seed) => {
        const except = nth % each.length;
        const nodes = each.map((weight, index) => testCandidate(String(index), {}, { weight }));
        const draw = new WeightedDraw(seededRandom(seed), NO_WARM_UP);
        const counts = each.map(() => 0);
        const draws = 5000;
        for (let time = 0; time < draws; time++) {
          const index = draw.index(nodes, 0, except);
          counts[index] = (counts[index] ?? 0) + 1;
        }
        expect(counts[except]).toBe(0);
        const total = each.reduce((sum, weight) => sum + weight, 0) - (each[except] ?? 0);
        for (const [index, weight] of each.entries()) {
          if (index === except) continue;
          const share = weight / total;
          const off = Math.abs((counts[index] ?? 0) / draws - share);
          // 99.9 % for up to five nodes together, with a fixed seed.
          expect(off).toBeLessThanOrEqual(3.72 * Math.sqrt((share * (1 - share)) / draws));
        }
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

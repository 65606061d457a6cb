import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helloRules, helloTable } from '../testing/policies.js';
import { drawDestination } from './draw-destination.js';
import { RuleChance } from './rule-chance.js';
import type { WeightedDestinations } from './weighted-destinations.js';

function split(...weights: readonly (number | undefined)[]): WeightedDestinations {
  const route = weights.map(
    (weight, index) =>
      `{ destination: { host: hello, subset: v${index + 1} }${weight === undefined ? '' : `, weight: ${weight}`} }`,
  );
  const [rule] = helloTable(helloRules(`{ name: split, route: [${route.join(', ')}] }`)).rules;
  if (rule?.action.kind !== 'route') throw new Error('no route');
  return rule.action.destinations;
}

function countsOf(draw: (index: number) => string | undefined, calls: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at < calls; at++) {
    const subset = draw(at) ?? '';
    counts.set(subset, (counts.get(subset) ?? 0) + 1);
  }
  return counts;
}

/** Half of the 99.9 % interval of a share. */
function margin(ratio: number, calls: number): number {
  return 3.2905 * Math.sqrt(ratio * (1 - ratio) * calls);
}

const CALLS = 10_000;

describe('weights', () => {
  it.each([[[90, 10]], [[95, 5]], [[50, 30, 20]], [[1, 1, 1]], [[0, 7, 3]]])(
    '%j share %i calls within the 99.9 %% interval, by chance and by keys',
    (weights) => {
      const destinations = split(...weights);
      const random = seededRandom(7);
      const drawn = [
        countsOf(() => destinations.at(random()).subset, CALLS),
        countsOf((at) => destinations.of(`user-${at}`).subset, CALLS),
      ];
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (const counts of drawn) {
        for (const [index, weight] of weights.entries()) {
          const ratio = weight / sum;
          const count = counts.get(`v${index + 1}`) ?? 0;
          expect(Math.abs(count - ratio * CALLS)).toBeLessThanOrEqual(margin(ratio, CALLS));
        }
      }
    },
  );

  it('of a single destination do not matter', () => {
    for (const weight of [undefined, 0, 1, 100]) {
      const destinations = split(weight);
      expect(destinations.at(0.99).subset).toBe('v1');
      expect(destinations.of('key').subset).toBe('v1');
      expect(destinations.all[0].ratio).toBe(1);
    }
  });

  it('of 0, or silent beside others, get nothing', () => {
    const destinations = split(0, 5, undefined);
    const subsets = new Set<string | undefined>();
    for (let at = 0; at < 1000; at++) {
      subsets.add(destinations.at(at / 1000).subset);
      subsets.add(destinations.of(`key-${at}`).subset);
    }
    expect([...subsets]).toEqual(['v2']);
  });

  it('choose by the point in [0, 1)', () => {
    const destinations = split(25, 75);
    expect([0, 0.2499, 0.25, 0.999999].map((point) => destinations.at(point).subset)).toEqual([
      'v1',
      'v1',
      'v2',
      'v2',
    ]);
    expect(split(1, 1, 1).at(1 - Number.EPSILON).subset).toBe('v3');
  });
});

describe('a key', () => {
  it('keeps its destination while the weights are the same, in whatever unit', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        (key, weights) => {
          const before = split(...weights).of(key).subset;
          expect(split(...weights).of(key).subset).toBe(before);
          expect(split(...weights.map((weight) => weight * 2)).of(key).subset).toBe(before);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('moves one way while a canary grows 0 -> 10 -> 50 -> 100 %', () => {
    const steps = [split(100, 0), split(90, 10), split(50, 50), split(0, 100)];
    fc.assert(
      fc.property(fc.string(), (key) => {
        const path = steps.map((step) => step.of(key).subset);
        expect(path[0]).toBe('v1');
        expect(path[3]).toBe('v2');
        expect(path.indexOf('v2')).toBe(path.lastIndexOf('v1') + 1);
      }),
    );
  });

  it('moves only to a destination whose share has grown against that of its own', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(weights, weights, fc.array(fc.string(), { maxLength: 20 }), (before, after, keys) => {
        const [from, to] = [split(...before), split(...after)];
        for (const key of keys) {
          const was = from.all.indexOf(from.of(key));
          const is = to.all.indexOf(to.of(key));
          if (was === is) continue;
          const growth = (at: number) => (after[at] ?? 0) / (before[at] ?? 1);
          expect(growth(is)).toBeGreaterThan(growth(was));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is in the same subset of two services whose rules have one name and the same weights', () => {
    const rule = (host: string) =>
      `{ name: experiment, route: [{ destination: { host: ${host}, subset: a }, weight: 70 }, { destination: { host: ${host}, subset: b }, weight: 30 }] }`;
    const tables = ['hello', 'user'].map((host) => helloTable(helloRules(rule(host))));
    for (let at = 0; at < 1000; at++) {
      const subsets = tables.map((table) => {
        const action = table.rules[0]?.action;
        return action?.kind === 'route' ? action.destinations.of(`u-${at}`).subset : undefined;
      });
      expect(subsets[0]).toBe(subsets[1]);
    }
  });

  it('comes before chance', () => {
    const destinations = split(50, 50);
    const chance = new RuleChance(undefined, 'rule');
    const never = () => {
      throw new Error('nothing is left to chance');
    };
    expect(drawDestination(destinations, chance, never, 'key')).toBe(destinations.of('key'));
    expect(drawDestination(destinations, chance, () => 0.9)).toBe(destinations.at(0.9));
  });
});

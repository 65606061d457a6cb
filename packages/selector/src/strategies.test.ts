import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStrategy, STRATEGY_NAMES } from './create-strategy.js';
import { LeastRequest } from './least-request.js';
import type { StrategyName } from './strategy.js';
import { SimulatedLoad } from './testing/simulated-load.js';
import { interval, testCandidate } from './testing/test-candidate.js';
import { slowStart } from './warm-up.js';

const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 });

describe('a strategy', () => {
  it('is made by its name, and the names are all there are', () => {
    expect(STRATEGY_NAMES.map((name) => createStrategy(name, seededRandom(1)).name)).toEqual(STRATEGY_NAMES);
  });

  it.each(STRATEGY_NAMES)(
    'called %s picks one of the nodes that it is given, whatever they are like',
    (name) => {
      const node = fc.record({
        weight: fc.integer({ min: 1, max: 65_535 }),
        inFlight: fc.nat(1000),
        usableSince: fc.constantFrom(Number.NEGATIVE_INFINITY, 0, 500, 2000),
      });
      const sample = fc.record({
        on: fc.nat(9),
        latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
        failed: fc.boolean(),
        waitMs: fc.double({ min: 0, max: 1e8, noNaN: true }),
      });
      fc.assert(
        fc.property(
          fc.array(node, { minLength: 1, maxLength: 6 }),
          fc.array(sample, { maxLength: 20 }),
          fc.constantFrom(0, 1000),
          fc.integer(),
          (nodes, samples, slowStartMs, seed) => {
            const strategy = createStrategy(name, seededRandom(seed), slowStart(slowStartMs));
            const all = nodes.map(({ weight, ...state }, index) =>
              testCandidate(String(index), state, { weight }),
            );
            let now = 1000;
            expect(all).toContain(strategy.pick(all, now));
            for (const { on, waitMs, latencyMs, failed } of samples) {
              now += waitMs;
              const candidate = all[on];
              if (candidate !== undefined) strategy.observe?.(candidate, { now, latencyMs, failed });
              expect(all).toContain(strategy.pick(all, now));
              expect(all).toContain(strategy.pick(all.slice(0, 1), now));
            }
          },
        ),
      );
    },
  );

  it.each<StrategyName>(['hash-random', 'weighted', 'least-request', 'ring-hash', 'maglev'])(
    'called %s follows the weights',
    (name) => {
      fc.assert(
        fc.property(weights, fc.integer(), (each, seed) => {
          const calls = 10_000;
          const strategy = createStrategy(name, seededRandom(seed));
          const nodes = each.map((weight, index) => testCandidate(String(index), {}, { weight }));
          const counts = new Map(nodes.map((node) => [strategy.pick([node], 0), 0]));
          for (let call = 0; call < calls; call++) {
            const picked = strategy.pick(nodes, 0);
            counts.set(picked, (counts.get(picked) ?? 0) + 1);
          }
          const total = each.reduce((sum, weight) => sum + weight, 0);
          for (const node of nodes) {
            const share = node.node.weight / total;
            const off = Math.abs((counts.get(node) ?? 0) / calls - share);
            // 99.9 % for up to five nodes together: 99.98 % each. The seed is fixed, so that the one in a thousand is not met.
            expect(off).toBeLessThan(3.72 * Math.sqrt((share * (1 - share)) / calls));
          }
        }),
        { numRuns: 20, seed: 3 },
      );
    },
  );

  it('called round-robin follows the weights exactly, in every round', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 5 }), (each, rounds) => {
        const strategy = createStrategy('round-robin', seededRandom(1));
        const nodes = each.map((weight, index) => testCandidate(String(index), {}, { weight }));
        const total = each.reduce((sum, weight) => sum + weight, 0);
        const counts = each.map(() => 0);
        for (let call = 0; call < total * rounds; call++) {
          const index = Number(strategy.pick(nodes, 0).node.id);
          counts[index] = (counts[index] ?? 0) + 1;
        }
        expect(counts).toEqual(each.map((weight) => weight * rounds));
      }),
    );
  });
});

describe('random', () => {
  it('knows no weights, as in Envoy', () => {
    const strategy = createStrategy('random', seededRandom(1));
    const nodes = [testCandidate('light'), testCandidate('heavy', {}, { weight: 9 })];
    const calls = 10_000;
    let light = 0;
    for (let call = 0; call < calls; call++) if (strategy.pick(nodes, 0) === nodes[0]) light++;
    expect(Math.abs(light / calls - 0.5)).toBeLessThan(interval(0.5, calls));
  });
});

describe('least-request', () => {
  it('takes the node with fewer calls under way, for their weights', () => {
    const strategy = new LeastRequest(seededRandom(1));
    const busy = testCandidate('busy', { inFlight: 2 });
    const idle = testCandidate('idle', { inFlight: 1 });
    for (let call = 0; call < 20; call++) expect(strategy.pick([busy, idle], 0)).toBe(idle);
    const heavy = testCandidate('heavy', { inFlight: 3 }, { weight: 4 });
    for (let call = 0; call < 20; call++) expect(strategy.pick([heavy, idle], 0)).toBe(heavy);
  });

  it('never takes the busiest of three', () => {
    const strategy = new LeastRequest(seededRandom(1));
    const nodes = [3, 1, 2].map((inFlight) => testCandidate(`with ${inFlight}`, { inFlight }));
    const picked = new Set(Array.from({ length: 200 }, () => strategy.pick(nodes, 0).node.id));
    expect([...picked].sort()).toEqual(['with 1', 'with 2']);
  });

  it('spares a node that is slow', () => {
    const quick = () => ({ latencyMs: 10, failed: false });
    const slow = () => ({ latencyMs: 100, failed: false });
    const load = new SimulatedLoad({
      strategy: new LeastRequest(seededRandom(1)),
      nodes: { quick, slow },
      callsPerSecond: 400,
      untilMs: 10_000,
    });
    expect(load.share('slow', 1000, 10_000)).toBeLessThan(0.2);
  });
});

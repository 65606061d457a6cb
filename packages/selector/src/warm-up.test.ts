import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStrategy } from './create-strategy.js';
import { interval, testCandidate } from './testing/test-candidate.js';
import { effectiveWeight, NO_WARM_UP, slowStart, warmUpCurve } from './warm-up.js';

describe('slow start', () => {
  it.each([
    [0, 0.4],
    [1000, 0.76],
    [5000, 2.2],
    [10_000, 4],
    [60_000, 4],
  ])('gives a node of weight 4 that is usable since %i ms of 10,000 a weight of %f', (sinceMs, weight) => {
    const node = testCandidate('a', { usableSince: 7 }, { weight: 4 });
    expect(effectiveWeight(node, 7 + sinceMs, slowStart(10_000))).toBeCloseTo(weight, 9);
  });

  it('is off by default, and long over for a node that always was', () => {
    expect(effectiveWeight(testCandidate('a', { usableSince: 5 }), 5, NO_WARM_UP)).toBe(1);
    expect(effectiveWeight(testCandidate('a', { usableSince: 5 }), 4, slowStart(0))).toBe(1);
    expect(effectiveWeight(testCandidate('a'), 5, slowStart(10_000))).toBe(1);
  });

  it('never gives more than the weight, less than a tenth of it, nor less as time goes by', () => {
    const time = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65_535 }),
        time,
        time,
        time,
        time,
        (weight, since, a, b, slowStartMs) => {
          const node = testCandidate('a', { usableSince: since }, { weight });
          const early = effectiveWeight(node, Math.min(a, b), slowStart(slowStartMs));
          const late = effectiveWeight(node, Math.max(a, b), slowStart(slowStartMs));
          expect(late).toBeGreaterThanOrEqual(early);
          expect(early).toBeGreaterThanOrEqual(weight * 0.1);
          expect(late).toBeLessThanOrEqual(weight);
        },
      ),
    );
  });

  it.each(['hash-random', 'weighted', 'round-robin', 'least-request'] as const)(
    'scales the share that %s gives',
    (name) => {
      const strategy = createStrategy(name, seededRandom(1), slowStart(10_000));
      const nodes = [testCandidate('old'), testCandidate('new', { usableSince: 0 })];
      for (const [now, weight] of [
        [0, 0.1],
        [5000, 0.55],
        [10_000, 1],
      ] as const) {
        let calls = 0;
        for (let call = 0; call < 10_000; call++) if (strategy.pick(nodes, now).node.id === 'new') calls++;
        const share = weight / (1 + weight);
        expect(Math.abs(calls / 10_000 - share)).toBeLessThan(interval(share, 10_000));
      }
    },
  );

  it('lets peak-ewma send a new node few calls at first', () => {
    const strategy = createStrategy('peak-ewma', seededRandom(1), slowStart(10_000));
    const nodes = [testCandidate('a'), testCandidate('b'), testCandidate('new', { usableSince: 0 })];
    const count = (from: number) => {
      let calls = 0;
      for (let now = from; now < from + 1000; now++) {
        const candidate = strategy.pick(nodes, now);
        strategy.observe?.(candidate, { now, latencyMs: 10, failed: false });
        if (candidate.node.id === 'new') calls++;
      }
      return calls;
    };
    expect(count(0)).toBeLessThan(150);
    expect(count(10_000)).toBeGreaterThan(250);
  });
});

describe("an operator's warm-up", () => {
  // Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start:
  // new weight = weight * max(min_weight_percent, time_factor ^ (1 / aggression)).
  it.each([
    ['straight from the minimum on', { minimumRatio: 0.1, aggression: 1 }, [0.1, 0.1, 0.25, 0.5, 0.9]],
    ['faster at first', { minimumRatio: 0.1, aggression: 2 }, [0.1, 0.3162, 0.5, Math.SQRT1_2, 0.9487]],
    ['slower at first', { minimumRatio: 0.1, aggression: 0.5 }, [0.1, 0.1, 0.1, 0.25, 0.81]],
    ['at once', { minimumRatio: 1, aggression: 1 }, [1, 1, 1, 1, 1]],
    ['from the first millisecond on', { minimumRatio: 0, aggression: 1 }, [0.001, 0.1, 0.25, 0.5, 0.9]],
    ['not until its end', { minimumRatio: 0.2, aggression: 0 }, [0.2, 0.2, 0.2, 0.2, 0.2]],
  ])('gives weight %s', (_, curve, expected) => {
    const warmUp = warmUpCurve({ durationMs: 1000, ...curve });
    const node = testCandidate('a', { usableSince: 7 }, { weight: 4 });
    const ratios = [0, 100, 250, 500, 900].map((sinceMs) => effectiveWeight(node, 7 + sinceMs, warmUp) / 4);
    for (const [index, ratio] of ratios.entries()) expect(ratio).toBeCloseTo(expected[index] ?? 0, 3);
    expect(effectiveWeight(node, 1007, warmUp)).toBe(4);
  });

  it.each(['round-robin', 'least-request'] as const)('is that of %s', (name) => {
    const strategy = createStrategy(
      name,
      seededRandom(1),
      warmUpCurve({ durationMs: 1000, minimumRatio: 0.1, aggression: 2 }),
    );
    const nodes = [testCandidate('old'), testCandidate('new', { usableSince: 0 })];
    const calls = 10_000;
    let fresh = 0;
    for (let call = 0; call < calls; call++) if (strategy.pick(nodes, 250).node.id === 'new') fresh++;
    const share = 0.5 / 1.5;
    expect(Math.abs(fresh / calls - share)).toBeLessThan(interval(share, calls));
  });
});

import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastRequest } from './least-request.js';
import { PeakEwma } from './peak-ewma.js';
import { type Behaviour, SimulatedLoad } from './testing/simulated-load.js';
import { testCandidate } from './testing/test-candidate.js';

const FAULT_AT = 20_000;
const FAULT_END = 40_000;

/** Between 8 and 12 ms. */
function well(seed: number): Behaviour {
  const random = seededRandom(seed);
  return () => ({ latencyMs: 8 + 4 * random(), failed: false });
}

function during(fault: Behaviour, otherwise: Behaviour): Behaviour {
  return (now) => (now >= FAULT_AT && now < FAULT_END ? fault(now) : otherwise(now));
}

const failsFast: Behaviour = () => ({ latencyMs: 1, failed: true });
const tenTimesSlower: Behaviour = () => ({ latencyMs: 100, failed: false });

function loadWith(fault: Behaviour, callsPerSecond: number, seed: number): SimulatedLoad {
  return new SimulatedLoad({
    strategy: new PeakEwma(seededRandom(seed)),
    nodes: { a: during(fault, well(seed)), b: well(seed + 1), c: well(seed + 2) },
    callsPerSecond,
    untilMs: 130_000,
    seed,
  });
}

describe('peak-ewma', () => {
  it.each([
    ['fails fast', failsFast],
    ['is ten times slower', tenTimesSlower],
  ])('leaves a node that %s within a second, and comes back to it', (_what, fault) => {
    fc.assert(
      fc.property(
        fc.constantFrom(100, 400, 800),
        fc.integer({ min: 1, max: 1000 }),
        (callsPerSecond, seed) => {
          const load = loadWith(fault, callsPerSecond, seed);
          expect(load.share('a', 10_000, FAULT_AT)).toBeGreaterThan(0.2);
          expect(load.share('a', FAULT_AT + 1000, FAULT_AT + 5000)).toBeLessThan(0.05);
          expect(load.share('a', FAULT_AT + 1000, FAULT_END)).toBeLessThan(0.05);
          expect(load.share('a', 100_000, 130_000)).toBeGreaterThan(0.2);
        },
      ),
      { numRuns: 10, seed: 1 },
    );
  });

  it('does not run into a fast failing node, as counting calls under way does', () => {
    const nodes = { a: failsFast, b: well(1), c: well(2) };
    const load = { nodes, callsPerSecond: 400, untilMs: 10_000 };
    const byCount = new SimulatedLoad({ ...load, strategy: new LeastRequest(seededRandom(1)) });
    const byLatency = new SimulatedLoad({ ...load, strategy: new PeakEwma(seededRandom(1)) });
    expect(byCount.share('a', 1000, 10_000)).toBeGreaterThan(1 / 3);
    expect(byLatency.share('a', 1000, 10_000)).toBeLessThan(0.02);
  });

  it('tries a node that it knows nothing of, with one call until that is answered', () => {
    const strategy = new PeakEwma(seededRandom(1));
    const [known, fresh] = [testCandidate('known'), testCandidate('fresh')];
    for (let now = 0; now < 100; now++) strategy.observe(known, { now, latencyMs: 10, failed: false });
    const picked: string[] = [];
    for (let now = 100; now < 150; now++) {
      const candidate = strategy.pick([known, fresh], now);
      picked.push(candidate.node.id);
      if (candidate === fresh) fresh.inFlight++;
    }
    expect(picked[0]).toBe('fresh');
    expect(picked.slice(1)).not.toContain('fresh');
    strategy.observe(fresh, { now: 150, latencyMs: 5, failed: false });
    fresh.inFlight = 0;
    expect(strategy.pick([known, fresh], 151)).toBe(fresh);
  });

  it('tries a node again, with one call, when long has passed since it was slow', () => {
    const strategy = new PeakEwma(seededRandom(1));
    const [quick, slow] = [testCandidate('quick'), testCandidate('slow')];
    strategy.observe(slow, { now: 0, latencyMs: 100, failed: false });
    const at: number[] = [];
    for (let now = 1; now < 60_000; now += 10) {
      strategy.observe(quick, { now, latencyMs: 10, failed: false });
      if (strategy.pick([quick, slow], now) === slow) at.push(now);
    }
    // 10 s x ln(100 / 10) = 23 s.
    expect(at.map((each) => Math.round(each / 1000))).toEqual([23, 46]);
  });

  it('remembers a peak for some seconds, however quick the next answers are', () => {
    const strategy = new PeakEwma(seededRandom(1));
    const [steady, wavering] = [testCandidate('steady'), testCandidate('wavering')];
    for (const latencyMs of [100, 5, 5]) strategy.observe(wavering, { now: 0, latencyMs, failed: false });
    strategy.observe(steady, { now: 0, latencyMs: 20, failed: false });
    expect(strategy.pick([steady, wavering], 1)).toBe(steady);
    for (const now of [5000, 10_000, 20_000]) {
      strategy.observe(wavering, { now, latencyMs: 5, failed: false });
      strategy.observe(steady, { now, latencyMs: 20, failed: false });
    }
    // 100 ms x exp(-20 s / 10 s) = 13.5 ms.
    expect(strategy.pick([steady, wavering], 20_001)).toBe(wavering);
  });

  it('takes no latency from a failure, neither a short nor a long one', () => {
    for (const latencyMs of [0.1, 60_000]) {
      const strategy = new PeakEwma(seededRandom(1));
      const [good, failed] = [testCandidate('good'), testCandidate('failed')];
      strategy.observe(failed, { now: 0, latencyMs: 10, failed: false });
      strategy.observe(failed, { now: 0, latencyMs, failed: true });
      for (let now = 0; now < 100; now++) strategy.observe(failed, { now, latencyMs: 10, failed: false });
      strategy.observe(good, { now: 100, latencyMs: 11, failed: false });
      // What the failure itself costs is gone after a hundred good answers: 10 ms against 11 is left.
      expect(strategy.pick([good, failed], 100)).toBe(failed);
    }
  });

  it('shares calls by weight under way, and by draw', () => {
    const strategy = new PeakEwma(seededRandom(1));
    const [light, heavy] = [testCandidate('light'), testCandidate('heavy', {}, { weight: 3 })];
    for (const each of [light, heavy]) strategy.observe(each, { now: 0, latencyMs: 10, failed: false });
    light.inFlight = 2;
    heavy.inFlight = 5;
    expect(strategy.pick([light, heavy], 1)).toBe(heavy);
    heavy.inFlight = 7;
    expect(strategy.pick([light, heavy], 1)).toBe(light);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyWindow } from './latency-window.js';
import { OutlierRecord } from './outlier.js';
import { OUTLIER_DEFAULTS } from './outlier-settings.js';
import { slowerThanPeers } from './slower-than-peers.js';
import { type LatencyOf, SimulatedFleet } from './testing/simulated-fleet.js';

const FAULT_AT = 3000;
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

const usual: LatencyOf = (_now, chance) => 10 + 5 * chance;
const slowerFromFault: LatencyOf = (now, chance) => usual(now, chance) + (now >= FAULT_AT ? 300 : 0);

function fleet(
  nodes: readonly LatencyOf[],
  callsPerSecond: number,
  seed = 1,
  untilMs = 10_000,
): SimulatedFleet {
  return new SimulatedFleet({ nodes, callsPerSecond, untilMs, seed });
}

describe('a node that becomes 300 ms slower', () => {
  it.each([
    { nodes: 3, callsPerSecond: 130, mostlyWithinMs: 700, withinMs: 800 },
    { nodes: 3, callsPerSecond: 400, mostlyWithinMs: 650, withinMs: 700 },
    { nodes: 3, callsPerSecond: 50, mostlyWithinMs: 1050, withinMs: 1500 },
    { nodes: 2, callsPerSecond: 50, mostlyWithinMs: 900, withinMs: 1300 },
    { nodes: 10, callsPerSecond: 400, mostlyWithinMs: 700, withinMs: 800 },
  ])(
    'is out within $mostlyWithinMs ms in nine cases of ten, of $nodes at $callsPerSecond calls/s',
    ({ nodes, callsPerSecond, mostlyWithinMs, withinMs }) => {
      const others = Array<LatencyOf>(nodes - 1).fill(usual);
      const took = SEEDS.map((seed) => {
        const { ejections } = fleet([slowerFromFault, ...others], callsPerSecond, seed, FAULT_AT + 2000);
        expect(ejections).toMatchObject([{ node: 0 }]);
        return (ejections[0]?.at ?? 0) - FAULT_AT;
      }).sort((a, b) => a - b);
      expect(took[0]).toBeGreaterThan(300);
      expect(took[Math.floor(SEEDS.length * 0.9)]).toBeLessThan(mostlyWithinMs);
      expect(took.at(-1)).toBeLessThan(withinMs);
    },
  );

  it('is out for longer each time that it comes back and still is', () => {
    const { ejections } = fleet([slowerFromFault, usual, usual], 130, 1, 160_000);
    expect(ejections.map(({ lengthMs }) => lengthMs)).toEqual([30_000, 60_000, 90_000]);
    const [first, second] = ejections;
    expect((second?.at ?? 0) - (first?.at ?? 0) - 30_000).toBeLessThan(1200);
  });

  it('says why', () => {
    const { ejections } = fleet([slowerFromFault, usual, usual], 130);
    expect(ejections[0]?.cause).toMatch(
      /^\d+ of its last \d+ answers took over 6\d ms, p90 of peers is 1\d ms$/,
    );
  });

  it('is out also where a second one of five is', () => {
    const { ejections } = fleet([slowerFromFault, slowerFromFault, usual, usual, usual], 200);
    expect(ejections.map(({ node }) => node).sort()).toEqual([0, 1]);
  });
});

describe('nobody is ejected', () => {
  it('by chance, whatever mixture of lengths calls have', () => {
    const mixture = fc.array(
      fc.record({
        ms: fc.double({ min: 1, max: 3000, noNaN: true }),
        weight: fc.integer({ min: 1, max: 10 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    let judgements = 0;
    fc.assert(
      fc.property(
        mixture,
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 20, max: 200 }),
        fc.integer(),
        (parts, nodes, callsPerSecond, seed) => {
          const all = parts.flatMap(({ ms, weight }) => Array<number>(weight).fill(ms));
          const latency: LatencyOf = (_now, chance) => all[Math.floor(chance * all.length)] ?? 0;
          const made = fleet(Array<LatencyOf>(nodes).fill(latency), callsPerSecond, seed, 20_000);
          judgements += made.judgements;
          expect(made.ejections).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
    expect(judgements).toBeGreaterThan(20_000);
  });

  it.each([0.1, 0.2, 0.3, 0.4])('where this share of all calls takes 50 times as long: %d', (share) => {
    const latency: LatencyOf = (_now, chance) => (chance < share ? 500 : 10);
    for (const nodes of [2, 3]) {
      expect(fleet(Array<LatencyOf>(nodes).fill(latency), 25 * nodes, 1, 300_000).ejections).toEqual([]);
    }
  });

  it('where all become slow at once', () => {
    for (const seed of SEEDS) {
      for (const callsPerSecond of [30, 130]) {
        expect(
          fleet([slowerFromFault, slowerFromFault, slowerFromFault], callsPerSecond, seed).ejections,
        ).toEqual([]);
      }
    }
  });

  it.each([500, 2000])(
    'for one stall of %d ms: what it held up comes at once, and is followed by quick answers',
    (stallMs) => {
      const stalled: LatencyOf = (now, chance) =>
        now >= FAULT_AT && now < FAULT_AT + stallMs
          ? FAULT_AT + stallMs - now + usual(now, chance)
          : usual(now, chance);
      for (const seed of SEEDS) expect(fleet([stalled, usual, usual], 400, seed).ejections).toEqual([]);
    },
  );

  it('that is slow for less than three quarters of its calls, as where one method is, if calls are many enough to tell', () => {
    const slowFor =
      (share: number): LatencyOf =>
      (now, chance) =>
        usual(now, chance) + (now >= FAULT_AT && chance < share ? 300 : 0);
    for (const seed of [1, 2, 3]) {
      expect(fleet([slowFor(0.6), usual, usual], 600, seed, 20_000).ejections).toEqual([]);
      expect(fleet([slowFor(0.85), usual, usual], 600, seed).ejections).toHaveLength(1);
    }
  });

  it('for six slow answers that as few quick ones of others make no wonder', () => {
    const own = new LatencyWindow();
    for (let now = 0; now < 480; now += 80) own.add(now, 400);
    const quick = () => {
      const window = new LatencyWindow();
      for (let now = 0; now < 480; now += 24) window.add(now, 10);
      return window;
    };
    const because = (peers: number) =>
      slowerThanPeers(own, () => Array.from({ length: peers }, quick), 479, OUTLIER_DEFAULTS);
    expect(because(1)).toBeUndefined();
    expect(because(4)).toBe('6 of its last 6 answers took over 60 ms, p90 of peers is 10 ms');
  });

  it('as long as its peers have answered nothing meanwhile: they may be as slow', () => {
    const own = new LatencyWindow();
    const peer = new LatencyWindow();
    for (let now = 0; now < 800; now += 10) peer.add(now, 10);
    for (let now = 1200; now < 2000; now += 50) own.add(now, 400);
    expect(slowerThanPeers(own, () => [peer], 1999, OUTLIER_DEFAULTS)).toBeUndefined();
    for (let now = 1500; now < 2000; now += 50) peer.add(now, 10);
    expect(slowerThanPeers(own, () => [peer], 1999, OUTLIER_DEFAULTS)).toBeDefined();
  });

  it('where a node is less than 50 ms or twice as slow as others', () => {
    const bit: LatencyOf = (now, chance) => usual(now, chance) + 40;
    expect(fleet([bit, usual, usual], 130).ejections).toEqual([]);
    const long: LatencyOf = (_now, chance) => 200 + 20 * chance;
    expect(fleet([(now, chance) => long(now, chance) * 1.8, long, long], 130).ejections).toEqual([]);
  });

  it('where calls are few, or latency is no matter', () => {
    expect(fleet([slowerFromFault, usual, usual], 5, 1, 60_000).ejections).toEqual([]);
    const off = { nodes: [slowerFromFault, usual], callsPerSecond: 100, untilMs: 8000, seed: 1 };
    expect(new SimulatedFleet({ ...off, settings: { latencyFactor: 0 } }).ejections).toEqual([]);
  });

  it('where no peer has answers enough to be measured by', () => {
    const slow: LatencyOf = () => 400;
    expect(fleet([slow], 130).ejections).toEqual([]);
    const own = new OutlierRecord(OUTLIER_DEFAULTS);
    const rarelyAsked = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let now = 0; now < 4000; now += 20) {
      own.success(now, 400);
      if (now % 120 === 0) rarelyAsked.success(now, 10);
      expect(own.outlierCause(now, () => [rarelyAsked])).toBeUndefined();
    }
  });

  it.each<[string, (cold: OutlierRecord, now: number, warm: OutlierRecord) => void]>([
    ['answers', (cold, now) => cold.success(now, 400)],
    ['attempts that were given up', (cold, now, warm) => cold.noAnswer(now, 400, () => [warm])],
  ])('for the first %s of a node that is new: it is cold', (_, beSlow) => {
    const warm = new OutlierRecord(OUTLIER_DEFAULTS);
    const cold = new OutlierRecord(OUTLIER_DEFAULTS);
    const causes: (string | undefined)[] = [];
    for (let now = 0; now < 4000; now += 10) {
      warm.success(now, 10);
      if (now >= 2000 && now % 50 === 0) {
        if (now < 2500) beSlow(cold, now, warm);
        else cold.success(now, 10);
        causes.push(cold.outlierCause(now, () => [warm]));
      }
    }
    expect(causes.every((cause) => cause === undefined)).toBe(true);
  });
});

describe('of nodes that have too much to do', () => {
  /** Two nodes that answer in 10 ms, and one that takes 400 ms. */
  function three(): readonly [OutlierRecord, OutlierRecord, OutlierRecord] {
    const made = [0, 1, 2].map(() => new OutlierRecord(OUTLIER_DEFAULTS));
    const [slow, one, other] = made;
    if (slow === undefined || one === undefined || other === undefined) throw new Error('no three');
    for (let now = 0; now < 2000; now += 20) {
      slow.success(now, 400);
      for (const peer of [one, other]) peer.success(now, 10);
    }
    return [slow, one, other];
  }

  it('none is out for being slow: the others would have more', () => {
    const [slow, one, other] = three();
    for (let count = 0; count < 20; count++) one.strain(1000);
    expect(slow.outlierCause(2000, () => [one, other])).toBeUndefined();
    expect(slow.wasSlow).toBe(false);
  });

  it('a strain or two is no matter', () => {
    const [slow, one, other] = three();
    one.strain(1000);
    expect(slow.outlierCause(2000, () => [one, other])).toBeDefined();
    expect(slow.wasSlow).toBe(true);
  });

  it('one that is out for being slow is missed when the others have become as slow without it', () => {
    const [slow, one, other] = three();
    const peers = () => [one, other];
    expect(slow.outlierCause(2000, peers)).toBeDefined();
    slow.eject(2000);
    expect(slow.isMissed(2000, peers)).toBe(false);
    for (let now = 2000; now < 4000; now += 20) for (const peer of [one, other]) peer.success(now, 300);
    expect(slow.isMissed(4000, peers)).toBe(true);
  });

  it('one that is out for its failures is not', () => {
    const [, one, other] = three();
    const failing = new OutlierRecord(OUTLIER_DEFAULTS);
    for (let count = 0; count < 5; count++) failing.failure(2000);
    expect(failing.outlierCause(2000, () => [one, other])).toBeDefined();
    failing.eject(2000);
    for (let now = 2000; now < 4000; now += 20) for (const peer of [one, other]) peer.success(now, 1000);
    expect(failing.isMissed(4000, () => [one, other])).toBe(false);
  });
});

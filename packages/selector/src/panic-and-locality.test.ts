import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate, Standing } from './candidate.js';
import { createStrategy, STRATEGY_NAMES } from './create-strategy.js';
import { HashRandom } from './hash-random.js';
import { localShare } from './locality.js';
import { Picker } from './picker.js';
import type { PickerSettings } from './picker-settings.js';
import { Subset } from './subset.js';
import { interval, testCandidate } from './testing/test-candidate.js';

const CALLS = 10_000;

function nodes(standings: readonly Standing[], zone = 'a'): Candidate[] {
  return standings.map((standing, index) =>
    testCandidate(`${zone}-${index}`, { standing }, { labels: { zone } }),
  );
}

function picker(all: readonly Candidate[], settings: Partial<PickerSettings> = {}): Picker<Candidate> {
  const subset = new Subset(all, { locality: 'prefer' }, { zone: 'a' });
  return new Picker(subset, new HashRandom(seededRandom(1)), { random: seededRandom(2), ...settings });
}

function picked(from: Picker<Candidate>, tried: readonly string[] = [], key?: string): Candidate | undefined {
  const pick = from.pick(tried, key, 0);
  return pick.kind === 'node' ? pick.candidate : undefined;
}

function standingsPicked(from: Picker<Candidate>): Standing[] {
  return [...new Set(Array.from({ length: 200 }, () => picked(from)?.standing ?? 'silent'))].sort();
}

describe('panic', () => {
  const third = nodes(['healthy', 'ejected', 'disconnected']);
  const quarter = nodes(['healthy', 'ejected', 'ejected', 'disconnected']);

  it('is when few of the nodes are connected and not ejected: ejections are ignored then', () => {
    expect(picker(quarter).panics).toBe(true);
    expect(standingsPicked(picker(quarter))).toEqual(['ejected', 'healthy']);
  });

  it('is not with the last healthy one of three', () => {
    expect(picker(third).panics).toBe(false);
    expect(standingsPicked(picker(third))).toEqual(['healthy']);
  });

  it('is told where the line is, and 0 means never', () => {
    expect(standingsPicked(picker(quarter, { panicRatio: 0 }))).toEqual(['healthy']);
    expect(standingsPicked(picker(nodes(['healthy', 'healthy', 'ejected']), { panicRatio: 0.7 }))).toEqual([
      'ejected',
      'healthy',
    ]);
  });

  it('is none where nothing is ejected, however few are connected', () => {
    expect(picker(nodes(['healthy', 'silent', 'disconnected', 'connecting'])).panics).toBe(false);
  });

  it('puts ejected nodes beside those that are asked whether they live, where no better one is left', () => {
    expect(standingsPicked(picker(nodes(['suspect', 'ejected', 'ejected', 'ejected'])))).toEqual([
      'ejected',
      'suspect',
    ]);
  });
});

describe('the share that stays in the own zone', () => {
  // Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority, its table of P=0 traffic.
  it.each([
    [100, 100],
    [72, 100],
    [71, 99],
    [50, 70],
    [25, 35],
    [0, 0],
  ])('is, where %i %% of its nodes are usable, %i %% of the calls', (usable, share) => {
    expect(Math.floor(localShare(usable, 100) * 100)).toBe(share);
  });

  it('is none where it has no nodes', () => {
    expect(localShare(0, 0)).toBe(0);
  });
});

describe('spill-over', () => {
  const far = nodes(['healthy', 'healthy'], 'b');
  const isLocal = (candidate: Candidate | undefined) => candidate?.node.labels.zone === 'a';

  it.each<[Standing[], number]>([
    [['healthy', 'healthy', 'suspect', 'ejected'], 1],
    [['healthy', 'silent', 'disconnected', 'connecting'], 0.35],
    [['healthy', 'healthy', 'disconnected', 'ejected'], 0.7],
    [['connecting', 'disconnected'], 0],
  ])('leaves of local nodes that are %j this share of calls: %f', (standings, share) => {
    const from = picker([...nodes(standings), ...far]);
    let local = 0;
    for (let call = 0; call < CALLS; call++) if (isLocal(picked(from))) local++;
    expect(Math.abs(local / CALLS - share)).toBeLessThanOrEqual(interval(share, CALLS));
  });

  it('leaves all calls in a zone while nobody else is there', () => {
    const all = [...nodes(['healthy', 'silent', 'silent']), ...nodes(['ejected', 'connecting'], 'b')];
    const from = picker(all, { panicRatio: 0 });
    for (let call = 0; call < 100; call++) expect(picked(from)?.node.id).toBe('a-0');
  });

  it('keeps a key on its node while nothing changes, and moves no more keys than it must', () => {
    const healthy = picker([...nodes(['healthy', 'healthy']), ...far]);
    const half = picker([...nodes(['healthy', 'silent']), ...far]);
    let left = 0;
    for (let key = 0; key < CALLS; key++) {
      const before = picked(healthy, [], `u-${key}`);
      const after = picked(half, [], `u-${key}`);
      expect(picked(half, [], `u-${key}`)).toBe(after);
      if (!isLocal(after)) left++;
      else if (before?.node.id === 'a-0') expect(after?.node.id).toBe('a-0');
    }
    expect(Math.abs(left / CALLS - 0.3)).toBeLessThan(interval(0.3, CALLS));
  });

  it('goes to another zone with the next try, rather than to a node that was tried', () => {
    const from = picker([...nodes(['healthy']), ...far]);
    expect(picked(from, ['a-0'])?.node.labels.zone).toBe('b');
  });
});

describe('whatever the standings, zones and strategy', () => {
  const standing = fc.constantFrom<Standing>(
    ...(['healthy', 'suspect', 'ejected', 'connecting', 'silent', 'disconnected'] as const),
  );
  const node = fc.record({ standing, zone: fc.constantFrom('a', 'b'), inFlight: fc.nat(3) });
  const usable: readonly Standing[] = ['healthy', 'suspect', 'ejected'];

  it('a pick is a member of the subset, untried while a usable one is, and no ejected one before its time', () => {
    fc.assert(
      fc.property(
        fc.array(node, { maxLength: 8 }),
        fc.array(fc.nat(7)),
        fc.constantFrom(...STRATEGY_NAMES),
        fc.constantFrom<'prefer' | 'require'>('prefer', 'require'),
        fc.option(fc.string(), { nil: undefined }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (all, triedOnes, name, locality, key, panicRatio, seed) => {
          const candidates = all.map(({ zone, ...state }, index) =>
            testCandidate(String(index), state, { labels: { zone } }),
          );
          const subset = new Subset<Candidate>(candidates, { locality }, { zone: 'a' });
          const strategy = createStrategy(name, seededRandom(seed));
          const from = new Picker(subset, strategy, { panicRatio, random: seededRandom(seed) });
          const tried = triedOnes.map(String);
          const pick = from.pick(tried, key, 0);
          expect(pick.kind === 'none').toBe(subset.nodes.length === 0);
          const untried = subset.nodes.filter(
            (each) => usable.includes(each.standing) && !tried.includes(each.node.id),
          );
          if (untried.length > 0) expect(pick.kind).toBe('node');
          if (pick.kind !== 'node') return;
          expect(subset.nodes).toContain(pick.candidate);
          if (untried.length > 0) expect(untried).toContain(pick.candidate);
          const better = untried.some((each) => each.standing !== 'ejected');
          if (better && !from.panics) expect(pick.candidate.standing).not.toBe('ejected');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

import { type ServiceNode, seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate, Standing } from './candidate.js';
import { levelShares, ratedShares } from './locality.js';
import { type LocalityRule, labelLevel, localityLevel } from './locality-rule.js';
import { Picker } from './picker.js';
import type { Strategy } from './strategy.js';
import { Subset } from './subset.js';
import { interval, testCandidate } from './testing/test-candidate.js';
import { UniformRandom } from './uniform-random.js';

const CALLER = { region: 'eu', zone: 'a', subzone: 'x' };
const CALLS = 10_000;

/** A strategy as a rule makes it. */
function ruled(locality: LocalityRule): Strategy {
  const random = new UniformRandom(seededRandom(1));
  return { name: 'random', locality, pick: (candidates) => random.pick(candidates) };
}

/** A node for each locality that is named, e.g. `eu/a/x`, and its standing. */
function at(locality: string, standing: Standing = 'healthy', index = 0): Candidate {
  const [region = '', zone, subzone] = locality.split('/');
  const labels = {
    region,
    ...(zone === undefined ? {} : { zone }),
    ...(subzone === undefined ? {} : { subzone }),
  };
  return testCandidate(`${locality}#${index}`, { standing }, { labels });
}

function several(locality: string, ...standings: readonly Standing[]): Candidate[] {
  return standings.map((standing, index) => at(locality, standing, index));
}

function pickerOf(
  all: readonly Candidate[],
  locality: LocalityRule,
  caller: Readonly<Record<string, string>> = CALLER,
) {
  return new Picker(new Subset(all, { locality: 'prefer' }, caller), ruled(locality), {
    random: seededRandom(2),
    panicRatio: 0,
  });
}

function localityOf(picker: Picker<Candidate>, tried: readonly string[] = [], key?: string): string {
  const pick = picker.pick(tried, key, 0);
  return pick.kind === 'node' ? (pick.candidate.node.id.split('#')[0] ?? '') : pick.kind;
}

function sharesOf(picker: Picker<Candidate>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let call = 0; call < CALLS; call++) {
    const locality = localityOf(picker);
    counts.set(locality, (counts.get(locality) ?? 0) + 1);
  }
  return new Map([...counts].map(([locality, count]) => [locality, count / CALLS]));
}

function expectShares(picker: Picker<Candidate>, expected: Readonly<Record<string, number>>): void {
  const shares = sharesOf(picker);
  expect([...shares.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [locality, share] of Object.entries(expected)) {
    expect(Math.abs((shares.get(locality) ?? 0) - share), locality).toBeLessThanOrEqual(
      interval(share, CALLS),
    );
  }
}

const inRegion = (region: string) => (node: ServiceNode) => node.labels.region === region;

describe('levels', () => {
  // Source: Istio's LbPriority: all match 0, region and zone 1, region 2, none 3; 4: another than the region that takes over.
  it.each([
    ['eu/a/x', 0, 0],
    ['eu/a/y', 1, 1],
    ['eu/a', 1, 1],
    ['eu/b/x', 2, 2],
    ['us/a/x', 3, 3],
    ['asia', 3, 4],
    ['', 3, 4],
  ])('of %s is %i, and %i where the region us takes over', (locality, level, withTakeover) => {
    const { node } = at(locality);
    expect(localityLevel(CALLER, undefined)(node)).toBe(level);
    expect(localityLevel(CALLER, 'us')(node)).toBe(withTakeover);
  });

  it('are equal where neither caller nor nodes say where they are', () => {
    expect(localityLevel({}, undefined)(testCandidate('a').node)).toBe(0);
    expect(localityLevel({}, undefined)(at('eu').node)).toBe(3);
  });

  it('by labels count those that agree from the first on', () => {
    const level = labelLevel([
      { name: 'version', value: 'v2' },
      { name: 'region', value: 'eu' },
      { name: 'rack', value: undefined },
    ]);
    const of = (labels: Record<string, string>) => level(testCandidate('a', {}, { labels }).node);
    expect(of({ version: 'v2', region: 'eu', rack: 'r' })).toBe(1);
    expect(of({ version: 'v2', region: 'us' })).toBe(2);
    expect(of({ version: 'v1', region: 'eu' })).toBe(3);
    expect(labelLevel([{ name: 'region', value: 'eu' }])(at('eu').node)).toBe(0);
  });
});

describe('shares of levels', () => {
  // Source: envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority, its tables of two and of three priorities.
  it.each([
    [
      [100, 100, 100],
      [100, 0, 0],
    ],
    [
      [72, 72, 100],
      [100, 0, 0],
    ],
    [
      [71, 71, 100],
      [99, 1, 0],
    ],
    [
      [50, 50, 100],
      [70, 30, 0],
    ],
    [
      [25, 100, 100],
      [35, 65, 0],
    ],
    [
      [25, 25, 100],
      [35, 35, 30],
    ],
    [
      [25, 25, 20],
      [36, 36, 28],
    ],
  ])('that are healthy to %j %% are %j %%', (healthy, expected) => {
    const shares = levelShares(healthy.map((percent) => Math.min(1, (percent / 100) * 1.4)));
    for (const [index, share] of shares.entries())
      expect(Math.abs(share * 100 - (expected[index] ?? 0))).toBeLessThan(1);
  });

  it('of localities go by ratio and health, and sum to 1 or 0', () => {
    // Source: .../load_balancing/locality_weight: X 1, Y 2, all healthy: 33 and 67 %; Y healthy to a half: 1 / (1 + 2 * 0.7).
    expect(ratedShares([1 / 3, 2 / 3], [1, 1])).toEqual([1 / 3, 2 / 3]);
    expect(ratedShares([1 / 3, 2 / 3], [1, 0.7])[0]).toBeCloseTo(1 / 2.4, 9);
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(ratio, ratio), { maxLength: 5 }), (pairs) => {
        const rated = ratedShares(
          pairs.map(([each]) => each),
          pairs.map(([, each]) => each),
        );
        for (const shares of [rated, levelShares(pairs.map(([each]) => each))]) {
          const sum = shares.reduce((total, share) => total + share, 0);
          expect(sum === 0 || Math.abs(sum - 1) < 1e-9).toBe(true);
        }
      }),
    );
  });
});

describe("an operator's rule", () => {
  const everywhere = ['eu/a/x', 'eu/a/y', 'eu/b/x', 'us/a/x', 'asia/a/x'];

  it('that makes all nodes the same counts before what code prefers', () => {
    expectShares(
      pickerOf(
        everywhere.map((each) => at(each)),
        { kind: 'even' },
      ),
      {
        'eu/a/x': 0.2,
        'eu/a/y': 0.2,
        'eu/b/x': 0.2,
        'us/a/x': 0.2,
        'asia/a/x': 0.2,
      },
    );
  });

  it('that fails over goes to the next level when the nodes of one are away, and on', () => {
    const rule: LocalityRule = { kind: 'failover', takeover: 'us' };
    for (const [index, locality] of everywhere.entries()) {
      const all = everywhere.map((each, place) => at(each, place < index ? 'disconnected' : 'healthy'));
      expectShares(pickerOf(all, rule), { [locality]: 1 });
    }
  });

  it('that fails over leaves a locality little by little, as Envoy does', () => {
    const all = [
      ...several('eu/a/x', 'healthy', 'ejected', 'disconnected', 'silent'),
      ...several('eu/b', 'healthy', 'healthy'),
      at('us'),
    ];
    expectShares(pickerOf(all, { kind: 'failover', takeover: undefined }), { 'eu/a/x': 0.35, 'eu/b': 0.65 });
  });

  it('that fails over takes retries to the nearest that is left', () => {
    const picker = pickerOf(
      everywhere.map((each) => at(each)),
      { kind: 'failover', takeover: 'us' },
    );
    const tried: string[] = [];
    for (const locality of everywhere) {
      expect(localityOf(picker, tried)).toBe(locality);
      tried.push(`${locality}#0`);
    }
  });

  it('by labels goes to the nodes that have most of them', () => {
    const labels = [
      { name: 'region', value: 'eu' },
      { name: 'zone', value: 'b' },
    ];
    const all = everywhere.map((each) => at(each));
    expectShares(pickerOf(all, { kind: 'labels', labels }), { 'eu/b/x': 1 });
    const without = all.filter(({ node }) => node.labels.zone !== 'b');
    expectShares(pickerOf(without, { kind: 'labels', labels }), { 'eu/a/x': 0.5, 'eu/a/y': 0.5 });
  });

  const shares = (eu: number, us: number): LocalityRule => ({
    kind: 'shares',
    shares: [
      { ratio: eu, includes: inRegion('eu') },
      { ratio: us, includes: inRegion('us') },
    ],
  });

  it('shares calls out by ratio, whatever the number of nodes, and sends none elsewhere', () => {
    const all = [at('eu/a'), ...several('us', 'healthy', 'healthy', 'healthy'), at('asia')];
    expectShares(pickerOf(all, shares(0.8, 0.2)), { 'eu/a': 0.8, us: 0.2 });
  });

  it('shares calls out anew where a locality is ill, and by ratio among all where it is gone', () => {
    const ill = [...several('eu', 'healthy', 'disconnected'), at('us')];
    expectShares(pickerOf(ill, shares(0.8, 0.2)), { eu: 0.56 / 0.76, us: 0.2 / 0.76 });
    const gone = [...several('eu', 'silent', 'disconnected'), at('us')];
    expectShares(pickerOf(gone, shares(0.8, 0.2)), { us: 1 });
  });

  it('with no node in the localities that it names leaves no node, as in Istio', () => {
    const picker = pickerOf([at('asia')], shares(0.8, 0.2));
    expect(localityOf(picker)).toBe('none');
    expect(picker.matching).toEqual([]);
    expect(picker.hasUntried([])).toBe(false);
  });

  it('waits for nodes of its localities only, and takes a retry from one to the other', () => {
    const connecting = pickerOf([at('asia'), at('eu', 'connecting')], shares(0.8, 0.2));
    expect(localityOf(connecting)).toBe('wait');
    const both = pickerOf([at('eu'), at('us'), at('asia')], shares(0.8, 0.2));
    expect(localityOf(both, ['eu#0'])).toBe('us');
    expect(localityOf(both, ['us#0'])).toBe('eu');
  });

  it('keeps a key in its locality, and on its node, and shares keys out by ratio', () => {
    const all = [...several('eu', 'healthy', 'healthy'), ...several('us', 'healthy', 'healthy')];
    const picker = pickerOf(all, shares(0.8, 0.2));
    let us = 0;
    for (let key = 0; key < CALLS; key++) {
      const first = picker.pick([], `u-${key}`, 0);
      expect(picker.pick([], `u-${key}`, 0)).toEqual(first);
      if (localityOf(picker, [], `u-${key}`) === 'us') us++;
    }
    expect(Math.abs(us / CALLS - 0.2)).toBeLessThan(interval(0.2, CALLS));
  });
});

import { seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate } from './candidate.js';
import { HashRing } from './hash-ring.js';
import type { KeyTable } from './key-table.js';
import { Maglev } from './maglev.js';
import { MaglevTable } from './maglev-table.js';
import { RingHash } from './ring-hash.js';
import { testCandidate } from './testing/test-candidate.js';

const KEYS = Array.from({ length: 100_000 }, (_, index) => `u-${index}`);
const ring = new RingHash(seededRandom(1));
const maglev = new Maglev(seededRandom(1));
const all = () => true;

type Make = (candidates: readonly Candidate[]) => KeyTable;

const TABLES: readonly [string, Make][] = [
  ['the usual ring', (candidates) => new HashRing(candidates)],
  ['ring-hash', (candidates) => ring.keyTable(candidates)],
  ['maglev', (candidates) => maglev.keyTable(candidates)],
];

/** Ten nodes; their ids are as those of instances. */
function ten(prefix: string): Candidate[] {
  return Array.from({ length: 10 }, (_, index) => testCandidate(`${prefix}-${index * 7919}`));
}

/** The share of keys that change their node from one table to the other, of those whose node is in both. */
function movedBeside(one: KeyTable, other: KeyTable, changed: string): number {
  let moved = 0;
  for (const key of KEYS) {
    const before = one.find(key, all)?.node.id;
    const after = other.find(key, all)?.node.id;
    if (before !== after && before !== changed && after !== changed) moved++;
  }
  return moved / KEYS.length;
}

function shares(table: KeyTable): ReadonlyMap<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const key of KEYS) {
    const id = table.find(key, all)?.node.id;
    counts.set(id, (counts.get(id) ?? 0) + 1 / KEYS.length);
  }
  return counts;
}

describe('when one of ten nodes leaves or joins', () => {
  it.each(TABLES.slice(0, 2))('%s moves only the keys that must', (_, make) => {
    const nodes = ten('hello');
    expect(movedBeside(make(nodes), make(nodes.slice(1)), nodes[0]?.node.id ?? '')).toBe(0);
  });

  it.each(TABLES.slice(0, 2))('%s moves only those in any fleet, by any keys', (_, make) => {
    const fleet = fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(fleet, fc.nat(11), fc.array(fc.string(), { maxLength: 50 }), (ids, nth, keys) => {
        const nodes = ids.map((id) => testCandidate(id));
        const gone = nodes[nth % nodes.length];
        const before = make(nodes);
        const after = make(nodes.filter((node) => node !== gone));
        for (const key of keys) {
          const owner = before.find(key, all);
          if (owner === gone) expect(after.find(key, all)).toBe(before.find(key, (each) => each !== gone));
          else expect(after.find(key, all)).toBe(owner);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(['hello', 'user', 'x'])(
    'maglev moves under 6 in 1000 of all keys beside them, of nodes called %s',
    (prefix) => {
      const nodes = ten(prefix);
      const before = maglev.keyTable(nodes);
      const ratios = [0, 4, 9].map((gone) => {
        const after = maglev.keyTable(nodes.filter((_, index) => index !== gone));
        return movedBeside(before, after, nodes[gone]?.node.id ?? '');
      });
      expect(Math.max(...ratios)).toBeLessThan(0.006);
    },
  );

  it('ring-hash keeps its points where the weights differ, and among many nodes', () => {
    const nodes = Array.from({ length: 60 }, (_, index) =>
      testCandidate(`n-${index}`, {}, { weight: 1 + (index % 3) }),
    );
    const gone = nodes[2]?.node.id ?? '';
    expect(
      movedBeside(ring.keyTable(nodes), ring.keyTable(nodes.filter(({ node }) => node.id !== gone)), gone),
    ).toBe(0);
  });
});

describe.each(TABLES)('keys of %s', (name, make) => {
  it('find the same nodes in whatever order these became known', () => {
    const nodes = ten('hello');
    const one = make(nodes);
    const other = make([...nodes].reverse());
    for (const key of KEYS.slice(0, 1000)) expect(other.find(key, all)).toBe(one.find(key, all));
  });

  it('stay where they are when another node is away for a while, and go to one that is not', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(ids, fc.array(fc.nat(5)), fc.array(fc.string(), { maxLength: 20 }), (names, gone, keys) => {
        const nodes = names.map((id) => testCandidate(id));
        const away = new Set(gone.map((index) => nodes[index]));
        const table = make(nodes);
        for (const key of keys) {
          const owner = table.find(key, all);
          expect(nodes).toContain(owner);
          const found = table.find(key, (candidate) => !away.has(candidate as (typeof nodes)[number]));
          if (
            away.size === 0 ||
            (owner !== undefined && ![...away].includes(owner as (typeof nodes)[number]))
          ) {
            expect(found).toBe(owner);
          } else if (found === undefined) {
            expect(nodes.every((node) => away.has(node))).toBe(true);
          } else {
            expect([...away]).not.toContain(found);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of a node that is away are shared among all others', () => {
    const nodes = ten('hello');
    const table = make(nodes);
    const [gone] = nodes;
    const heirs = new Map<string | undefined, number>();
    for (const key of KEYS) {
      if (table.find(key, all) !== gone) continue;
      const id = table.find(key, (candidate) => candidate !== gone)?.node.id;
      heirs.set(id, (heirs.get(id) ?? 0) + 1);
    }
    expect(heirs.size).toBe(9);
    const counts = [...heirs.values()];
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(name === 'the usual ring' ? 6 : 2.5);
  });

  it('there are none without nodes', () => {
    expect(make([]).find('u-1', all)).toBeUndefined();
  });
});

describe('shares of keys', () => {
  it.each<[string, Make, number]>([
    ['ring-hash', (candidates) => ring.keyTable(candidates), 0.12],
    ['maglev', (candidates) => maglev.keyTable(candidates), 0.04],
  ])('of %s follow the weights', (_, make, tolerance) => {
    const weights = [1, 2, 3, 10];
    const of = shares(make(weights.map((weight) => testCandidate(`n-${weight}`, {}, { weight }))));
    for (const weight of weights)
      expect(Math.abs((of.get(`n-${weight}`) ?? 0) / (weight / 16) - 1)).toBeLessThan(tolerance);
  });

  it('of maglev are exact to a place of the table', () => {
    const table = new MaglevTable(ten('hello'), 101);
    const places = new Map<string | undefined, number>();
    for (let hash = 0; hash < 5000; hash++) {
      const id = table.find(`k-${hash}`, all)?.node.id;
      places.set(id, (places.get(id) ?? 0) + 1);
    }
    for (const count of places.values()) expect(Math.abs(count / 5000 - 0.1)).toBeLessThan(0.02);
  });
});

describe('the ring', () => {
  it.each([
    [1, 1024, 1024],
    [10, 1024, 10_240],
    [10, 4096, 40_960],
    [1, 5000, 8192],
    [100, 1024, 51_200],
    [1000, 1024, 64_000],
  ])('of %i nodes that must have %i points has %i', (count, minimum, points) => {
    const nodes = Array.from({ length: count }, (_, index) => testCandidate(`n-${index}`));
    const table = new RingHash(seededRandom(1), minimum).keyTable(nodes);
    expect(table).toBeInstanceOf(HashRing);
    if (table instanceof HashRing) expect(table.size).toBe(points);
  });

  it('has at least as many points as it must, whatever the nodes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 20_000 }),
        (weights, minimum) => {
          const nodes = weights.map((weight, index) => testCandidate(`n-${index}`, {}, { weight }));
          const table = new RingHash(seededRandom(1), minimum).keyTable(nodes);
          expect(table instanceof HashRing && table.size >= minimum).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a table of Maglev', () => {
  it('too small for its nodes still finds one that is accepted', () => {
    const nodes = ten('hello');
    const table = new MaglevTable(nodes, 3);
    for (const node of nodes) expect(table.find('u-1', (candidate) => candidate === node)).toBe(node);
    const single = new MaglevTable(nodes.slice(0, 2), 1);
    for (const node of nodes.slice(0, 2))
      expect(single.find('u-1', (candidate) => candidate === node)).toBe(node);
  });
});

describe('where a key goes', () => {
  // A change of these lines sends every user elsewhere while old and new processes run side by side.
  it('is the same in every process and version', () => {
    const nodes = ['a', 'b', 'c'].map((id) => testCandidate(id));
    const ways = TABLES.map(([name, make]) => [
      name,
      ['anna', 'bert', 'u-1', 'u-2', 'ü'].map((key) => make(nodes).find(key, all)?.node.id).join(''),
    ]);
    expect(Object.fromEntries(ways)).toEqual({
      'the usual ring': 'aacca',
      'ring-hash': 'bbccc',
      maglev: 'ccaac',
    });
  });
});

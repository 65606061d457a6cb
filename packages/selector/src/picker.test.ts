import { type ServiceNode, seededRandom } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candidate, Standing } from './candidate.js';
import { HashRandom } from './hash-random.js';
import { Picker } from './picker.js';
import { RoundRobin } from './round-robin.js';
import { Subset } from './subset.js';
import { testCandidate } from './testing/test-candidate.js';

function candidate(id: string, standing: Standing = 'healthy', own: Partial<ServiceNode> = {}): Candidate {
  return testCandidate(id, { standing }, own);
}

const random = () => new HashRandom(seededRandom(1));

function picked(picker: Picker<Candidate>, tried: readonly string[] = [], hashKey?: string): string {
  const pick = picker.pick(tried, hashKey, 0);
  return pick.kind === 'node' ? pick.candidate.node.id : pick.kind;
}

describe('a pick', () => {
  it('prefers untried healthy to suspect to ejected nodes, then waits for one that connects', () => {
    const all = [
      candidate('h'),
      candidate('s', 'suspect'),
      candidate('e', 'ejected'),
      candidate('c', 'connecting'),
    ];
    const picker = new Picker(new Subset(all, {}, {}), random());
    expect(picked(picker)).toBe('h');
    expect(picked(picker, ['h'])).toBe('s');
    expect(picked(picker, ['h', 's'])).toBe('e');
    expect(picker.pick(['h', 's', 'e'], undefined, 0)).toEqual({ kind: 'wait', for: 'untried' });
  });

  it('takes a tried node rather than none, and a silent one as the last resort', () => {
    expect(picked(new Picker(new Subset([candidate('h')], {}, {}), random()), ['h'])).toBe('h');
    expect(picked(new Picker(new Subset([candidate('s', 'silent')], {}, {}), random()))).toBe('s');
    expect(picked(new Picker(new Subset([candidate('d', 'disconnected')], {}, {}), random()))).toBe('wait');
    expect(picked(new Picker(new Subset([], {}, {}), random()))).toBe('none');
  });

  it('takes what an operator has taken out only where nothing else is connected, then not a tried one first', () => {
    const held = [candidate('x', 'held'), candidate('y', 'held')];
    const withEjected = new Picker(new Subset([...held, candidate('e', 'ejected')], {}, {}), random());
    expect(picked(withEjected)).toBe('e');
    expect(picked(withEjected, ['e'])).toBe('e');
    expect(withEjected.hasUntried(['e'])).toBe(false);
    const withSilent = new Picker(new Subset([...held, candidate('s', 'silent')], {}, {}), random());
    expect(picked(withSilent, ['x'])).toBe('y');
    expect(picked(withSilent, ['y'])).toBe('x');
    expect(withSilent.hasUntried(['x'])).toBe(true);
    const withConnecting = new Picker(new Subset([...held, candidate('c', 'connecting')], {}, {}), random());
    expect(picked(withConnecting)).toBe('wait');
  });

  it('does not panic into what an operator has taken out', () => {
    const all = [candidate('x', 'held'), candidate('y', 'held'), candidate('h')];
    const picker = new Picker(new Subset(all, {}, {}), random());
    expect(picker.panics).toBe(false);
    for (let times = 0; times < 20; times++) expect(picked(picker)).toBe('h');
  });

  it('prefers its own locality while a healthy node is there', () => {
    const all = [
      candidate('near', 'healthy', { labels: { zone: 'a' } }),
      candidate('far', 'healthy', { labels: { zone: 'b' } }),
    ];
    const prefer = new Picker(new Subset(all, { locality: 'prefer' }, { zone: 'a' }), random());
    expect(picked(prefer)).toBe('near');
    expect(picked(prefer, ['near'])).toBe('far');
    const require = new Picker(new Subset(all, { locality: 'require' }, { zone: 'a' }), random());
    expect(picked(require, ['near'])).toBe('near');
    const sick = [candidate('near', 'ejected', { labels: { zone: 'a' } }), all[1] as Candidate];
    expect(picked(new Picker(new Subset(sick, { locality: 'prefer' }, { zone: 'a' }), random()))).toBe('far');
  });

  it('never gives a node that was tried while another connected one is left', () => {
    const standing = fc.constantFrom<Standing>(
      'healthy',
      'suspect',
      'ejected',
      'connecting',
      'silent',
      'disconnected',
    );
    fc.assert(
      fc.property(
        fc.array(standing, { maxLength: 6 }),
        fc.array(fc.nat(5)),
        fc.option(fc.string()),
        (standings, tried, key) => {
          const all = standings.map((each, index) => candidate(String(index), each));
          const triedIds = tried.map(String);
          const pick = new Picker(new Subset(all, {}, {}), random()).pick(triedIds, key ?? undefined, 0);
          const usable = all.filter((each) => ['healthy', 'suspect', 'ejected'].includes(each.standing));
          const untried = usable.filter((each) => !triedIds.includes(each.node.id));
          if (untried.length > 0) {
            expect(pick.kind).toBe('node');
            if (pick.kind === 'node') expect(untried).toContain(pick.candidate);
          }
          if (pick.kind === 'node')
            expect(['connecting', 'disconnected']).not.toContain(pick.candidate.standing);
          expect(pick.kind === 'none').toBe(all.length === 0);
        },
      ),
    );
  });
});

describe('shares', () => {
  it('of hash-random follow the weights', () => {
    const picker = new Picker(
      new Subset([candidate('a'), candidate('b', 'healthy', { weight: 3 })], {}, {}),
      random(),
    );
    const counts = { a: 0, b: 0 };
    for (let index = 0; index < 4000; index++) counts[picked(picker) as 'a' | 'b']++;
    // 3 : 1, within the 99.9 % interval of a binomial share.
    expect(Math.abs(counts.b / 4000 - 0.75)).toBeLessThan(3.3 * Math.sqrt((0.75 * 0.25) / 4000));
  });

  it('of round-robin are exact and evenly spread, also when the picker is made anew', () => {
    const strategy = new RoundRobin();
    const all = [candidate('a', 'healthy', { weight: 2 }), candidate('b'), candidate('c')];
    const order: string[] = [];
    for (let round = 0; round < 8; round++) order.push(picked(new Picker(new Subset(all, {}, {}), strategy)));
    expect(order).toEqual(['a', 'b', 'c', 'a', 'a', 'b', 'c', 'a']);
  });
});

describe('an untried node', () => {
  it('is said to be left only where a pick goes to one or waits for one: else moves to it would never end', () => {
    const standing = fc.constantFrom<Standing>(
      ...(['healthy', 'suspect', 'ejected', 'connecting', 'silent', 'disconnected'] as const),
    );
    fc.assert(
      fc.property(fc.array(standing, { maxLength: 6 }), fc.uniqueArray(fc.nat(5)), (standings, triedOnes) => {
        const all = standings.map((each, index) => candidate(`n-${index}`, each));
        const picker = new Picker(new Subset(all, {}, {}), random());
        const tried = triedOnes.map((index) => `n-${index}`);
        if (picker.hasUntried(tried)) expect(tried).not.toContain(picked(picker, tried));
      }),
    );
  });
});

describe('a hash key', () => {
  it('moves no other keys when a node leaves: only its own', () => {
    const all = Array.from({ length: 10 }, (_, index) => candidate(`n-${index}`));
    const before = new Picker(new Subset(all, {}, {}), random());
    const after = new Picker(new Subset(all.slice(1), {}, {}), random());
    let moved = 0;
    let owned = 0;
    for (let key = 0; key < 100_000; key++) {
      const owner = picked(before, [], `u-${key}`);
      if (owner === 'n-0') owned++;
      else if (picked(after, [], `u-${key}`) !== owner) moved++;
    }
    expect(moved).toBe(0);
    expect(owned).toBeGreaterThan(7000);
    expect(owned).toBeLessThan(13_000);
  });

  it('follows the weights, large ones as well', () => {
    const all = [candidate('a', 'healthy', { weight: 10 }), candidate('b', 'healthy', { weight: 90 })];
    const picker = new Picker(new Subset(all, {}, {}), random());
    let light = 0;
    for (let key = 0; key < 10_000; key++) if (picked(picker, [], `u-${key}`) === 'a') light++;
    expect(light).toBeGreaterThan(500);
    expect(light).toBeLessThan(1500);
  });

  it('goes to the next node on the ring, the same for every try', () => {
    const all = [candidate('a'), candidate('b'), candidate('c')];
    const picker = new Picker(new Subset(all, {}, {}), random());
    const first = picked(picker, [], 'u-1');
    const second = picked(picker, [first], 'u-1');
    expect(second).not.toBe(first);
    expect(picked(picker, [first], 'u-1')).toBe(second);
  });
});

import { events, type Logger, type PolicyEvent, silentLogger } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { virtualService } from '../testing/policy-texts.js';
import { MemoryPolicies } from './memory-policies.js';
import { type PoliciesInForce, PolicyHolder } from './policy-holder.js';

let told: PolicyEvent[];
let unsubscribe: () => void;
const parts = { logger: silentLogger };

beforeEach(() => {
  told = [];
  unsubscribe = events.policy.subscribe((event) => told.push(event));
});
afterEach(() => unsubscribe());

async function hold(...places: readonly MemoryPolicies[]): Promise<PolicyHolder> {
  return new PolicyHolder(await Promise.all(places.map((place) => place.open(parts))), parts);
}

describe('a holder of policies', () => {
  it('has what its sources say, and another object for each version', async () => {
    const [a, b] = [new MemoryPolicies([virtualService('a')], 'one'), new MemoryPolicies([], 'two')];
    const holder = await hold(a, b);
    const seen: PoliciesInForce[] = [];
    holder.subscribe((policies) => seen.push(policies));
    const first = holder.current;
    expect(first.resources.map(({ name }) => name)).toEqual(['a']);
    b.set(virtualService('b'));
    expect(holder.current).not.toBe(first);
    expect(seen).toEqual([holder.current]);
    expect(holder.current.resources.map(({ name }) => name)).toEqual(['a', 'b']);
    const [one, two] = holder.current.sources;
    expect(holder.current.version).toBe(`${one?.version}+${two?.version}`);
    expect(told.at(-1)).toEqual({
      state: 'applied',
      version: holder.current.version,
      sources: [
        { source: 'one', version: one?.version },
        { source: 'two', version: two?.version },
      ],
      resources: { VirtualService: 2 },
      warnings: [],
    });
    expect(first.resources).toHaveLength(1);
  });

  it('keeps what was in force when a source says something bad, and tells of it', async () => {
    const place = new MemoryPolicies([virtualService('a')], 'one');
    const holder = await hold(place);
    const before = holder.current;
    place.set(virtualService('a', 'soon'));
    expect(holder.current).toBe(before);
    expect(told.at(-1)).toMatchObject({
      state: 'refused',
      source: 'one',
      problemCount: 1,
      problems: [expect.stringMatching(/^a\.yaml:6:\d+: error: spec\.http\[0\]\.timeout: .*soon/)],
    });
    place.set(virtualService('a', '2s'));
    expect(holder.current).not.toBe(before);
  });

  it('refuses the same resource in two sources, names both places, and takes it when it is in one', async () => {
    const [a, b] = [new MemoryPolicies([virtualService('a')], 'one'), new MemoryPolicies([], 'two')];
    const holder = await hold(a, b);
    b.set(virtualService('a', '1s', 'other.yaml'), virtualService('b'));
    expect(holder.current.resources.map(({ name }) => name)).toEqual(['a']);
    const refused = told.at(-1);
    expect(refused).toMatchObject({ state: 'refused', source: 'two' });
    expect(refused?.state === 'refused' && refused.problems.join()).toMatch(
      /other\.yaml:3:.*the VirtualService a is there already \(a\.yaml:1\)/,
    );
    a.set(virtualService('c'));
    expect(holder.current.resources.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
  });

  it('takes what others say while one of them is refused', async () => {
    const [a, b] = [
      new MemoryPolicies([virtualService('a')], 'one'),
      new MemoryPolicies([virtualService('b')], 'two'),
    ];
    const holder = await hold(a, b);
    b.set(virtualService('a'));
    a.set(virtualService('a', '2s'));
    expect(holder.current.resources.map(({ name }) => name)).toEqual(['a', 'b']);
    const [service] = holder.current.resources;
    expect(service?.document.locate(['spec'])).toEqual({ line: 4, column: 1 });
    expect(told.filter(({ state }) => state === 'applied')).toHaveLength(3);
  });

  it('keeps what was in force while a source cannot be asked', async () => {
    const place = new MemoryPolicies([virtualService('a')], 'one');
    const holder = await hold(place);
    const before = holder.current;
    place.fail('no answer');
    place.fail('still none');
    expect(holder.current).toBe(before);
    place.set(virtualService('a'));
    expect(told.slice(1).filter(({ state }) => state !== 'applied')).toEqual([
      { state: 'failing', source: 'one', error: 'no answer' },
      { state: 'recovered', source: 'one', error: '' },
    ]);
  });

  it('is ready when every source has said something, be it bad', async () => {
    const [a, b] = [new MemoryPolicies([virtualService('a', 'soon')]), new MemoryPolicies()];
    b.fail('away');
    const holder = await hold(a, b);
    await holder.ready();
    expect(holder.current).toEqual({ version: '', sources: [], resources: [] });
    let tell = () => {};
    const silent = {
      description: 'silent',
      watch(listener: (word: { kind: 'unknown'; error: string }) => void) {
        tell = () => listener({ kind: 'unknown', error: 'at last' });
        return () => {};
      },
      close() {},
    };
    const waiting = new PolicyHolder([silent], parts);
    let isReady = false;
    const ready = waiting.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    tell();
    await ready;
    const closed = new PolicyHolder([{ ...silent, watch: () => () => {} }], parts);
    const never = closed.ready();
    closed.close();
    await never;
    await closed.ready();
  });

  it('goes on when a listener throws, and tells nobody after it was closed', async () => {
    const errors: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => errors.push(fields) };
    const place = new MemoryPolicies();
    const holder = new PolicyHolder([await place.open(parts)], { logger });
    const seen: PoliciesInForce[] = [];
    holder.subscribe(() => {
      throw new Error('broken');
    });
    const forget = holder.subscribe((policies) => seen.push(policies));
    place.set(virtualService('a'));
    expect([errors.length, seen.length]).toEqual([1, 1]);
    forget();
    place.set(virtualService('b'));
    expect(seen).toHaveLength(1);
    holder.close();
    const last = holder.current;
    place.set(virtualService('c'));
    expect(holder.current).toBe(last);
  });
});

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

  it.each([
    ['name', 'a'],
    ['host', 'other'],
  ])(
    'takes what the first of two sources says of one %s, whichever spoke first, and says so',
    async (_, name) => {
      const ofB = { ...virtualService('a', '9s', 'other.yaml') };
      const text = ofB.text.replace('name: a', `name: ${name}`);
      const [a, b] = [new MemoryPolicies([], 'one'), new MemoryPolicies([{ ...ofB, text }], 'two')];
      const holder = await hold(a, b);
      const filesNow = () => holder.current.resources.map(({ document }) => document.file);
      expect(filesNow()).toEqual(['other.yaml']);
      a.set(virtualService('a'));
      expect(filesNow()).toEqual(['a.yaml']);
      const last = told.at(-1);
      expect(last?.state === 'applied' && last.warnings.join()).toMatch(
        new RegExp(
          `other.yaml:3:.*the VirtualService ${name} does not count: a in a.yaml is of a place that is listed first`,
        ),
      );
      a.set();
      expect(filesNow()).toEqual(['other.yaml']);
    },
  );

  it('refuses what does not fit what others say, and takes what they say meanwhile', async () => {
    const rule = {
      file: 'rule.yaml',
      text: 'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a }\nspec: { host: a, subsets: [{ name: v1, labels: { version: "1" } }] }\n',
    };
    const toV2 = virtualService('a');
    const misfit = { ...toV2, text: toV2.text.replace('host: a }', 'host: a, subset: v2 }') };
    const [a, b] = [new MemoryPolicies([rule], 'one'), new MemoryPolicies([virtualService('b')], 'two')];
    const holder = await hold(a, b);
    b.set(misfit);
    expect(told.at(-1)).toMatchObject({ state: 'refused', source: 'two' });
    a.set(rule, virtualService('c'));
    expect(holder.current.resources.map(({ name }) => name)).toEqual(['a', 'c', 'b']);
    expect(told.filter(({ state }) => state === 'applied')).toHaveLength(3);
  });

  it('warns when the last resource goes, and says that none are in force where the first word is bad', async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => lines.push(message) };
    const place = new MemoryPolicies([virtualService('a', 'soon')], 'one');
    new PolicyHolder([await place.open(parts)], { logger });
    place.set(virtualService('a'));
    place.set();
    expect(lines).toEqual([
      'policies are refused; none are in force, and calls go without them',
      'no policies are in force any more: all resources have gone',
    ]);
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

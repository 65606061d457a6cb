import { ConfigError, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import {
  type KeyValueStore,
  type KvWatchState,
  MemoryKeyValueStore,
  MemoryKeyValues,
  RegistryError,
} from '@micromesh/registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { virtualService } from '../../testing/policy-texts.js';
import type { PolicySource, PolicyWord } from '../policy-source.js';
import { consulKv } from './consul-kv.js';
import { PolicyStore } from './policy-store.js';
import { cutResources } from './stored-resource.js';

let clock: FakeClock;
let values: MemoryKeyValues;
let keyValues: MemoryKeyValueStore;
let store: PolicyStore;
let sources: PolicySource[];

beforeEach(() => {
  clock = new FakeClock();
  values = new MemoryKeyValues();
  keyValues = new MemoryKeyValueStore(values);
  store = new PolicyStore(keyValues);
  sources = [];
});

afterEach(() => {
  for (const source of sources) source.close();
  expect(clock.pendingTimers).toBe(0);
});

async function open(from: KeyValueStore = new MemoryKeyValueStore(values)): Promise<PolicyWord[]> {
  const source = await consulKv().open({ clock, logger: silentLogger, keyValues: from });
  sources.push(source);
  const words: PolicyWord[] = [];
  source.watch((word) => words.push(word));
  return words;
}

async function apply(...texts: readonly { readonly file: string; readonly text: string }[]) {
  const { version } = await store.commit(await store.base(), cutResources(texts), {
    who: 'anna',
    atMs: clock.wallNow(),
    why: 'a test',
  });
  await clock.settle();
  return version;
}

function shown(word: PolicyWord | undefined): string {
  if (word?.kind === 'good') return `${word.version}: ${word.resources.map(({ name }) => name).join()}`;
  return word?.kind === 'bad' ? `${word.version}: ${word.problems[0]?.message}` : (word?.error ?? 'nothing');
}

describe('policies in a key-value store', () => {
  it('are told version by version, each whole, with the places of their files', async () => {
    const words = await open();
    await apply(virtualService('a'), virtualService('b', 'soon', 'b.yaml'));
    await apply({ file: 'all.yaml', text: `${virtualService('a').text}---\n${virtualService('b').text}` });
    expect(words.map(shown)).toEqual(['0: ', expect.stringContaining('soon'), '2: a,b']);
    expect(words[1]).toMatchObject({ kind: 'bad', problems: [{ file: 'kv:b.yaml', line: 6 }] });
    const [, second] = words[2]?.kind === 'good' ? words[2].resources : [];
    expect(second?.document.locate(['spec', 'hosts'])).toEqual({ line: 12, column: 3 });
  });

  it('are known to who comes later', async () => {
    await apply(virtualService('a'));
    const words = await open();
    await clock.settle();
    expect(words.map(shown)).toEqual(['1: a']);
  });

  it('stay when the store loses them, and change when it has others', async () => {
    await apply(virtualService('a'));
    const words = await open();
    await clock.settle();
    await keyValues.delete('micromesh/policies/versions/1');
    await keyValues.delete('micromesh/policies/current');
    await clock.settle();
    expect(words.map(shown)).toEqual([
      '1: a',
      'the key micromesh/policies/current has gone; apply the policies again',
    ]);
    await apply(virtualService('b'));
    expect(words.map(shown)).toEqual(['1: a', expect.anything(), '1: b']);
  });

  it('stay when the pointer or a record is changed by hand', async () => {
    await apply(virtualService('a'));
    const words = await open();
    await clock.settle();
    await keyValues.put('micromesh/policies/current', 'x');
    await keyValues.put('micromesh/policies/versions/2', 'x');
    await keyValues.put('micromesh/policies/current', '{"version":2,"digest":"x","kept":[2]}');
    await clock.settle();
    expect(words.map(shown)).toEqual([
      '1: a',
      ': the key names no version of policies',
      '2: the record is not what was applied',
    ]);
    expect(words.slice(1).every(({ kind }) => kind === 'bad')).toBe(true);
  });

  it('are asked for again, with growing pauses, when a version cannot be read', async () => {
    const reader = new MemoryKeyValueStore(values);
    let asked = 0;
    const get = reader.get.bind(reader);
    reader.get = async (key, signal) => {
      asked++;
      if (asked < 6) throw new RegistryError('away');
      return get(key, signal);
    };
    await apply(virtualService('a'));
    const words = await open(reader);
    await clock.advance(99);
    expect([asked, words.map(shown)]).toEqual([1, ['away']]);
    await clock.advance(1);
    expect(asked).toBe(2);
    await clock.advance(200 + 400 + 800);
    expect(asked).toBe(5);
    await clock.advance(1_600);
    expect(words.map(shown)).toEqual(['away', '1: a']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are asked for at once when another version comes in such a pause', async () => {
    const reader = new MemoryKeyValueStore(values);
    const get = reader.get.bind(reader);
    reader.get = async (key, signal) => (key.endsWith('/1') ? undefined : get(key, signal));
    await apply(virtualService('a'));
    const words = await open(reader);
    await clock.advance(10_000);
    expect(words.map(shown)).toEqual([
      'the key micromesh/policies/versions/1 is not there, though version 1 is in force',
    ]);
    await apply(virtualService('b'));
    expect(words.map(shown).at(-1)).toBe('2: b');
  });

  it('stay while the store does not answer its watch', async () => {
    let state: KvWatchState = { kind: 'unknown' };
    let tell = (_state: KvWatchState) => {};
    const reader = Object.assign(new MemoryKeyValueStore(values), {
      watch: () => ({
        get state() {
          return state;
        },
        subscribe(listener: (state: KvWatchState) => void) {
          tell = listener;
          return () => {};
        },
        close() {},
      }),
    });
    await apply(virtualService('a'));
    const entries = await keyValues.list('micromesh/policies/current');
    const words = await open(reader);
    for (const next of [
      { kind: 'unknown', error: 'refused' },
      { kind: 'current', entries },
      { kind: 'stale', entries, error: 'refused' },
      { kind: 'stale', entries, error: 'no leader' },
      { kind: 'current', entries },
    ] as const) {
      state = next;
      tell(next);
      await clock.settle();
    }
    expect(words.map(shown)).toEqual(['refused', '1: a', 'refused', 'no leader', '1: a']);
    expect(words[1]).toBe(words.at(-1));
  });

  it('are not told after it was closed', async () => {
    const words = await open();
    sources[0]?.close();
    await apply(virtualService('a'));
    expect(words).toHaveLength(1);
  });

  it('need a registry that holds keys', async () => {
    const openWithout = () => consulKv().open({ clock, logger: silentLogger, keyValues: undefined });
    expect(openWithout).toThrow(ConfigError);
    expect(openWithout).toThrow(/fixed addresses has nothing; use the registry/);
    expect(() => consulKv({ prefix: 'a b' })).toThrow(ConfigError);
    expect(() => consulKv(Object.assign({ prefx: 'a' }))).toThrow(/did you mean prefix/);
  });
});

import { ConfigError, createAbortController, silentLogger } from '@micromesh/core';
import { expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import { EmbeddedKeyValueStore } from './embedded-key-value-store.js';
import type { KeyValueStore } from './key-value-store.js';
import { MemoryKeyValueStore } from './memory-key-value-store.js';

/** A store whose agent answers when the test says so. */
function open() {
  const inner = new MemoryKeyValueStore();
  let asked = 0;
  let answer: () => void = () => {};
  const answers = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const store: KeyValueStore = new EmbeddedKeyValueStore({
    inner,
    logger: silentLogger,
    ready: () => {
      asked += 1;
      return answers;
    },
    start: () => {},
    tell: () => {},
  });
  return { store, inner, answer: () => answer(), asked: () => asked };
}

const methods: readonly [
  string,
  (store: KeyValueStore, key: string, signal: AbortSignal) => Promise<unknown>,
][] = [
  ['get', (store, key, signal) => store.get(key, signal)],
  ['list', (store, key, signal) => store.list(key, signal)],
  ['put', (store, key, signal) => store.put(key, 'text', { signal })],
  ['delete', (store, key, signal) => store.delete(key, { signal })],
];

it.each(methods)(
  '%s is given up while the agent does not answer, and not carried out later',
  async (_, call) => {
    const { store, inner, answer } = open();
    await inner.put('a', 'before');
    const own = createAbortController();
    const called = call(store, 'a', own.signal);
    own.abort();
    await expect(called).rejects.toThrow(RegistryError);
    answer();
    await expect(store.get('a')).resolves.toMatchObject({ value: 'before' });
  },
);

it.each(methods)('%s that is given up from the start starts no agent', async (_, call) => {
  const { store, asked } = open();
  const own = createAbortController();
  own.abort();
  await expect(call(store, 'a', own.signal)).rejects.toThrow(RegistryError);
  expect(asked()).toBe(0);
});

it.each(methods)('%s refuses a wrong key before the agent is asked for', async (_, call) => {
  const { store, asked } = open();
  await expect(call(store, 'a//b', createAbortController().signal)).rejects.toThrow(ConfigError);
  expect(asked()).toBe(0);
});

it('refuses a wrong value before the agent is asked for', async () => {
  const { store, asked } = open();
  await expect(store.put('a', 'x'.repeat(512 * 1024 + 1))).rejects.toThrow(ConfigError);
  expect(asked()).toBe(0);
});

it('asks the store when the agent answers, with a signal and without', async () => {
  const { store, answer } = open();
  const { signal } = createAbortController();
  const written = store.put('a', 'text', { signal });
  answer();
  expect(await written).toBe(true);
  expect(await store.get('a')).toMatchObject({ value: 'text' });
  expect(await store.list('', signal)).toHaveLength(1);
  expect(await store.delete('a')).toBe(true);
});

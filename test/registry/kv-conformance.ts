import { ConfigError } from '@micromesh/core';
import { type KeyValueStore, type KvWatch, type KvWatchState, RegistryError } from '@micromesh/registry';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/** A registry with keys and values, as one user of it sees it. */
export interface KeyValueUser {
  readonly keyValues: KeyValueStore;
  close(): Promise<void>;
}

/** Keys and values to test: each call of `open` gives a handle on the same ones, as another process has one. */
export interface KeyValuesUnderTest {
  open(): KeyValueUser;
  stop(): Promise<void>;
}

/** What every key-value store does, whatever it is made of. */
export function describeKeyValues(
  title: string,
  start: () => Promise<KeyValuesUnderTest>,
  { skip = false }: { readonly skip?: boolean } = {},
): void {
  describe.skipIf(skip)(`every key-value store: ${title}`, () => {
    let underTest: KeyValuesUnderTest;
    const users: KeyValueUser[] = [];
    const watches: KvWatch[] = [];

    beforeAll(async () => {
      underTest = await start();
    });

    afterEach(async () => {
      for (const watch of watches.splice(0)) watch.close();
      await Promise.all(users.splice(0).map((user) => user.close()));
    });

    afterAll(async () => {
      await underTest?.stop();
    });

    function open(): KeyValueStore {
      const user = underTest.open();
      users.push(user);
      return user.keyValues;
    }

    function watch(store: KeyValueStore, prefix: string): KvWatch {
      const opened = store.watch(prefix);
      watches.push(opened);
      return opened;
    }

    it('gives what was put, to all, until it is deleted', async () => {
      const [one, other] = [open(), open()];
      const key = `${unique()}/whole`;
      expect(await one.get(key)).toBeUndefined();
      expect(await one.put(key, 'ä "€"\n\u0000 \u{1f600}')).toBe(true);
      const entry = await other.get(key);
      expect(entry).toEqual({ key, value: 'ä "€"\n\u0000 \u{1f600}', modifyIndex: expect.any(Number) });
      expect(await other.put(key, '')).toBe(true);
      expect((await one.get(key))?.value).toBe('');
      expect(await one.delete(key)).toBe(true);
      expect(await other.get(key)).toBeUndefined();
      expect(await one.delete(key)).toBe(true);
    });

    it('writes by cas only what nobody has changed meanwhile', async () => {
      const store = open();
      const key = `${unique()}/cas`;
      expect(await store.put(key, 'first', { cas: 0 })).toBe(true);
      expect(await store.put(key, 'second', { cas: 0 })).toBe(false);
      const first = await store.get(key);
      expect(first?.value).toBe('first');
      expect(await store.put(key, 'second', { cas: first?.modifyIndex ?? 0 })).toBe(true);
      expect(await store.put(key, 'third', { cas: first?.modifyIndex ?? 0 })).toBe(false);
      expect(await store.delete(key, { cas: first?.modifyIndex ?? 0 })).toBe(false);
      const second = await store.get(key);
      expect(second?.value).toBe('second');
      expect(second?.modifyIndex).toBeGreaterThan(first?.modifyIndex ?? 0);
      expect(await store.delete(key, { cas: second?.modifyIndex ?? 0 })).toBe(true);
      expect(await store.put(key, 'again', { cas: second?.modifyIndex ?? 0 })).toBe(false);
      expect(await store.get(key)).toBeUndefined();
    });

    it('lets one of many win who write by cas at once', async () => {
      const stores = [open(), open(), open()];
      const key = `${unique()}/race`;
      const won = await Promise.all(
        Array.from({ length: 12 }, (_, at) => stores[at % 3]?.put(key, `value ${at}`, { cas: 0 })),
      );
      expect(won.filter((each) => each)).toHaveLength(1);
      expect((await stores[0]?.get(key))?.value).toBe(`value ${won.indexOf(true)}`);
    });

    it('does not move the index of what is written as it is', async () => {
      const store = open();
      const key = `${unique()}/same`;
      await store.put(key, 'value');
      const before = await store.get(key);
      expect(await store.put(key, 'value')).toBe(true);
      expect(await store.get(key)).toEqual(before);
    });

    it('lists what begins with a prefix, sorted by key', async () => {
      const store = open();
      const at = unique();
      for (const name of ['b', 'a/2', 'a/1', 'ab', 'ä', 'a/\u{1f600}', 'a/\uffee'])
        await store.put(`${at}/${name}`, name);
      await store.put(`${at}x`, 'beside');
      const names = async (prefix: string) => (await store.list(prefix)).map(({ value }) => value);
      expect(await names(`${at}/`)).toEqual(['a/1', 'a/2', 'a/\uffee', 'a/\u{1f600}', 'ab', 'b', 'ä']);
      expect(await names(`${at}/a/`)).toEqual(['a/1', 'a/2', 'a/\uffee', 'a/\u{1f600}']);
      expect(await names(`${at}/none`)).toEqual([]);
    });

    it('holds any well-formed key and value', async () => {
      const store = open();
      const at = unique();
      const unit = fc.oneof(
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        fc.constantFrom('ä', '€', '字', '\u{1f600}'),
      );
      const part = fc
        .string({ unit, minLength: 1, maxLength: 20 })
        .filter((text) => !/^\.{1,2}$|\//.test(text));
      const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
      const value = fc.string({ unit: 'binary', maxLength: 200 });
      await fc.assert(
        fc.asyncProperty(key, value, async (name, text) => {
          const full = `${at}/${name}`;
          expect(await store.put(full, text)).toBe(true);
          expect((await store.get(full))?.value).toBe(text);
          expect((await store.list(full)).map((entry) => entry.key)).toContain(full);
          expect(await store.delete(full)).toBe(true);
        }),
        { numRuns: 30 },
      );
    });

    it('holds a value of 512 KiB, and says so of a longer one', async () => {
      const store = open();
      const key = `${unique()}/long`;
      const longest = 'é'.repeat(256 * 1024);
      expect(await store.put(key, longest)).toBe(true);
      expect((await store.get(key))?.value).toBe(longest);
      const refused = store.put(key, `${longest}!`);
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(/524289 bytes" is longer than 512 KiB/);
      expect((await store.get(key))?.value).toBe(longest);
      await store.delete(key);
    });

    it.each([
      ['', /is empty/],
      ['/a', /empty part/],
      ['a//b', /empty part/],
      ['a/../b', /'\.\.'/],
      ['.', /'\.'/],
      ['a\nb', /characters that no key can have/],
      ['a\u00a0b', /characters that no key can have/],
      ['\ud800', /characters that no key can have/],
      ['x'.repeat(513), /longer than 512 bytes/],
    ])('refuses the key %j', async (key, message) => {
      const store = open();
      for (const refused of [store.get(key), store.put(key, ''), store.delete(key)]) {
        await expect(refused).rejects.toThrow(ConfigError);
        await expect(refused).rejects.toThrow(message);
      }
    });

    it('watches a prefix: what is there, and each change below it', async () => {
      const [writer, reader] = [open(), open()];
      const at = unique();
      await writer.put(`${at}/a`, '1');
      const watched = watch(reader, `${at}/`);
      await valuesBecome(watched, ['1']);
      await writer.put(`${at}/b`, '2');
      await valuesBecome(watched, ['1', '2']);
      await writer.put(`${at}/a`, '3');
      await valuesBecome(watched, ['3', '2']);
      await writer.delete(`${at}/a`);
      await valuesBecome(watched, ['2']);
      await writer.delete(`${at}/b`);
      await valuesBecome(watched, []);
      await writer.put(`${at}/c`, '4');
      await valuesBecome(watched, ['4']);
    });

    it('knows that a prefix without keys is empty', async () => {
      const watched = watch(open(), `${unique()}/nothing/`);
      await valuesBecome(watched, []);
    });

    it('says nothing where nothing has changed', async () => {
      const store = open();
      const at = unique();
      await store.put(`${at}/a`, '1');
      const watched = watch(store, `${at}/`);
      await valuesBecome(watched, ['1']);
      const states: KvWatchState[] = [];
      watched.subscribe((state) => states.push(state));
      await store.put(`${at}/a`, '1');
      const other = watch(store, `${at}x/`);
      for (let n = 1; n <= 5; n++) await store.put(`${at}x/${n}`, String(n));
      await valuesBecome(other, ['1', '2', '3', '4', '5']);
      expect(states).toEqual([]);
    });

    it('gives all watches of a prefix the same word, each until it is closed', async () => {
      const store = open();
      const at = unique();
      const [first, second] = [watch(store, at), watch(store, at)];
      let told = 0;
      first.subscribe(() => {
        told += 1;
      });
      await valuesBecome(first, []);
      told = 0;
      first.close();
      await store.put(`${at}/a`, '1');
      await valuesBecome(second, ['1']);
      expect(told).toBe(0);
    });

    it('refuses when the caller has given up, or it was closed', async () => {
      const user = underTest.open();
      const { keyValues } = user;
      const key = `${unique()}/closed`;
      await keyValues.put(key, 'left');
      await expect(keyValues.get(key, AbortSignal.abort())).rejects.toThrow(RegistryError);
      await expect(keyValues.put(key, 'x', { signal: AbortSignal.abort() })).rejects.toThrow(RegistryError);
      const watched = keyValues.watch(key);
      await valuesBecome(watched, ['left']);
      let told = 0;
      watched.subscribe(() => {
        told += 1;
      });
      await user.close();
      const other = open();
      await other.put(key, 'after');
      await valuesBecome(watch(other, key), ['after']);
      expect(told).toBe(0);
      expect(() => keyValues.watch(key)).toThrow(/closed/);
      await expect(keyValues.get(key)).rejects.toThrow(/closed/);
      await expect(keyValues.put(key, 'x')).rejects.toThrow(/closed/);
      await expect(keyValues.list(key)).rejects.toThrow(/closed/);
      await expect(keyValues.delete(key)).rejects.toThrow(/closed/);
    });
  });
}

let used = 0;

/** A prefix that nobody else uses. */
function unique(): string {
  used += 1;
  return `test-${process.pid}-${used}`;
}

function valuesIn(state: KvWatchState): readonly string[] | undefined {
  return state.kind === 'unknown' ? undefined : state.entries.map(({ value }) => value);
}

/** Waits until a watch shows these values as the store's word. */
export async function valuesBecome(watch: KvWatch, values: readonly string[]): Promise<void> {
  await expect
    .poll(() => ({ kind: watch.state.kind, values: valuesIn(watch.state) }), { interval: 5 })
    .toEqual({ kind: 'current', values });
}

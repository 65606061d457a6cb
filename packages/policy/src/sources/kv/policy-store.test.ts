import { randomBytes } from 'node:crypto';
import { ConfigError, type Logger, silentLogger } from '@micromesh/core';
import { MAX_KV_VALUE_BYTES, MemoryKeyValueStore, MemoryKeyValues, RegistryError } from '@micromesh/registry';
import { beforeEach, describe, expect, it } from 'vitest';
import { virtualService } from '../../testing/policy-texts.js';
import { BrokenPolicyStoreError, PolicyConflictError, PolicyStore } from './policy-store.js';
import type { PolicyStamp } from './policy-version.js';
import { cutResources, type StoredResource } from './stored-resource.js';

const STAMP: PolicyStamp = { who: 'anna', atMs: Date.UTC(2026, 0, 1), why: 'a test' };

let values: MemoryKeyValues;
let keyValues: MemoryKeyValueStore;
let store: PolicyStore;

beforeEach(() => {
  values = new MemoryKeyValues();
  keyValues = new MemoryKeyValueStore(values);
  store = new PolicyStore(keyValues);
});

function resource(name: string, timeout?: string): readonly StoredResource[] {
  return cutResources([virtualService(name, timeout)]);
}

async function apply(resources: readonly StoredResource[], stamp: PolicyStamp = STAMP) {
  return store.commit(await store.base(), resources, stamp);
}

async function versions(): Promise<number[]> {
  const entries = await keyValues.list('micromesh/policies/versions/');
  return entries.map(({ key }) => Number(key.split('/').at(-1))).sort((a, b) => a - b);
}

/** Resources that do not get smaller by compression. */
function incompressible(bytes: number): readonly StoredResource[] {
  const [first] = resource('a');
  if (first === undefined) throw new Error('no resource');
  return [{ ...first, text: `# ${randomBytes(bytes / 2).toString('hex')}\n${first.text}` }];
}

describe('a store of policies', () => {
  it('has nothing at first, then whole versions with who, when and why', async () => {
    const base = await store.base();
    expect([base.pointer, await store.current(base)]).toEqual([undefined, undefined]);
    const first = await apply(resource('a'));
    expect(first).toEqual({ version: 1, ...STAMP, rollbackTo: undefined, resources: resource('a') });
    await apply([...resource('a'), ...resource('b')], { ...STAMP, who: 'ben' });
    expect(await store.current(await store.base())).toMatchObject({ version: 2, who: 'ben' });
    expect(await store.version(1)).toEqual(first);
    expect(await store.version(3)).toBeUndefined();
  });

  it('keeps the places and the words of resources', async () => {
    const text =
      '# about a\n---\n# of a\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a, namespace: shop }\nspec: { host: a } # end\n';
    const [one] = cutResources([{ file: 'x/y.yaml', text: `\n${text}` }]);
    expect(one).toEqual({
      kind: 'DestinationRule',
      namespace: 'shop',
      name: 'a',
      file: 'x/y.yaml',
      line: 2,
      text,
    });
  });

  it('tells the second of two who apply at once, and loses neither', async () => {
    const [mine, other] = [await store.base(), await store.base()];
    await store.commit(mine, resource('a'), STAMP);
    const late = store.commit(other, resource('b'), { ...STAMP, who: 'ben' });
    await expect(late).rejects.toThrow(PolicyConflictError);
    await expect(late).rejects.toThrow('anna has applied version 1 meanwhile; nothing was written');
    const again = await store.base();
    const before = (await store.current(again))?.resources ?? [];
    await store.commit(again, [...before, ...resource('b')], { ...STAMP, who: 'ben' });
    expect((await store.current(await store.base()))?.resources.map(({ name }) => name)).toEqual(['a', 'b']);
    const [, newest] = [await versions(), (await store.base()).pointer?.kept];
    expect(await versions()).toEqual([...(newest ?? [])].sort((a, b) => a - b));
  });

  it('keeps 50 versions and no others', async () => {
    for (let n = 1; n <= 60; n++) await apply(resource('a', `${n}s`));
    expect(await versions()).toEqual(Array.from({ length: 50 }, (_, at) => at + 11));
    const { pointer } = await store.base();
    expect(pointer?.kept).toEqual(Array.from({ length: 50 }, (_, at) => 60 - at));
  });

  it('passes over what a writer left that died half-way, and takes it away', async () => {
    await apply(resource('a'));
    await keyValues.put('micromesh/policies/versions/2', 'half');
    expect((await apply(resource('b'))).version).toBe(3);
    expect(await versions()).toEqual([1, 3]);
  });

  it('compresses what people need not read, and refuses what does not fit', async () => {
    const many = Array.from({ length: 2_000 }, (_, n) => resource(`service-${n}`)).flat();
    await apply(many);
    const [entry] = await keyValues.list('micromesh/policies/versions/');
    expect(entry?.value.length).toBeLessThan(60_000);
    expect((await store.current(await store.base()))?.resources).toEqual(many);
    const tooMany = apply(incompressible(1.5 * MAX_KV_VALUE_BYTES));
    await expect(tooMany).rejects.toThrow(ConfigError);
    await expect(tooMany).rejects.toThrow(
      /compressed \d+\)" are too many; one value of Consul's key-value store holds 524288/,
    );
    await expect(apply(incompressible(5_000_000))).rejects.toThrow('a set may have 2097152 bytes');
    expect(await versions()).toEqual([1]);
  });

  it('can be read by people while it is small', async () => {
    await apply(resource('a'));
    const entry = await keyValues.get('micromesh/policies/versions/1');
    expect(entry?.value).toContain('kind: VirtualService');
  });

  it.each([
    ['nothing', 'x', /names no version of policies; delete it/],
    [
      'another record',
      '{"version":1,"digest":"x","kept":[1]}',
      /is not what was applied; go back to another version/,
    ],
    ['no record', '{"version":9,"digest":"x","kept":[9]}', /is not there; go back/],
  ])('says so where the pointer names %s', async (_, value, message) => {
    await apply(resource('a'));
    await keyValues.put('micromesh/policies/current', value);
    const current = store.base().then((base) => store.current(base));
    await expect(current).rejects.toThrow(BrokenPolicyStoreError);
    await expect(current).rejects.toThrow(message);
  });

  it('says so where a record cannot be read', async () => {
    for (const [value, problem] of [
      ['x', 'cannot be read'],
      ['{"version":1}', 'is no version of policies: who'],
      ['{"version":1,"who":"a","at":"2026-01-01T00:00:00Z","why":"x","deflated":"eNo="}', 'cannot be read'],
    ] as const) {
      await keyValues.put('micromesh/policies/versions/1', value);
      await expect(store.version(1)).rejects.toThrow(`the record micromesh/policies/versions/1 ${problem}`);
    }
  });

  it('finds out whether a write without an answer was carried out', async () => {
    const { put } = keyValues;
    const failing = (isWritten: boolean) => {
      keyValues.put = async (key, value, options) => {
        const isPointer = key.endsWith('current');
        if (!isPointer || isWritten) await put.call(keyValues, key, value, options);
        if (isPointer) throw new RegistryError('no answer within 1 s');
        return true;
      };
    };
    failing(true);
    expect((await apply(resource('a'))).version).toBe(1);
    failing(false);
    const lost = apply(resource('b'));
    await expect(lost).rejects.toThrow(RegistryError);
    await expect(lost).rejects.toThrow('no answer within 1 s; version 2 may be in force all the same');
    expect((await store.base()).pointer?.version).toBe(1);
  });

  it('tells of what it could not tidy up, and has applied all the same', async () => {
    const warned: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => warned.push(fields) };
    const untidy = new PolicyStore(keyValues, { logger });
    keyValues.delete = async () => {
      throw new RegistryError('away');
    };
    for (let n = 1; n <= 51; n++) await untidy.commit(await untidy.base(), resource('a', `${n}s`), STAMP);
    expect(warned).toEqual([{ key: 'micromesh/policies/versions/1', error: 'away' }]);
  });

  it.each([
    [{ who: ' ' }, /who: " " is empty/],
    [{ why: 'x'.repeat(1001) }, /message: .* is longer than 1000 characters/],
    [{ who: 'a\nb' }, /who: .* cannot be printed/],
  ])('refuses the words %j', async (words, message) => {
    await expect(apply(resource('a'), { ...STAMP, ...words })).rejects.toThrow(ConfigError);
    await expect(apply(resource('a'), { ...STAMP, ...words })).rejects.toThrow(message);
  });

  it.each(['', '/a', 'a//b', 'a b', 'a/'])('refuses the prefix %j', (prefix) => {
    expect(() => new PolicyStore(keyValues, { prefix })).toThrow(/is no beginning of keys/);
  });
});

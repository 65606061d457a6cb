import { ConfigError } from '@micromesh/core';
import { memory, type Registry } from '@micromesh/registry';
import { describe, expect, it } from 'vitest';
import { chooseRegistry } from './choose-registry.js';

const untyped = (value: unknown) => value as string | Registry;
const withEnv = (MICROMESH_REGISTRY: string) => () => chooseRegistry(undefined, {}, { MICROMESH_REGISTRY });

describe('the registry of a mesh', () => {
  it('is what the options say, whatever the environment does', async () => {
    const given = memory();
    expect(chooseRegistry(given, {}, { MICROMESH_REGISTRY: 'nonsense' })).toEqual({
      registry: given,
      owned: false,
    });
    const { registry, owned } = chooseRegistry('memory:', {}, { MICROMESH_REGISTRY: 'nonsense' });
    expect(owned).toBe(true);
    await registry.close();
    await given.close();
  });

  it("is the environment's where they say nothing, else the dev agent's", async () => {
    const fromEnv = withEnv('static:hello=127.0.0.1:1')().registry;
    expect(fromEnv.description).toBe('static');
    const { description } = fromEnv;
    for (const env of [{}, { MICROMESH_REGISTRY: '' }]) {
      const { registry, owned } = chooseRegistry(undefined, {}, env);
      expect({ owned, other: registry.description === description }).toEqual({ owned: true, other: false });
      await registry.close();
    }
    await fromEnv.close();
  });

  it.each([
    [
      'zookeeper://x',
      'environment variable MICROMESH_REGISTRY: "zookeeper://x" is no registry; write \'consul:',
    ],
    [
      'static:hello=x',
      'environment variable MICROMESH_REGISTRY static.hello: "x" is no address; write host:port',
    ],
    ['consul://a:b:c', 'environment variable MICROMESH_REGISTRY address: "a:b:c" '],
    [
      'consul://a:1?dcs=x&token=secret',
      'environment variable MICROMESH_REGISTRY: "consul://a:1?dcs=...&token=..." has an unknown parameter dcs',
    ],
  ])('that the environment names wrongly is blamed on the variable: %s', (spec, message) => {
    expect(withEnv(spec)).toThrow(ConfigError);
    expect(withEnv(spec)).toThrow(message);
  });

  it('that is null is refused, not taken for one that was left out', () => {
    expect(() => chooseRegistry(untyped(null), {}, {})).toThrow('registry: null is no registry');
  });
});

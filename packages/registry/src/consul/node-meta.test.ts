import { ConfigError } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Registration } from '../registry.js';
import { decodeNodeMeta, encodeNodeMeta } from './node-meta.js';

function registration(labels: Record<string, string>, version = '1.0.0'): Registration {
  return {
    service: { name: 'hello' },
    id: 'hello-1',
    address: { kind: 'unix', path: '/x' },
    version,
    labels,
    weight: 1,
    check: 'auto',
  };
}

describe('encodeNodeMeta', () => {
  it('is readable: labels keep their names where Consul can hold them', () => {
    const labels = {
      zone: 'a',
      'app.kubernetes.io/name': 'hello',
      version: 'x',
      'consul-like': 'y',
      größe: '1',
    };
    expect(encodeNodeMeta(registration(labels), 17)).toEqual({
      micromesh: '1',
      'micromesh-id': 'hello-1',
      'micromesh-started-at': '17',
      version: '1.0.0',
      zone: 'a',
      'micromesh-label-app_2Ekubernetes_2Eio_2Fname': 'hello',
      'micromesh-label-version': 'x',
      'micromesh-label-consul-like': 'y',
      'micromesh-label-gr_C3_B6_C3_9Fe': '1',
    });
  });

  it('refuses a label name that Consul cannot hold', () => {
    expect(() => encodeNodeMeta(registration({ ['/'.repeat(40)]: 'x' }), 0)).toThrow(ConfigError);
  });

  it('writes keys that Consul takes and that read back as they were', () => {
    const name = fc.oneof(
      // As much as always fits: three bytes of Meta for one of the name.

      fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
        .filter((text) => Buffer.byteLength(text) <= 37),
      fc.constantFrom(
        'version',
        'micromesh',
        'micromesh-id',
        'micromesh-label-a',
        'a_2Eb',
        '_',
        '__proto__',
        '%41',
      ),
    );
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string(), { noNullPrototype: true }),
        fc.string(),
        (labels, version) => {
          const meta = encodeNodeMeta(registration(labels, version), 42);
          for (const key of Object.keys(meta)) expect(key).toMatch(/^(?!consul-)[A-Za-z0-9_-]{1,128}$/);
          const read = decodeNodeMeta(meta, ['ignored=tag']);
          expect(read).toEqual({ micromesh: true, version, labels, startedAtMs: 42 });
          expect(Object.keys(read.labels).sort()).toEqual(Object.keys(labels).sort());
        },
      ),
    );
  });
});

describe('decodeNodeMeta', () => {
  it('takes labels and version of others from pairs and `key=value` tags', () => {
    const meta = { owner: 'ops', zone: 'b' };
    expect(decodeNodeMeta(meta, ['version=2.1', 'zone=a', 'canary', 'track=blue=1', '=x'])).toEqual({
      micromesh: false,
      version: '2.1',
      labels: { owner: 'ops', zone: 'b', track: 'blue=1' },
      startedAtMs: undefined,
    });
  });

  it('prefers the pair to the tag', () => {
    expect(decodeNodeMeta({ version: '2' }, ['version=1']).version).toBe('2');
  });

  it('keeps a coded name that nobody could have written as it is', () => {
    expect(decodeNodeMeta({ 'micromesh-label-a_FFb': 'x' }, []).labels).toEqual({
      'micromesh-label-a_FFb': 'x',
    });
  });
});

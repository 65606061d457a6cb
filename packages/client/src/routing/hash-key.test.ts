import { Metadata } from '@grpc/grpc-js';
import type { HashSource } from '@micromesh/policy';
import { describe, expect, it } from 'vitest';
import { hashKeyOf } from './hash-key.js';

function keyOf(source: HashSource, ...headers: readonly (readonly [string, string | Buffer])[]) {
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.add(name, value);
  return hashKeyOf(source)({ metadata });
}

describe('the key of a call', () => {
  it('is the first value of a header, also of one that is binary; none where it is absent', () => {
    const source = { kind: 'header', name: 'x-user' } as const;
    expect(keyOf(source, ['x-user', 'anna'], ['x-user', 'bert'])).toBe('anna');
    expect(keyOf(source, ['x-other', 'anna'])).toBeUndefined();
    expect(keyOf({ kind: 'header', name: 'x-user-bin' }, ['x-user-bin', Buffer.from([255, 1])])).toBe('/wE=');
  });

  it.each([
    ['user=anna', 'anna'],
    ['a=b; user=anna; c=d', 'anna'],
    ['user="an na" ; user=bert', 'an na'],
    ['user=a=b', 'a=b'],
    ['user=', ''],
    ['user="', '"'],
    ['xuser=anna; userx=anna; user', undefined],
    ['', undefined],
  ])('is that of a cookie: %s', (cookie, expected) => {
    expect(keyOf({ kind: 'cookie', name: 'user' }, ['cookie', cookie])).toBe(expected);
  });

  it('is that of a cookie of whichever header has it, and none without a header', () => {
    const source = { kind: 'cookie', name: 'user' } as const;
    expect(keyOf(source, ['cookie', 'a=b'], ['cookie', 'user=anna'])).toBe('anna');
    expect(keyOf(source)).toBeUndefined();
  });

  it('is the address of the caller, or of the client that a gateway hands on', () => {
    const own = keyOf({ kind: 'sourceIp' });
    expect(own).toMatch(/^[0-9a-f.:]+$/);
    expect(keyOf({ kind: 'sourceIp' }, ['x-other', 'a'])).toBe(own);
    expect(keyOf({ kind: 'sourceIp' }, ['x-forwarded-for', '10.0.0.7, 10.0.0.1'])).toBe('10.0.0.7');
    expect(keyOf({ kind: 'sourceIp' }, ['x-forwarded-for', ' '])).toBe(own);
  });

  it.each([
    ['/hello?user=anna', 'anna'],
    ['/hello?x=1&user=an%20na&user=bert', 'an na'],
    ['/hello?user', ''],
    ['/hello?x=1', undefined],
    ['/hello', undefined],
  ])('is that of the query of the HTTP request: %s', (path, expected) => {
    expect(keyOf({ kind: 'queryParam', name: 'user' }, ['x-envoy-original-path', path])).toBe(expected);
    expect(keyOf({ kind: 'queryParam', name: 'user' })).toBeUndefined();
  });
});

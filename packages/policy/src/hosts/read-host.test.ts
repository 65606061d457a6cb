import { formatServiceKey, type ServiceKey } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { readHost } from './read-host.js';
import {
  comparePatterns,
  coversPattern,
  exactService,
  matchesService,
  type ServicePattern,
} from './service-pattern.js';

function patternOf(host: string, namespace?: string): ServicePattern {
  const read = readHost(host, namespace);
  if (read.kind !== 'service') throw new Error(`${host} is no service`);
  return read.pattern;
}

describe('a host', () => {
  it.each<[string, ServiceKey]>([
    ['hello', { name: 'hello' }],
    ['hello.default', { name: 'hello' }],
    ['hello.default.svc.cluster.local', { name: 'hello' }],
    ['hello.shop', { name: 'hello', namespace: 'shop' }],
    ['hello.shop.svc', { name: 'hello', namespace: 'shop' }],
    ['hello.shop.svc.cluster.local', { name: 'hello', namespace: 'shop' }],
    ['hello.service.consul', { name: 'hello' }],
    ['hello.service.dc2.consul', { name: 'hello', datacenter: 'dc2' }],
    ['hello.service.dc2.dc.consul', { name: 'hello', datacenter: 'dc2' }],
    ['hello.service.eu.peer.consul', { name: 'hello', peer: 'eu' }],
    [
      'hello.service.shop.ns.part.ap.dc2.dc.consul',
      { name: 'hello', namespace: 'shop', partition: 'part', datacenter: 'dc2' },
    ],
  ])('%s is one service', (host, key) => {
    expect(exactService(patternOf(host))).toEqual(key);
    expect(matchesService(patternOf(host), key)).toBe(true);
    expect(matchesService(patternOf('*'), key)).toBe(true);
  });

  it('without a dot is in the namespace of its resource', () => {
    expect(patternOf('hello', 'shop')).toEqual({ name: 'hello', namespace: 'shop' });
    expect(patternOf('hello', 'default')).toEqual({ name: 'hello' });
    expect(patternOf('hello.other', 'shop')).toEqual({ name: 'hello', namespace: 'other' });
  });

  it.each<[string, readonly ServiceKey[], readonly ServiceKey[]]>([
    ['*.shop', [{ name: 'a', namespace: 'shop' }], [{ name: 'a' }, { name: 'a', namespace: 'other' }]],
    ['*.default', [{ name: 'a' }, { name: 'a', namespace: 'default' }], [{ name: 'a', namespace: 'shop' }]],
    [
      '*.svc.cluster.local',
      [{ name: 'a' }, { name: 'a', namespace: 'shop' }],
      [{ name: 'a', datacenter: 'dc2' }],
    ],
    ['*.service.dc2.consul', [{ name: 'a', datacenter: 'dc2' }], [{ name: 'a' }]],
    [
      'hello',
      [{ name: 'hello' }],
      [
        { name: 'hello', datacenter: 'dc2' },
        { name: 'hello', peer: 'eu' },
      ],
    ],
  ])('%s matches what it means and nothing else', (host, inside, outside) => {
    for (const key of inside) expect(matchesService(patternOf(host), key), formatServiceKey(key)).toBe(true);
    for (const key of outside)
      expect(matchesService(patternOf(host), key), formatServiceKey(key)).toBe(false);
  });

  it.each([
    '',
    '.',
    'hello.',
    '.hello',
    'hel*',
    'a.*',
    '*-v1',
    'hello_world',
    '10.0.0.1',
    '::1',
    'hello:80',
    'a b',
  ])('%j is unreadable', (host) => {
    expect(readHost(host).kind).toBe('unreadable');
  });

  it.each(['primary.hello.service.consul', 'hello.node.consul', 'hello.service.a.b.consul', 'consul.consul'])(
    '%s is none of the names of a service in Consul',
    (host) => {
      expect(readHost(host).kind).toBe('unreadable');
    },
  );

  it.each(['api.example.com', '*.example.com', 'a.b.c.d'])('%s is a domain', (host) => {
    expect(readHost(host)).toEqual({ kind: 'domain' });
  });

  it('with more said comes before one that stands for many', () => {
    const hosts = ['*', '*.svc.cluster.local', '*.shop', 'hello.shop'];
    const sorted = [...hosts].sort((a, b) => comparePatterns(patternOf(a), patternOf(b)));
    expect(sorted).toEqual([...hosts].reverse());
  });

  it('covers another when it means all that the other means', () => {
    expect(coversPattern(patternOf('*'), patternOf('*.shop'))).toBe(true);
    expect(coversPattern(patternOf('*.shop'), patternOf('hello.shop'))).toBe(true);
    expect(coversPattern(patternOf('*.shop'), patternOf('*'))).toBe(false);
    expect(coversPattern(patternOf('hello'), patternOf('hello.default'))).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { concurrencyLimit, rateLimit } from '../testing/limits.js';
import { destinationRule, policySet } from '../testing/policies.js';
import type { LimitSide } from './limit-rules.js';

const BUCKET = 'tokenBucket: { maxTokens: 5, fillInterval: 1s }';
const HELLO = { name: 'hello' };

function names(text: string, service = HELLO, side: LimitSide = 'server', path = '/h.H/A') {
  const found = policySet(text).limitsOf(service, side)?.of(path);
  return [...(found?.rates ?? []), ...(found?.concurrency ?? [])].map(({ resource }) => resource);
}

describe('the limits of a service', () => {
  it('are all that name it, not those with the most specific host alone', () => {
    const text =
      rateLimit('own', `host: hello, ${BUCKET}`) +
      rateLimit('all', `host: "*", ${BUCKET}`) +
      rateLimit('consul', `host: hello.service.consul, ${BUCKET}`) +
      rateLimit('other', `host: user, ${BUCKET}`) +
      rateLimit('in-shop', `host: hello, ${BUCKET}`, ', namespace: shop');
    expect(names(text)).toEqual(['RateLimit own', 'RateLimit all', 'RateLimit consul']);
    expect(names(text, { name: 'hello', namespace: 'shop' } as typeof HELLO)).toEqual([
      'RateLimit all',
      'RateLimit shop/in-shop',
    ]);
    expect(names(text, { name: 'nobody' })).toEqual(['RateLimit all']);
  });

  it('are those of the side: the server, unless it says client', () => {
    const text =
      rateLimit('here', `host: hello, ${BUCKET}`) +
      rateLimit('there', `host: hello, side: client, ${BUCKET}`) +
      concurrencyLimit('here', 'host: hello, side: server, maxConcurrent: 1');
    expect(names(text)).toEqual(['RateLimit here', 'ConcurrencyLimit here']);
    expect(names(text, HELLO, 'client')).toEqual(['RateLimit there']);
  });

  it('are for the methods that they name', () => {
    const text =
      rateLimit('one', `host: hello, methods: [/h.H/A], ${BUCKET}`) +
      rateLimit('all-of', `host: hello, methods: [/h.H/*], ${BUCKET}`) +
      rateLimit('of-another', `host: hello, methods: [/h.HH/*, /x.Y/A], ${BUCKET}`);
    expect(names(text, HELLO, 'server', '/h.H/A')).toEqual(['RateLimit one', 'RateLimit all-of']);
    expect(names(text, HELLO, 'server', '/h.H/AB')).toEqual(['RateLimit all-of']);
    expect(names(text, HELLO, 'server', '/h.HH/A')).toEqual(['RateLimit of-another']);
    expect(names(text, HELLO, 'server', '/h/A')).toEqual([]);
    expect(names(text, HELLO, 'server', 'nonsense')).toEqual([]);
  });

  it('do not count in dry-run', () => {
    const dry = ', annotations: { micromesh.io/dry-run: "true" }';
    expect(names(rateLimit('dry', `host: hello, ${BUCKET}`, dry))).toEqual([]);
  });

  it('are prepared once, with or without: asked again, it is the same object', () => {
    const set = policySet(
      rateLimit('a', `host: hello, methods: [/h.H/A], ${BUCKET}`) +
        rateLimit('b', `host: user, ${BUCKET}`) +
        destinationRule('hello', '{ host: hello }'),
    );
    expect(set.limitsOf(HELLO, 'server')).toBe(set.limitsOf(HELLO, 'server'));
    const limits = set.limitsOf(HELLO, 'server');
    expect(limits?.of('/h.H/A')).toBe(limits?.of('/h.H/A'));
    expect(limits?.of('/h.H/B')).toBeUndefined();
    const user = set.limitsOf({ name: 'user' }, 'server');
    expect(user?.of('/any/A')).toBe(user?.of('/any/B'));
    expect(set.limitsOf(HELLO, 'client')).toBeUndefined();
  });

  it('have what is written, the defaults of what is not, and where each comes from', () => {
    const { rates, concurrency } =
      policySet(
        rateLimit('r', `host: hello, ${BUCKET}`) +
          concurrencyLimit('wide', 'host: hello, maxConcurrent: 9') +
          concurrencyLimit(
            'narrow',
            'host: hello, maxConcurrent: 2, maxQueued: 3, queueTimeout: 250ms, perMethod: true',
          ),
      )
        .limitsOf(HELLO, 'server')
        ?.of('/h.H/A') ?? {};
    expect(rates).toMatchObject([
      {
        perMethod: { value: false, origin: { isDefault: true } },
        perHeaders: { value: [] },
        maxKeys: { value: 10_000, origin: { isDefault: true } },
        maxTokens: { value: 5, origin: { isDefault: false, path: 'spec.tokenBucket.maxTokens', line: 4 } },
        tokensPerFill: { value: 1, origin: { isDefault: true } },
        fillIntervalMs: { value: 1000, origin: { isDefault: false } },
      },
    ]);
    // A call holds its places while it waits for the next: the narrowest come first.
    expect(concurrency).toMatchObject([
      {
        maxConcurrent: { value: 2 },
        maxQueued: { value: 3 },
        queueTimeoutMs: { value: 250 },
        perMethod: { value: true },
      },
      {
        maxConcurrent: { value: 9 },
        maxQueued: { value: 0 },
        queueTimeoutMs: { value: 1000, origin: { isDefault: true } },
      },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { limitedCall, limitsOf, methodAt, rateLimit } from '../testing/limits.js';
import { type LimitedCall, RateCounter, takeTokens } from './rate-counter.js';

const ONE = 'tokenBucket: { maxTokens: 1, fillInterval: 1s }';

function counters(...specs: readonly string[]): readonly RateCounter[] {
  const text = specs.map((spec, index) => rateLimit(`limit-${index}`, `host: hello, ${spec}`)).join('');
  return limitsOf(text).rates.map((rule) => new RateCounter(rule, 0));
}

function passes(rates: readonly RateCounter[], ...calls: readonly LimitedCall[]): readonly boolean[] {
  return calls.map((call) => takeTokens(rates, call, 0) === undefined);
}

describe('a rate limit', () => {
  it('has one bucket for all calls, whatever their method', () => {
    const rates = counters(ONE);
    expect(passes(rates, limitedCall(), limitedCall({}, methodAt('/h.H/B')))).toEqual([true, false]);
  });

  it('has one for each method where it says so', () => {
    const rates = counters(`perMethod: true, ${ONE}`);
    const other = limitedCall({}, methodAt('/h.H/B'));
    expect(passes(rates, limitedCall(), other, limitedCall(), other)).toEqual([true, true, false, false]);
  });

  it('has one for each combination of values; a call without one counts as empty', () => {
    const rates = counters(`perHeaders: [x-user, x-tenant], ${ONE}`);
    const call = (user: string, tenant: string) => limitedCall({ 'x-user': user, 'x-tenant': tenant });
    expect(passes(rates, call('a', 'b'), call('b', 'a'), call('a', 'b'), call('ab', ''))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(passes(rates, limitedCall(), call('', ''), limitedCall({ 'x-user': 'ab' }))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('keeps so many buckets, and forgets the longest unused first: its next call begins anew', () => {
    const [rate] = counters(`perHeaders: [x-user], maxKeys: 2, ${ONE}`);
    if (rate === undefined) throw new Error('no limit');
    const call = (user: string) => limitedCall({ 'x-user': user });
    expect(passes([rate], call('a'), call('b'), call('a'), call('c'))).toEqual([true, true, false, true]);
    expect(rate.size).toBe(2);
    // `a` was asked for after `b`, so that `b` has gone.
    expect(passes([rate], call('a'), call('c'), call('b'))).toEqual([false, false, true]);
    expect(rate.size).toBe(2);
  });

  it('tells long values apart that begin alike', () => {
    const rates = counters(`perHeaders: [x-user], ${ONE}`);
    const call = (end: string) => limitedCall({ 'x-user': `${'u'.repeat(5000)}${end}` });
    expect(passes(rates, call('1'), call('2'), call('1'))).toEqual([true, true, false]);
  });

  it('tells binary values apart', () => {
    const rates = counters(`perHeaders: [x-user-bin], ${ONE}`);
    const call = (byte: number) => {
      const { method, metadata } = limitedCall();
      return { method, metadata: { get: () => [Buffer.from([byte]), ...metadata.get('x')] } };
    };
    expect(passes(rates, call(0xfe), call(0xff), call(0xfe))).toEqual([true, true, false]);
  });
});

describe('several rate limits', () => {
  it('must all let a call through: one that does not leaves the tokens of the others alone', () => {
    const rates = counters(
      'tokenBucket: { maxTokens: 2, fillInterval: 1s }',
      'perHeaders: [x-user], tokenBucket: { maxTokens: 1, fillInterval: 3s }',
    );
    const call = (user: string) => limitedCall({ 'x-user': user });
    expect(passes(rates, call('a'), call('a'), call('a'), call('b'), call('c'))).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(takeTokens(rates, call('a'), 0)).toMatchObject({
      rule: { resource: 'RateLimit limit-1' },
      waitMs: 3000,
    });
    expect(takeTokens(rates, call('a'), 0.5)?.waitMs).toBe(3000);
    expect(takeTokens(rates, call('c'), 1)).toMatchObject({
      rule: { resource: 'RateLimit limit-0' },
      waitMs: 999,
    });
  });
});

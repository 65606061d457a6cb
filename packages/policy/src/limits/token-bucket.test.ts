import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket, type TokenBucketSettings } from './token-bucket.js';

function take(bucket: TokenBucket, now: number): boolean {
  if (bucket.waitMs(now) > 0) return false;
  bucket.take();
  return true;
}

/**
 * Envoy's words, envoy/type/v3/token_bucket.proto: "The maximum tokens that the bucket can hold. This is also the number of tokens that the
 * bucket initially contains." "During each fill interval `tokens_per_fill` are added to the bucket. The bucket will never contain more than
 * `max_tokens` tokens." Here a timer does it.
 */
class TimedBucket {
  tokens: number;
  #nextFill: number;

  constructor(readonly settings: TokenBucketSettings) {
    this.tokens = settings.maxTokens;
    this.#nextFill = settings.fillIntervalMs;
  }

  take(now: number): boolean {
    for (; this.#nextFill <= now; this.#nextFill += this.settings.fillIntervalMs) {
      this.tokens = Math.min(this.settings.maxTokens, this.tokens + this.settings.tokensPerFill);
    }
    if (this.tokens === 0) return false;
    this.tokens--;
    return true;
  }
}

const SETTINGS = fc.record({
  maxTokens: fc.integer({ min: 1, max: 20 }),
  tokensPerFill: fc.integer({ min: 1, max: 25 }),
  fillIntervalMs: fc.integer({ min: 1, max: 200 }),
});
const PAUSES = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 }), fc.nat(1000)), {
  maxLength: 200,
});

describe('a token bucket', () => {
  it('is full at the start; each interval brings its tokens, all at once', () => {
    const bucket = new TokenBucket({ maxTokens: 3, tokensPerFill: 2, fillIntervalMs: 100 }, 1000);
    expect([1, 2, 3, 4].map(() => take(bucket, 1000))).toEqual([true, true, true, false]);
    expect(bucket.waitMs(1000)).toBe(100);
    expect(bucket.waitMs(1099.5)).toBe(0.5);
    expect([1, 2, 3].map(() => take(bucket, 1100))).toEqual([true, true, false]);
    expect(bucket.waitMs(1130)).toBe(70);
  });

  it('never holds more than it can, however long nobody comes', () => {
    const bucket = new TokenBucket({ maxTokens: 3, tokensPerFill: 2, fillIntervalMs: 100 }, 0);
    take(bucket, 0);
    expect([1, 2, 3, 4].map(() => take(bucket, 1e12))).toEqual([true, true, true, false]);
  });

  it('lets through what one with a timer does, as Envoy has it', () => {
    fc.assert(
      fc.property(SETTINGS, PAUSES, (settings, pauses) => {
        const bucket = new TokenBucket(settings, 0);
        const timed = new TimedBucket(settings);
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          expect(take(bucket, now)).toBe(timed.take(now));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never lets more through in any window than it holds and the fills within bring, and says rightly when to come again', () => {
    fc.assert(
      fc.property(SETTINGS, PAUSES, (settings, pauses) => {
        const { maxTokens, tokensPerFill, fillIntervalMs } = settings;
        const bucket = new TokenBucket(settings, 0);
        const taken: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause + 0.3;
          const waitMs = bucket.waitMs(now);
          if (waitMs > 0) {
            expect(waitMs).toBeLessThanOrEqual(fillIntervalMs);
            now += Math.ceil(waitMs);
            expect(bucket.waitMs(now)).toBe(0);
          }
          bucket.take();
          taken.push(now);
        }
        for (const [first, from] of taken.entries()) {
          for (let last = first; last < taken.length; last++) {
            const fills = Math.floor(((taken[last] ?? 0) - from) / fillIntervalMs) + 1;
            expect(last - first + 1).toBeLessThanOrEqual(maxTokens + tokensPerFill * fills);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

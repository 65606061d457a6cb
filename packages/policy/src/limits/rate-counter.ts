import { createHash } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import type { Method } from '@micromesh/core';
import type { RateLimitRule } from './limit-rules.js';
import { TokenBucket, type TokenBucketSettings } from './token-bucket.js';

/** What limits look at of a call. */
export interface LimitedCall {
  readonly method: Method;
  readonly metadata: Pick<Metadata, 'get'>;
}

/** Longer ones are kept as a digest: a caller cannot fill the memory with the values of its headers. */
const MAX_KEY_LENGTH = 256;

/** The buckets of one RateLimit. */
export class RateCounter {
  readonly rule: RateLimitRule;
  readonly #settings: TokenBucketSettings;
  /** Where all calls take from one. */
  readonly #only: TokenBucket | undefined;
  /** By method and values of headers; the one that was used last comes last. */
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #maxKeys: number;
  readonly #perMethod: boolean;
  readonly #perHeaders: readonly string[];

  constructor(rule: RateLimitRule, now: number) {
    this.rule = rule;
    this.#settings = {
      maxTokens: rule.maxTokens.value,
      tokensPerFill: rule.tokensPerFill.value,
      fillIntervalMs: rule.fillIntervalMs.value,
    };
    this.#maxKeys = rule.maxKeys.value;
    this.#perMethod = rule.perMethod.value;
    this.#perHeaders = rule.perHeaders.value;
    if (!this.#perMethod && this.#perHeaders.length === 0) this.#only = new TokenBucket(this.#settings, now);
  }

  /** Buckets that are kept, `maxKeys` at most. */
  get size(): number {
    return this.#only === undefined ? this.#buckets.size : 1;
  }

  /** The bucket that a call takes its token from; it is as new where the call is the first of its kind, or was forgotten. */
  bucketOf(call: LimitedCall, now: number): TokenBucket {
    if (this.#only !== undefined) return this.#only;
    const key = this.#keyOf(call);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#settings, now);
      if (this.#buckets.size >= this.#maxKeys) this.#forgetOne();
    } else this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetOne(): void {
    for (const longestUnused of this.#buckets.keys()) {
      this.#buckets.delete(longestUnused);
      return;
    }
  }

  #keyOf({ method, metadata }: LimitedCall): string {
    let key = this.#perMethod ? method.path : '';
    for (const name of this.#perHeaders) key += `\n${joined(metadata.get(name))}`;
    return key.length <= MAX_KEY_LENGTH ? key : createHash('sha256').update(key).digest('base64');
  }
}

/** As HTTP joins the values of a header. */
function joined(values: readonly (string | Buffer)[]): string {
  const [only] = values;
  if (only === undefined) return '';
  if (values.length === 1 && typeof only === 'string') return only;
  return values.map((value) => (typeof value === 'string' ? value : value.toString('base64'))).join(',');
}

/** A call came before there was a token for it. */
export interface RateRefusal {
  readonly rule: RateLimitRule;
  /** Until there is one; whole milliseconds, at least 1. */
  readonly waitMs: number;
}

/**
 * Takes a token out of each bucket, or, where one of them is empty, none at all.
 *
 * @returns the one that is empty for longest; undefined: the call has its tokens.
 */
export function takeTokens(
  rates: readonly RateCounter[],
  call: LimitedCall,
  now: number,
): RateRefusal | undefined {
  const [only] = rates;
  // Most calls have one limit: it needs no list.
  if (only !== undefined && rates.length === 1) {
    const bucket = only.bucketOf(call, now);
    const refusal = refusalOf(only, bucket, now);
    if (refusal === undefined) bucket.take();
    return refusal;
  }
  const buckets = rates.map((rate) => rate.bucketOf(call, now));
  let refusal: RateRefusal | undefined;
  for (const [at, bucket] of buckets.entries()) {
    const rate = rates[at];
    const other = rate && refusalOf(rate, bucket, now);
    if (other !== undefined && other.waitMs > (refusal?.waitMs ?? 0)) refusal = other;
  }
  if (refusal === undefined) for (const bucket of buckets) bucket.take();
  return refusal;
}

function refusalOf({ rule }: RateCounter, bucket: TokenBucket, now: number): RateRefusal | undefined {
  const waitMs = bucket.waitMs(now);
  return waitMs > 0 ? { rule, waitMs: Math.ceil(waitMs) } : undefined;
}

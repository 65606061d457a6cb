import type { z } from 'zod';
import { duration } from './duration.js';
import { applied, message, required } from './field.js';
import { formed, integer, list, MAX_UINT32 } from './leaves.js';
import { limitTarget } from './limit-target.js';

const MAX_KEYS = 1_000_000;

/** A bucket of tokens, as Envoy's local rate limit has it; a call takes one. */
export const tokenBucket = message('TokenBucket', {
  maxTokens: required(
    integer(1, MAX_UINT32),
    'tokens that the full bucket holds: calls that may come at once',
  ),
  tokensPerFill: applied(integer(1, MAX_UINT32), 'tokens that each fill brings; default 1'),
  fillInterval: required(duration(), 'between two fills'),
});

/** The `spec` of a RateLimit. */
export const rateLimitSpec = message('RateLimit', {
  ...limitTarget(),
  perHeaders: applied(
    list(formed(/^[a-z0-9_.-]+$/, 'name of a header', 'write it in lower case: x-user-id')),
    'each value of these headers, and of all of them together, has a bucket of its own; a call without one counts as empty',
  ),
  maxKeys: applied(
    integer(1, MAX_KEYS),
    'buckets that are kept; the one that was unused longest goes first; default 10000',
  ),
  tokenBucket: required(
    tokenBucket,
    'the bucket; a call without a token ends with RESOURCE_EXHAUSTED, and with the time to the next one as push-back',
  ),
});

/** The `spec` of a RateLimit, validated. */
export type RateLimitSpec = z.infer<typeof rateLimitSpec>;

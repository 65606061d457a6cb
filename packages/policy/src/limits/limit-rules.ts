import type { PolicyOrigin, Sourced } from '../origin/resource-place.js';

/** Who counts: each process the calls that it makes, or each node those that it gets. */
export type LimitSide = 'client' | 'server';

interface CallLimit {
  /** The resource, and all that it says: a limit that stays as it was keeps its count. */
  readonly key: string;
  /** `RateLimit shop/hello` */
  readonly resource: string;
  readonly origin: PolicyOrigin;
  /** `/package.Service/Method`, or `/package.Service/*`; undefined: all. */
  readonly methods: Sourced<readonly string[]> | undefined;
  /** Whether each method counts for itself; default false. */
  readonly perMethod: Sourced<boolean>;
}

/** How many calls in a time. */
export interface RateLimitRule extends CallLimit {
  readonly kind: 'rate';
  /** Each combination of the values of these headers has a bucket of its own; default none: there is one. */
  readonly perHeaders: Sourced<readonly string[]>;
  /** Buckets that are kept; default 10,000. */
  readonly maxKeys: Sourced<number>;
  /** What a full bucket holds, as it does at the start. */
  readonly maxTokens: Sourced<number>;
  /** Default 1. */
  readonly tokensPerFill: Sourced<number>;
  readonly fillIntervalMs: Sourced<number>;
}

/** How many calls at a time. */
export interface ConcurrencyLimitRule extends CallLimit {
  readonly kind: 'concurrency';
  readonly maxConcurrent: Sourced<number>;
  /** Default 0. */
  readonly maxQueued: Sourced<number>;
  /** Default 1000. */
  readonly queueTimeoutMs: Sourced<number>;
}

/** A limit of calls. */
export type LimitRule = RateLimitRule | ConcurrencyLimitRule;

/** When a circuit breaker opens, and for how long. It opens at the first of its two rules that is broken. */
export interface BreakerOptions {
  /** Opens after so many failed calls in a row; at least 1. Default 5; none where `failureRatio` alone is given. */
  readonly consecutiveFailures?: number;
  /** Opens when this share of the calls within `windowMs` has failed, above 0 to 1. Default none. */
  readonly failureRatio?: number;
  /** So many calls must have ended within `windowMs` before `failureRatio` counts; at least 1, default 20. */
  readonly minCalls?: number;
  /** What `failureRatio` looks back on, in milliseconds; at least 10, default 10,000. */
  readonly windowMs?: number;
  /** How long it refuses before it tries, in milliseconds, and up to a tenth more; at least 1, default 5000. */
  readonly openMs?: number;
  /** Calls that it then lets through at a time, and that must go well to close it; at least 1, default 1. */
  readonly trialCalls?: number;
}

/** How many calls a client has under way at a time. */
export interface ConcurrencyOptions {
  /** Calls at a time, at least 1; a stream counts as long as it is open. */
  readonly max: number;
  /** Calls that may wait for a place, first come, first served; at least 0, default 0. */
  readonly queue?: number;
  /** How long one waits, in milliseconds; at least 1, default 1000. Infinity: its own deadline alone counts. */
  readonly queueTimeoutMs?: number;
  /** What is counted: all calls of the service together, or those of each method; default `service`. */
  readonly per?: 'service' | 'method';
}

/**
 * What a client refuses to send. Both fail at once with a reason of their own, cost no retry budget and mark no node.
 * Clients of one service that say the same share one count.
 */
export interface LimitSettings {
  /**
   * Refuses calls of a method (UNAVAILABLE, reason `breakerOpen`) while it does nothing but fail; `{}` takes the defaults. Default
   * false.
   */
  readonly breaker?: BreakerOptions | false;
  /** Bounds calls at a time (RESOURCE_EXHAUSTED, reason `concurrency`). Default false. */
  readonly concurrency?: ConcurrencyOptions | false;
  /**
   * Calls of the service that retry at a time (Envoy's `max_retries`), at least 1: a call counts from its first extra attempt to its end. What
   * fails beyond is not retried; an attempt that was provably unsent may still move. Default: the retry budget alone bounds them.
   */
  readonly maxConcurrentRetries?: number;
}

/** {@link BreakerOptions} with their defaults; Infinity and above 1 are rules that nothing breaks. */
export type BreakerRules = Required<BreakerOptions>;

/** Fills in what was left open. */
export function breakerRules(options: BreakerOptions): BreakerRules {
  const { failureRatio, minCalls = 20, windowMs = 10_000, openMs = 5000, trialCalls = 1 } = options;
  const inARow = options.consecutiveFailures ?? (failureRatio === undefined ? 5 : Number.POSITIVE_INFINITY);
  return {
    consecutiveFailures: inARow,
    failureRatio: failureRatio ?? Number.POSITIVE_INFINITY,
    minCalls,
    windowMs,
    openMs,
    trialCalls,
  };
}

/** {@link ConcurrencyOptions} with their defaults. */
export type ConcurrencyRules = Required<ConcurrencyOptions>;

/** Fills in what was left open. */
export function concurrencyRules(options: ConcurrencyOptions): ConcurrencyRules {
  const { max, queue = 0, queueTimeoutMs = 1000, per = 'service' } = options;
  return { max, queue, queueTimeoutMs, per };
}

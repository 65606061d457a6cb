import { status } from '@grpc/grpc-js';
import type { Delivery, Reason } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRY_ON, RETRY_WORDS, readRetryOn } from '../validate/virtual-service/retry-words.js';
import { type AttemptFailure, retries } from './retries.js';

function answered(code: number, others: Partial<AttemptFailure> = {}): AttemptFailure {
  return { code, delivery: 'answered', reason: 'none', ...others };
}

function ended(
  reason: Reason,
  code: number = status.UNAVAILABLE,
  delivery: Delivery = 'unknown',
): AttemptFailure {
  return { code, delivery, reason };
}

const FAILURES: Readonly<Record<string, AttemptFailure>> = {
  CANCELLED: answered(status.CANCELLED),
  UNKNOWN: answered(status.UNKNOWN),
  DEADLINE_EXCEEDED: answered(status.DEADLINE_EXCEEDED),
  NOT_FOUND: answered(status.NOT_FOUND),
  ABORTED: answered(status.ABORTED),
  RESOURCE_EXHAUSTED: answered(status.RESOURCE_EXHAUSTED),
  INTERNAL: answered(status.INTERNAL),
  UNAVAILABLE: answered(status.UNAVAILABLE),
  'HTTP 500': answered(status.UNKNOWN, { httpStatus: 500 }),
  'HTTP 503': answered(status.UNAVAILABLE, { httpStatus: 503 }),
  'HTTP 409': answered(status.UNKNOWN, { httpStatus: 409 }),
  'HTTP 429': answered(status.UNAVAILABLE, { httpStatus: 429 }),
  'rate limited': answered(status.UNAVAILABLE, { httpStatus: 429, isRateLimited: true }),
  connect: ended('connect', status.UNAVAILABLE, 'unsent'),
  refused: ended('refused', status.UNAVAILABLE, 'unsent'),
  dropped: ended('dropped'),
  silent: ended('silent'),
  'per-try time-out': ended('attemptTimeout', status.DEADLINE_EXCEEDED),
  'broken gRPC': { code: status.INTERNAL, delivery: 'answered', reason: 'protocol' },
};

const NO_ANSWER = ['connect', 'refused', 'dropped', 'silent', 'per-try time-out'];

/**
 * What each word covers. Source: envoyproxy.io, router_filter "x-envoy-retry-on" and "x-envoy-retry-grpc-on", and Envoy's
 * retry_state_impl.cc: wouldRetryFromHeaders and wouldRetryFromReset. The words of gRPC also cover what this process says of an
 * attempt, which Envoy does not see as a status.
 */
const COVERED: Readonly<Record<(typeof RETRY_WORDS)[number] | '503' | '503,409', readonly string[]>> = {
  '5xx': ['HTTP 500', 'HTTP 503', ...NO_ANSWER],
  'gateway-error': ['HTTP 503', ...NO_ANSWER],
  reset: NO_ANSWER,
  'reset-before-request': ['connect', 'refused'],
  'connect-failure': ['connect'],
  'retriable-4xx': ['HTTP 409'],
  'refused-stream': ['refused'],
  'retriable-status-codes': [],
  'retriable-headers': [],
  'envoy-ratelimited': ['rate limited'],
  'http3-post-connect-failure': [],
  cancelled: ['CANCELLED'],
  'deadline-exceeded': ['DEADLINE_EXCEEDED', 'per-try time-out'],
  internal: ['INTERNAL', 'broken gRPC'],
  'resource-exhausted': ['RESOURCE_EXHAUSTED'],
  unavailable: ['UNAVAILABLE', 'HTTP 503', 'HTTP 429', 'connect', 'refused', 'dropped', 'silent'],
  '503': ['HTTP 503'],
  '503,409': ['HTTP 503', 'HTTP 409'],
};

describe('retryOn', () => {
  it.each(Object.entries(COVERED))('%s covers %j', (retryOn, covered) => {
    const conditions = readRetryOn(retryOn);
    const retried = Object.keys(FAILURES).filter((name) => {
      const failure = FAILURES[name];
      return failure !== undefined && retries(conditions, failure);
    });
    expect(retried.sort()).toEqual([...covered].sort());
  });

  it('covers with several words what each of them covers', () => {
    const conditions = readRetryOn(DEFAULT_RETRY_ON);
    const names = new Set(
      DEFAULT_RETRY_ON.split(',').flatMap(
        (word) => COVERED[RETRY_WORDS.find((each) => each === word) ?? 'reset'],
      ),
    );
    for (const [name, failure] of Object.entries(FAILURES)) {
      expect(retries(conditions, failure), name).toBe(names.has(name));
    }
  });

  it.each<Reason>([
    'cancelled',
    'deadline',
    'superseded',
    'noNode',
    'registryUnknown',
    'interceptor',
    'credentials',
    'breakerOpen',
    'concurrency',
    'rateLimit',
    'fault',
    'closed',
  ])('never covers what the caller or the mesh ended: %s', (reason) => {
    const everything = readRetryOn([...RETRY_WORDS, '503'].join(','));
    for (const code of [
      status.CANCELLED,
      status.UNAVAILABLE,
      status.DEADLINE_EXCEEDED,
      status.RESOURCE_EXHAUSTED,
    ]) {
      expect(retries(everything, ended(reason, code, 'unsent'))).toBe(false);
    }
  });

  it('never covers success', () => {
    expect(retries(readRetryOn(RETRY_WORDS.join(',')), answered(status.OK))).toBe(false);
  });
});

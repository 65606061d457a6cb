import { status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import type { RetryConditions, RetryWord } from '../validate/virtual-service/retry-words.js';

/** How an attempt failed, as far as `retryOn` looks at it. */
export interface AttemptFailure extends Pick<Outcome, 'code' | 'delivery' | 'reason'> {
  /** The HTTP status of an answer that was no gRPC: of a proxy, most often. Undefined: 200, as every answer of gRPC has. */
  readonly httpStatus?: number | undefined;
  /** Whether the answer has the metadata `x-envoy-ratelimited`; default false. */
  readonly isRateLimited?: boolean | undefined;
}

const GRPC_WORDS: ReadonlyMap<number, RetryWord> = new Map([
  [status.CANCELLED, 'cancelled'],
  [status.DEADLINE_EXCEEDED, 'deadline-exceeded'],
  [status.INTERNAL, 'internal'],
  [status.RESOURCE_EXHAUSTED, 'resource-exhausted'],
  [status.UNAVAILABLE, 'unavailable'],
]);

const CONFLICT = 409;

/**
 * Whether `retryOn` names the way in which an attempt failed. As Envoy has it, but for this: the words of gRPC look at the status that
 * the attempt ended with, whoever gave it (Envoy: in response headers only), so that `unavailable` covers a broken connection and
 * `deadline-exceeded` a per-try time-out. The words and numbers of HTTP look at the HTTP status, which is 200 where a server answers
 * with a gRPC status, and at attempts without an answer. What the caller or the mesh itself ended is never tried again. Whether the
 * method is idempotent does not count here.
 */
export function retries(
  conditions: Pick<RetryConditions, 'words' | 'statuses'>,
  failure: AttemptFailure,
): boolean {
  const { words, statuses } = conditions;
  const has = (word: RetryWord) => words.includes(word);
  const { code, reason, delivery, httpStatus, isRateLimited } = failure;
  if (code === status.OK) return false;
  const grpcWord = GRPC_WORDS.get(code);
  switch (reason) {
    case 'none':
    case 'protocol':
      if (isRateLimited === true) return has('envoy-ratelimited');
      if (httpStatus !== undefined && coversStatus(has, statuses, httpStatus)) return true;
      return grpcWord !== undefined && has(grpcWord);
    case 'connect':
    case 'refused':
    case 'dropped':
    case 'silent':
    case 'late':
    case 'attemptTimeout':
      // Envoy counts what ends without an answer as the 503 or 504 that it would become.
      if (has('reset') || has('5xx') || has('gateway-error')) return true;
      if (has('connect-failure') && reason === 'connect') return true;
      if (has('refused-stream') && reason === 'refused') return true;
      if (has('reset-before-request') && delivery === 'unsent') return true;
      return grpcWord !== undefined && has(grpcWord);
    case 'cancelled':
    case 'deadline':
    case 'superseded':
    case 'noNode':
    case 'route':
    case 'registryUnknown':
    case 'interceptor':
    case 'credentials':
    case 'breakerOpen':
    case 'concurrency':
    case 'rateLimit':
    case 'fault':
    case 'closed':
      return false;
  }
}

function coversStatus(
  has: (word: RetryWord) => boolean,
  statuses: readonly number[],
  httpStatus: number,
): boolean {
  if (has('5xx') && httpStatus >= 500 && httpStatus <= 599) return true;
  if (has('gateway-error') && httpStatus >= 502 && httpStatus <= 504) return true;
  if (has('retriable-4xx') && httpStatus === CONFLICT) return true;
  return statuses.includes(httpStatus);
}

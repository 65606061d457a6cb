import { status } from '@grpc/grpc-js';
import { ConfigError, classify, type Delivery, type Method, type Outcome, statusName } from '@micromesh/core';
import { pushBackOf } from './push-back.js';

const RATE_LIMITED = 'x-envoy-ratelimited';

/** What a retry function decides on. */
export interface RetryContext {
  readonly method: Method;
  /** The attempt that has just failed; 1 for the first. */
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly delivery: Delivery;
  /** Whether running the method twice is said to be harmless. */
  readonly idempotent: boolean;
  /** What is left until the deadline; Infinity without one. */
  readonly remainingMs: number;
}

/**
 * `true`: another attempt after the usual backoff; `afterMs`: after that time; `false`: the call has failed. Where the server says when
 * to come again (`grpc-retry-pushback-ms`) that counts in place of both; where it wants no retry there is none.
 */
export type RetryDecision = boolean | { readonly afterMs: number };

/**
 * Says whether a failed attempt is worth another. It is asked within `retries`; attempts that were provably unsent go
 * elsewhere without asking. An error that it throws becomes the call's. It may be asked more than once of an attempt: while
 * that waits for a silent node, whether it would go elsewhere, and then in earnest.
 */
export type RetryFunction = (context: RetryContext) => RetryDecision | Promise<RetryDecision>;

/**
 * The default: go-micro's 408 and 500 in gRPC's codes, which are DEADLINE_EXCEEDED (of an attempt), INTERNAL, and
 * UNAVAILABLE. RESOURCE_EXHAUSTED only where the server says when to come again (`grpc-retry-pushback-ms`), and not for a RateLimit: another node would
 * let through what the operator has bounded. UNKNOWN, which is what an uncaught error in a handler becomes, only for idempotent methods: a bug does
 * not run twice.
 */
export const retryOnError: RetryFunction = function retryOnError({ outcome, idempotent }) {
  if (outcome.code === status.UNKNOWN && outcome.origin === 'remote') return idempotent;
  if (outcome.code === status.RESOURCE_EXHAUSTED) {
    return typeof pushBackOf(outcome) === 'number' && !isRateLimited(outcome);
  }
  return classify(outcome).verdict === 'retryable';
};

/** Whether a limit in front of the server has refused the call, and not the server: as Envoy says it, and our RateLimit. */
export function isRateLimited({ trailers }: Outcome): boolean {
  return trailers.get(RATE_LIMITED).length > 0;
}

/** Always, whatever the outcome. */
export const retryAlways: RetryFunction = function retryAlways() {
  return true;
};

/** Never. */
export const retryNever: RetryFunction = function retryNever() {
  return false;
};

/** Only where no connection could be had: go-micro's RetryOnConnectFailure. */
export const retryOnConnectFailure: RetryFunction = function retryOnConnectFailure({ outcome }) {
  return outcome.reason === 'connect' || outcome.reason === 'refused';
};

/** Only where a second execution is impossible or harmless: the request was unsent, or the method is idempotent. */
export const retrySafely: RetryFunction = function retrySafely({ outcome, delivery, idempotent }) {
  return delivery === 'unsent' || (idempotent && classify(outcome).verdict === 'retryable');
};

/**
 * Retries exactly these status codes.
 *
 * @param codes - numbers or names: `retryOnCodes('UNAVAILABLE', status.ABORTED)`
 * @throws ConfigError for a name that gRPC does not know, and where there is none.
 */
export function retryOnCodes(...codes: readonly (number | string)[]): RetryFunction {
  if (codes.length === 0) {
    throw new ConfigError(
      'retryOnCodes',
      codes,
      'names no code',
      "give some: 'UNAVAILABLE'; or use retryNever",
    );
  }
  const numbers = new Set(codes.map(toCode));
  return function retryOnTheseCodes({ outcome }) {
    return numbers.has(outcome.code);
  };
}

function toCode(code: number | string): number {
  const known = Object.values(status).filter((value): value is number => typeof value === 'number');
  const number = typeof code === 'number' ? code : known.find((value) => statusName(value) === code);
  if (number !== undefined && known.includes(number)) return number;
  throw new ConfigError(
    'retryOnCodes',
    code,
    'is no gRPC status code',
    `give one of ${known.map(statusName).join(', ')}, or its number`,
  );
}

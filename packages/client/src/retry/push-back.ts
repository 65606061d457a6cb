import type { Outcome } from '@micromesh/core';

/** gRFC A6: a failed attempt's trailer in which the server says when to come again, or that nobody should. */
export const PUSH_BACK = 'grpc-retry-pushback-ms';
/** The wire's type is an int32. */
const MAX_MS = 2 ** 31 - 1;

/**
 * What a server says of a retry: the pause before it in milliseconds, `never`, or undefined where it says nothing. Whatever is
 * not one whole number of at least 0 is `never`: a server that is not understood is better left alone.
 */
export function pushBackOf(outcome: Outcome): number | 'never' | undefined {
  const said = outcome.trailers.get(PUSH_BACK);
  if (said.length === 0) return undefined;
  const text = said.length === 1 ? String(said[0]) : '';
  const ms = /^\d{1,10}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  return ms <= MAX_MS ? ms : 'never';
}

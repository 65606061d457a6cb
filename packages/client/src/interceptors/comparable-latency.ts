import { status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';

/** The first message of a stream that ends now may have come long ago. */
const MAX_AGE_MS = 1000;

/**
 * How long the node took to answer, where that can be held against how long other nodes take: undefined for what is no success (to fail is
 * quick), for what the caller's own messages delay, and for calls that go to certain nodes by what they are (these may be the longer ones).
 */
export function comparableLatencyMs(attempt: Attempt, outcome: Outcome, now: number): number | undefined {
  if (outcome.code !== status.OK || isFedByCaller(attempt) || isBound(attempt)) return undefined;
  const answeredAt = attempt.answeredAt ?? now;
  return now - answeredAt > MAX_AGE_MS ? undefined : answeredAt - attempt.startedAt;
}

/** How long the node has left an attempt without an answer; undefined where it has answered, was sent nothing, or is not to be compared with others. */
export function comparableSilenceMs(attempt: Attempt, now: number): number | undefined {
  if (isFedByCaller(attempt) || isBound(attempt)) return undefined;
  return attempt.answeredAt === undefined && attempt.delivery !== 'unsent'
    ? now - attempt.startedAt
    : undefined;
}

function isFedByCaller({ call, position }: Attempt): boolean {
  const { kind } = call.method;
  return kind === 'clientStream' || kind === 'bidi' || position > 1;
}

function isBound({ call }: Attempt): boolean {
  const { filter } = call.plan;
  return call.hashKey !== undefined || filter.version !== undefined || filter.labels !== undefined;
}

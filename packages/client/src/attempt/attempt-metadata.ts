import type { Metadata } from '@grpc/grpc-js';
import { IDEMPOTENCY_KEY, MAX_TIMER_MS } from '@micromesh/core';
import type { ClientCall } from '../call/client-call.js';

/**
 * gRPC's own name, so that any server can tell a retry (gRFC A6). What was provably unsent is no previous attempt; what a server
 * calls while it serves a retry is one as well, so that no layer below multiplies it.
 */
const PREVIOUS_ATTEMPTS = 'grpc-previous-rpc-attempts';

/** The wire format allows eight digits (gRPC over HTTP2, "Timeout"). */
const MAX_TIMEOUT_DIGITS = 99_999_999;

/** The metadata of one attempt: the call's, the time that is left, and how many attempts went before. */
export function attemptMetadata(call: ClientCall, attempt: number, now: number): Metadata {
  const metadata = call.copyMetadata();
  const options = metadata.getOptions();
  // An attempt only goes to a connected node; with waitForReady it would wait for a dead one until the deadline.
  if (options.waitForReady === true) metadata.setOptions({ ...options, waitForReady: false });
  const before = call.plan.inheritedAttempts + attempt - 1 - call.unsentMoves;
  if (before > 0) metadata.set(PREVIOUS_ATTEMPTS, String(before));
  if (call.idempotencyKey !== undefined) metadata.set(IDEMPOTENCY_KEY, call.idempotencyKey);
  const timeout = formatTimeout(call.deadline - now);
  if (timeout !== undefined) metadata.set('grpc-timeout', timeout);
  return metadata;
}

/**
 * A time for the `grpc-timeout` header. Above 24.8 days it is left out: a grpc-js server would take it for a time that
 * is over.
 */
export function formatTimeout(remainingMs: number): string | undefined {
  if (remainingMs > MAX_TIMER_MS) return undefined;
  const ms = Math.max(1, Math.ceil(remainingMs));
  return ms <= MAX_TIMEOUT_DIGITS ? `${ms}m` : `${Math.ceil(ms / 1000)}S`;
}

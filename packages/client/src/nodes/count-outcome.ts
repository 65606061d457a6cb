import { status } from '@grpc/grpc-js';
import type { Outcome, Reason } from '@micromesh/core';
import { httpStatusOfGrpc, type OutlierDetection } from '@micromesh/selector';
import type { NodeHandle } from './node-handle.js';

/** An attempt that has ended, as far as it matters here. */
export interface EndedAttempt {
  readonly handle: NodeHandle;
  /** Its call has part of its answer. */
  readonly claimed: boolean;
}

/** What Envoy counts for an attempt that no server has ended: 504 for a time-out, 503 for a connection; none else. */
const UNANSWERED: Partial<Record<Reason, 503 | 504>> = {
  connect: 503,
  refused: 503,
  dropped: 503,
  silent: 503,
  protocol: 503,
  attemptTimeout: 504,
  deadline: 504,
};

/** Tells an outlier detection what an attempt came to, unless it says nothing about anybody. */
export function countOutcome(
  detection: OutlierDetection<NodeHandle>,
  { handle, claimed }: EndedAttempt,
  outcome: Outcome,
  now: number,
): void {
  if (outcome.origin === 'remote' || outcome.code === status.OK) {
    detection.answered(handle, httpStatusOfGrpc(outcome.code), now);
    return;
  }
  const httpStatus = UNANSWERED[outcome.reason];
  // Envoy: a time-out counts where no headers have come.
  if (httpStatus === undefined || (httpStatus === 504 && claimed)) return;
  detection.unanswered(handle, httpStatus, now);
}

import { status } from '@grpc/grpc-js';
import type { Outcome, Reason } from './outcome.js';

/** What an outcome means to retry, marking, breaker and metrics alike. */
export interface Classification {
  /** `ignored`: nobody has failed (a caller's cancellation, a lost race). */
  readonly verdict: 'ok' | 'retryable' | 'failed' | 'ignored';
  /** Whether the outcome counts against the node that gave it. */
  readonly blame: 'node' | 'nobody';
}

const OK: Classification = { verdict: 'ok', blame: 'nobody' };
const IGNORED: Classification = { verdict: 'ignored', blame: 'nobody' };
const FAILED: Classification = { verdict: 'failed', blame: 'nobody' };
const RETRYABLE: Classification = { verdict: 'retryable', blame: 'nobody' };
const NODE_FAILED: Classification = { verdict: 'retryable', blame: 'node' };

const NODE_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  'connect',
  'refused',
  'dropped',
  'silent',
  'attemptTimeout',
]);
const MESH_REASONS: ReadonlySet<Reason> = new Set<Reason>([
  'noNode',
  'route',
  'registryUnknown',
  'interceptor',
  'credentials',
  'breakerOpen',
  'concurrency',
  'rateLimit',
  'fault',
  'closed',
]);

/**
 * The one place that says what an outcome means.
 *
 * INTERNAL is worth a retry and still not the node's fault; UNAVAILABLE that a healthy node passes on from a
 * dependency of its own does not count against it; a caller's cancellation is ignored, whatever its code, and so is
 * what came late: the link is to blame, or a clock; what the mesh itself refuses blames nobody.
 */
export function classify(outcome: Outcome): Classification {
  if (outcome.code === status.OK) return OK;
  const { reason } = outcome;
  if (reason === 'cancelled' || reason === 'superseded' || reason === 'late') return IGNORED;
  if (reason === 'deadline' || MESH_REASONS.has(reason)) return FAILED;
  if (NODE_REASONS.has(reason)) return NODE_FAILED;
  switch (outcome.code) {
    case status.UNAVAILABLE:
    case status.INTERNAL:
    case status.DEADLINE_EXCEEDED:
      return RETRYABLE;
    default:
      return FAILED;
  }
}

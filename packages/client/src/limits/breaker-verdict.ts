import { status } from '@grpc/grpc-js';
import { classify, type Outcome } from '@micromesh/core';
import type { PlannedCall } from '../call/client-call.js';

/** What a call that has ended says of its method; `ignored`: nothing. */
export type BreakerVerdict = 'ok' | 'failed' | 'ignored';

/** Answers that neither show a method at work nor one that is broken: a bug's, and a server's that has too much to do. */
const NEITHER: ReadonlySet<number> = new Set<number>([status.UNKNOWN, status.RESOURCE_EXHAUSTED]);

/**
 * Reads a call's final outcome, after its retries.
 *
 * Failed: what a retry could have bettered, nodes of which none can be reached, and a deadline that was no shorter than the
 * caller itself asked for. A cancellation, what the mesh refuses, and the little time that the call of a busy handler had
 * left say nothing; any other answer of a server shows that it works.
 */
export function breakerVerdict(call: PlannedCall, outcome: Outcome): BreakerVerdict {
  const { verdict } = classify(outcome);
  if (verdict === 'ok') return 'ok';
  if (verdict === 'ignored') return 'ignored';
  if (verdict === 'retryable') return 'failed';
  switch (outcome.reason) {
    case 'deadline':
      return call.attempts > 0 && hadItsTime(call) ? 'failed' : 'ignored';
    case 'noNode':
      return noneReached(call) ? 'failed' : 'ignored';
    default:
      return outcome.origin === 'remote' && !NEITHER.has(outcome.code) ? 'ok' : 'ignored';
  }
}

function hadItsTime(call: PlannedCall): boolean {
  const { timeoutMs, limitMs = Number.POSITIVE_INFINITY } = call.plan;
  const saidMs = call.options.timeoutMs ?? timeoutMs ?? Number.POSITIVE_INFINITY;
  return call.deadline >= call.startedAt + Math.min(saidMs, limitMs);
}

/** Whether there are nodes for the call; a filter that matches none is the caller's own affair. */
function noneReached(call: PlannedCall): boolean {
  const { strategy, filter, filterKey } = call.plan;
  return call.to.nodes.picker(strategy, filter, filterKey).matching.length > 0;
}

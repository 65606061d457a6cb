import { status } from '@grpc/grpc-js';
import { type Clock, classify, type Outcome, type Reason } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';
import { comparableLatencyMs, comparableSilenceMs } from './comparable-latency.js';

/** What one event costs many attempts at once. */
const LOSSES: ReadonlySet<Reason> = new Set<Reason>(['connect', 'dropped', 'silent']);

/** What a node answers that has too much to do. */
const STRAINS: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.RESOURCE_EXHAUSTED,
  status.DEADLINE_EXCEEDED,
]);

/**
 * Takes the outcome back to the node and to the strategy: go-micro's Mark, with what counts and what does not said by `classify`, and by
 * the codes that the settings add to it. Where an operator says for a destination when nodes are ejected, that alone counts for its calls.
 */
export function mark(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const { handle } = attempt;
      const { tally } = handle;
      const { verdict, blame } = classify(outcome);
      const remote = outcome.origin === 'remote';
      const now = clock.now();
      if (remote) handle.heard(now);
      const { ejections } = attempt.call.to;
      if (ejections === undefined && isOvertaken(attempt, outcome)) noteSilence(attempt, now, 'overtaken');
      if (verdict === 'ignored') return;
      if (ejections !== undefined) {
        ejections.count(attempt, outcome, now);
        if (remote || blame === 'node') tellStrategy(attempt, now, verdict === 'retryable');
        return;
      }
      if (outcome.reason === 'deadline' || (remote && STRAINS.has(outcome.code))) tally.strain(now);
      if (outcome.reason === 'deadline') noteSilence(attempt, now, 'noAnswer');
      const failed = blame === 'node' || (remote && tally.countsCode(outcome.code));
      if (!failed && !remote) return;
      // An error that is worth a retry is no quick success, be the node to blame for it or not.
      tellStrategy(attempt, now, failed || verdict === 'retryable');
      if (LOSSES.has(outcome.reason)) tally.loss(now, attempt);
      else if (failed) tally.failure(now);
      else tally.success(now, comparableLatencyMs(attempt, outcome, now));
    },
  };
}

/** A lost race says something of a node that began it first; one that was to help another is slow where the request is. */
function isOvertaken({ call: { winner }, startedAt }: Attempt, { reason }: Outcome): boolean {
  return reason === 'superseded' && winner !== undefined && winner.startedAt > startedAt;
}

function noteSilence(attempt: Attempt, now: number, what: 'overtaken' | 'noAnswer'): void {
  const waitedMs = comparableSilenceMs(attempt, now);
  if (waitedMs !== undefined) attempt.handle.tally[what](now, waitedMs);
}

function tellStrategy(attempt: Attempt, now: number, failed: boolean): void {
  const latencyMs = (attempt.answeredAt ?? now) - attempt.startedAt;
  attempt.call.plan.strategy.observe?.(attempt.handle, { now, latencyMs, failed });
}

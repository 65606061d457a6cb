import { status } from '@grpc/grpc-js';
import { type Clock, classify, type Reason } from '@micromesh/core';
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
 * the codes that the settings add to it.
 */
export function mark(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const { handle } = attempt;
      const { verdict, blame } = classify(outcome);
      const remote = outcome.origin === 'remote';
      const now = clock.now();
      if (remote) handle.heard(now);
      if (verdict === 'ignored') return;
      if (outcome.reason === 'deadline' || (remote && STRAINS.has(outcome.code))) handle.countStrain(now);
      const silenceMs = comparableSilenceMs(attempt, outcome, now);
      if (silenceMs !== undefined) handle.countNoAnswer(now, silenceMs);
      const failed = blame === 'node' || (remote && handle.countsCode(outcome.code));
      if (!failed && !remote) return;
      const latencyMs = (attempt.answeredAt ?? now) - attempt.startedAt;
      // An error that is worth a retry is no quick success, be the node to blame for it or not.
      const erred = failed || verdict === 'retryable';
      attempt.call.plan.strategy.observe?.(handle, { now, latencyMs, failed: erred });
      if (LOSSES.has(outcome.reason)) handle.countLoss(now, attempt);
      else if (failed) handle.countFailure(now);
      else handle.countSuccess(now, comparableLatencyMs(attempt, outcome, now));
    },
  };
}

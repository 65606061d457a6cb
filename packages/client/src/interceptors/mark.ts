import { type Clock, classify, type Reason } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';

/** What one event costs many attempts at once. */
const LOSSES: ReadonlySet<Reason> = new Set<Reason>(['connect', 'dropped', 'silent']);

/** Takes the outcome back to the node: go-micro's Mark, with what counts and what does not said by `classify`. */
export function mark(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const { verdict, blame } = classify(outcome);
      if (verdict === 'ignored') return;
      if (LOSSES.has(outcome.reason)) attempt.handle.countLoss(clock.now(), attempt);
      else if (blame === 'node') attempt.handle.countFailure(clock.now());
      else if (outcome.origin === 'remote') attempt.handle.countSuccess(clock.now());
    },
  };
}

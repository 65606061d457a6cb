import { type Clock, classify, type Reason } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';

/** What one event costs many attempts at once. */
const LOSSES: ReadonlySet<Reason> = new Set<Reason>(['connect', 'dropped', 'silent']);

/** Takes the outcome back to the node: go-micro's Mark, with what counts and what does not said by `classify`. */
export function mark(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const { handle } = attempt;
      const { verdict, blame } = classify(outcome);
      const now = clock.now();
      if (outcome.origin === 'remote') handle.heard(now);
      if (verdict === 'ignored') return;
      if (LOSSES.has(outcome.reason)) handle.countLoss(now, attempt);
      else if (blame === 'node') handle.countFailure(now);
      else if (outcome.origin === 'remote') handle.countSuccess(now);
    },
  };
}

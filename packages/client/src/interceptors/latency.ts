import { status } from '@grpc/grpc-js';
import { type Clock, classify, type Outcome } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';

/** Notes how long the answer took: hedges start by it, and retries that could not end in time do not. */
export function latency(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const record = attempt.call.plan.latency;
      if (record === undefined || !tellsLatency(attempt, outcome)) return;
      const now = clock.now();
      record.add(now - attempt.startedAt, now);
    },
  };
}

/**
 * A server that could not do the work says nothing of how long that takes. A first attempt that a hedge overtook counts for the
 * time that it had: without the slow ones the percentile would sink, and with it the time to the next hedge.
 */
function tellsLatency(attempt: Attempt, outcome: Outcome): boolean {
  if (outcome.code === status.OK) return true;
  if (outcome.reason === 'superseded') return attempt.attempt === 1;
  if (outcome.origin === 'local' || outcome.code === status.RESOURCE_EXHAUSTED) return false;
  return classify(outcome).verdict === 'failed';
}

import { status } from '@grpc/grpc-js';
import { type Clock, events } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';

/** Notes what became of each attempt: on the call, for its error, and as an event. */
export function attemptSpan(clock: Clock): Bracket<Attempt> {
  return {
    after(attempt, outcome) {
      const { notes } = attempt.call;
      if (notes !== undefined) notes.ended(attempt.call, attempt.attempt, outcome);
      const failed = outcome.code !== status.OK;
      if (!failed && !events.attempt.heard) return;
      const { call, handle } = attempt;
      const { code, details, origin, delivery, reason } = outcome;
      const durationMs = clock.now() - attempt.startedAt;
      if (failed) {
        const ms = Math.round(durationMs);
        call.note({
          node: attempt.nodeId,
          address: handle.address,
          code,
          delivery,
          reason,
          detail: details,
          ms,
        });
      }
      if (events.attempt.heard) {
        events.attempt.publish({
          service: call.service,
          method: call.method.path,
          nodeId: attempt.nodeId,
          address: handle.address,
          attempt: attempt.attempt,
          code,
          details,
          origin,
          delivery,
          reason,
          durationMs,
        });
      }
    },
  };
}

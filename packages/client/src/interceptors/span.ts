import { type Clock, events } from '@micromesh/core';
import type { Call } from '../call/client-call.js';
import type { Bracket } from '../chain/interceptor.js';

/** Tells how each call ended. */
export function span(clock: Clock): Bracket<Call> {
  return {
    after(call, outcome) {
      if (!events.call.heard) return;
      events.call.publish({
        service: call.service,
        method: call.method.path,
        code: outcome.code,
        reason: outcome.reason,
        attempts: call.attempts,
        durationMs: clock.now() - call.startedAt,
      });
    },
  };
}

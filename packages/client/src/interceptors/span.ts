import { type Clock, events } from '@micromesh/core';
import type { Call } from '../call/client-call.js';
import type { Interceptor } from '../chain/interceptor.js';

/** Tells how each call ended. */
export function span(clock: Clock): Interceptor<Call> {
  return (next) =>
    async function span(call) {
      const outcome = await next(call);
      if (events.call.heard) {
        events.call.publish({
          service: call.service,
          method: call.method.path,
          code: outcome.code,
          reason: outcome.reason,
          attempts: call.attempts,
          durationMs: clock.now() - call.startedAt,
        });
      }
      return outcome;
    };
}

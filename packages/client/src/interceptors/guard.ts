import { status } from '@grpc/grpc-js';
import { type Delivery, messageOf, type Outcome } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import { orSuperseded } from '../attempt/or-superseded.js';
import type { Call } from '../call/client-call.js';
import { orStopped } from '../call/or-stopped.js';
import type { Interceptor } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

/** Makes an outcome of what a call interceptor of a user's throws: a chain never rejects. */
export function guarded(interceptor: Interceptor<Call>): Interceptor<Call> {
  return guard(interceptor, (call, details) => failed(call.attempts === 0 ? 'unsent' : 'unknown', details));
}

/** The same for an attempt's: nobody waits for them beyond the call's end or another attempt's answer. */
export function guardedAttempt(interceptor: Interceptor<Attempt>): Interceptor<Attempt> {
  const guarded = guard(interceptor, (attempt, details) => {
    // It may throw after the answer, or while what is inside goes on: nothing leaves any more from here on.
    const outcome = failed(attempt.delivery, details);
    attempt.cut(outcome);
    return outcome;
  });
  return (next) => {
    const invoke = guarded(next);
    return (attempt) => orStopped(attempt.call, orSuperseded(attempt, invoke(attempt)));
  };
}

function guard<C>(interceptor: Interceptor<C>, fail: (call: C, details: string) => Outcome): Interceptor<C> {
  return (next) => {
    const invoke = interceptor(next);
    return async function guarded(call) {
      try {
        return await invoke(call);
      } catch (error) {
        const who = interceptor.name === '' ? 'an interceptor' : `interceptor ${interceptor.name}`;
        return fail(call, `${who} failed: ${messageOf(error)}`);
      }
    };
  };
}

function failed(delivery: Delivery, details: string): Outcome {
  return localOutcome(status.INTERNAL, 'interceptor', delivery, details);
}

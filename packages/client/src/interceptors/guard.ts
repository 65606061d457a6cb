import { status } from '@grpc/grpc-js';
import { messageOf } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import { orSuperseded } from '../attempt/or-superseded.js';
import { orStopped } from '../call/or-stopped.js';
import type { Interceptor } from '../chain/interceptor.js';
import { localOutcome } from '../chain/local-outcome.js';

/** Makes an outcome of what a user's interceptor throws: a chain never rejects. */
export function guarded<C>(interceptor: Interceptor<C>): Interceptor<C> {
  return (next) => {
    const invoke = interceptor(next);
    return async function guarded(call) {
      try {
        return await invoke(call);
      } catch (error) {
        const who = interceptor.name === '' ? 'an interceptor' : `interceptor ${interceptor.name}`;
        return localOutcome(status.INTERNAL, 'interceptor', 'unsent', `${who} failed: ${messageOf(error)}`);
      }
    };
  };
}

/** The same for an attempt's: nobody waits for them beyond the call's end or another attempt's answer. */
export function guardedAttempt(interceptor: Interceptor<Attempt>): Interceptor<Attempt> {
  const guard = guarded(interceptor);
  return (next) => {
    const invoke = guard(next);
    return (attempt) => orStopped(attempt.call, orSuperseded(attempt, invoke(attempt)));
  };
}

import { type Clock, classify } from '@micromesh/core';
import type { Attempt } from '../attempt/attempt.js';
import type { Interceptor } from '../chain/interceptor.js';

/** Takes the outcome back to the node: go-micro's Mark, with what counts and what does not said by `classify`. */
export function mark(clock: Clock): Interceptor<Attempt> {
  return (next) =>
    async function mark(attempt) {
      const outcome = await next(attempt);
      const { verdict, blame } = classify(outcome);
      if (verdict === 'ignored') return outcome;
      if (blame === 'node') attempt.handle.countFailure(clock.now());
      else if (outcome.origin === 'remote') attempt.handle.countSuccess(clock.now());
      return outcome;
    };
}

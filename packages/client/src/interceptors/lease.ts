import type { Attempt } from '../attempt/attempt.js';
import type { Bracket } from '../chain/interceptor.js';

/** Keeps the node's channel until the attempt has ended. */
export function lease(): Bracket<Attempt> {
  return {
    before(attempt) {
      attempt.handle.lease(attempt);
      return undefined;
    },
    after(attempt, outcome) {
      attempt.handle.release(attempt);
      // An interceptor may have answered in the attempt's place.
      attempt.cut(outcome);
    },
  };
}

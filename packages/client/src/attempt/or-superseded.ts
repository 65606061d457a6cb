import type { Outcome } from '@micromesh/core';
import type { Attempt } from './attempt.js';

/** What a user's code gives for an attempt, or that another was first: the code may hang, and would keep the node's channel. */
export function orSuperseded(attempt: Attempt, work: Promise<Outcome>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const slept = attempt.call.sleep((wake) => {
      work.then(wake, wake);
      return () => {};
    }, true);
    void slept.then(() => {
      if (attempt.ended?.reason === 'superseded') resolve(attempt.ended);
    });
  });
}

import type { Outcome } from '@micromesh/core';
import type { ClientCall } from './client-call.js';

/** What a user's code gives, or what stops the call if that comes first: the code may hang. */
export function orStopped<T>(call: ClientCall, work: PromiseLike<T>): Promise<T | Outcome> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const slept = call.sleep((wake) => {
      work.then(wake, wake);
      return () => {};
    });
    void slept.then(() => {
      if (call.stopped !== undefined) resolve(call.stopped);
    });
  });
}

import { type Clock, onAbort } from '@micromesh/core';

/** Resolves after `ms`; rejects with the signal's reason when it aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => {
      off();
      resolve();
    });
    const off = onAbort(signal, () => {
      timer.cancel();
      reject(signal.reason);
    });
  });
}

/** What `work` gives, or a rejection with the signal's reason as soon as it aborts; `work` goes on then. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(off);
  });
}

/** What `work` gives; rejects with `message` after `limitMs`. */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>, message: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(limitMs, () => reject(new Error(message)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, resolve);
  });
}

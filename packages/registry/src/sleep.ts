import { type Clock, onAbort } from '@micromesh/core';

/** Resolves after `delayMs` (at once for 0 and below), or when the signal aborts. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.setTimer(delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      timer.cancel();
      resolve();
    });
  });
}

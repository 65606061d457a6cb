import { onAbort } from './cancellation.js';
import type { Clock } from './clock.js';

/**
 * Resolves after `delayMs` (at once for 0 and below), or as soon as the signal aborts; never rejects.
 *
 * @param keepAlive - whether the wait keeps the process running; default true.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal, keepAlive = true): Promise<void> {
  if (delayMs <= 0 || signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    let forget = () => {};
    const timer = clock.setTimer(
      delayMs,
      () => {
        forget();
        resolve();
      },
      keepAlive,
    );
    if (signal === undefined) return;
    forget = onAbort(signal, () => {
      timer.cancel();
      resolve();
    });
  });
}

/**
 * What `work` gives; or, when `limitMs` has passed or the signal aborts before it has settled, what `otherwise` gives or throws.
 * The work goes on then, and nobody hears of its end.
 */
export function within<T, L>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  otherwise: () => L,
  signal?: AbortSignal,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    let forget = () => {};
    const timer = clock.setTimer(limitMs, () => giveUp());
    const settle = () => {
      timer.cancel();
      forget();
    };
    const giveUp = () => {
      settle();
      try {
        resolve(otherwise());
      } catch (error) {
        reject(error);
      }
    };
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
    if (signal !== undefined) forget = onAbort(signal, giveUp);
  });
}

/** What `work` gives, or a rejection with the signal's reason as soon as it aborts; the work goes on then. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(forget);
  });
}

import { type Clock, onAbort } from '@micromesh/core';
import { RegistryError } from '../registry.js';

/**
 * Waits for `work`, but not for ever.
 *
 * @throws RegistryError when it has not settled after `timeoutMs`, or the signal aborts.
 */
export function inTime<T>(
  work: Promise<T>,
  what: string,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      forget();
      reject(new RegistryError(`${what} was not there within ${timeoutMs} ms`));
    });
    const forget = onAbort(signal, () => {
      timer.cancel();
      reject(new RegistryError(`${what} was given up`));
    });
    const settle = () => {
      timer.cancel();
      forget();
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
  });
}

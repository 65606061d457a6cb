import type { Clock } from '@micromesh/core';

/** What the promise resolves with, or undefined when it has not within the time (or until `cut` resolves). */
export async function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  cut?: Promise<void>,
): Promise<T | undefined> {
  let cancel = () => {};
  const over = new Promise<undefined>((resolve) => {
    const timer = clock.setTimer(ms, () => resolve(undefined));
    cancel = () => timer.cancel();
    void cut?.then(() => resolve(undefined));
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    cancel();
  }
}

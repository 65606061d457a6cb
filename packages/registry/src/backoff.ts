import type { Random } from '@micromesh/core';

/** How long to wait between tries: doubles from `baseMs` to `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * The wait before another try, in ms: half of it fixed, half by chance, so that many clients do not come back at once.
 *
 * @param failures - how many tries have failed in a row; 1 gives the base.
 */
export function retryDelayMs(failures: number, backoff: Backoff, random: Random): number {
  const full = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.max(0, failures - 1));
  return full / 2 + (random() * full) / 2;
}

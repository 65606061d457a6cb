import type { Random } from '@micromesh/core';

/** How long to pause before a further attempt. */
export interface BackoffSettings {
  /** Default 10. */
  readonly baseMs: number;
  /** Default 1000. */
  readonly maxMs: number;
}

/** The defaults table of the README. */
export const BACKOFF_DEFAULTS: BackoffSettings = { baseMs: 10, maxMs: 1000 };

/**
 * The pause before retry number `retry` (1 for the first): nothing for the first move to another node, else full
 * jitter over `baseMs x 2^retry`. Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(
  settings: BackoffSettings,
  retry: number,
  movesToAnotherNode: boolean,
  random: Random,
): number {
  if (retry === 1 && movesToAnotherNode) return 0;
  return random() * Math.min(settings.maxMs, settings.baseMs * 2 ** retry);
}

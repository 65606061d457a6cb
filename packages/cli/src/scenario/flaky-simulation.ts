import type { Random } from '@micromesh/core';

/** Callers that call, one call after another, a service that fails at random. */
export interface FlakyModel {
  readonly callers: number;
  /** The share of the attempts that fail. */
  readonly errorRatio: number;
  /** How long an attempt takes, in ms. */
  readonly serviceMs: (random: Random) => number;
  /** Further tries of a call after the first. */
  readonly retries: number;
  /** Extra attempts at a time, their pauses included; Infinity: no bound. */
  readonly maxConcurrentRetries: number;
  /** The pause before retry number `retry` (1 for the first), in ms. */
  readonly backoffMs: (retry: number, random: Random) => number;
}

/** A caller of the simulation. */
interface Caller {
  /** Attempts of its call so far, the one that runs included. */
  attempt: number;
  /** When that ends; pauses are part of the attempt that they precede. */
  endsAt: number;
}

/**
 * Runs the model until so many calls have begun, and all of them have ended: to stop at the end of the last but some would leave out
 * those that take long, which are those that fail.
 *
 * @returns how many of them succeeded.
 */
export function simulateFlaky(model: FlakyModel, calls: number, random: Random): number {
  const { callers, errorRatio, serviceMs, retries, maxConcurrentRetries, backoffMs } = model;
  const first = Math.min(callers, calls);
  const all = Array.from({ length: first }, (): Caller => ({ attempt: 1, endsAt: serviceMs(random) }));
  let begun = first;
  let extra = 0;
  let ended = 0;
  let ok = 0;
  while (ended < calls) {
    const caller = nextToEnd(all);
    if (caller === undefined) return ok;
    if (caller.attempt > 1) extra--;
    const failed = random() < errorRatio;
    if (failed && caller.attempt <= retries && extra < maxConcurrentRetries) {
      extra++;
      caller.endsAt += backoffMs(caller.attempt, random) + serviceMs(random);
      caller.attempt++;
    } else {
      ended++;
      if (!failed) ok++;
      caller.attempt = 1;
      caller.endsAt = begun < calls ? caller.endsAt + serviceMs(random) : Number.POSITIVE_INFINITY;
      begun++;
    }
  }
  return ok;
}

function nextToEnd(callers: readonly Caller[]): Caller | undefined {
  let next = callers[0];
  for (const caller of callers) {
    if (next === undefined || caller.endsAt < next.endsAt) next = caller;
  }
  return next;
}

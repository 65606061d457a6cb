import type { Random } from '@micromesh/core';

const BOUNDS_MS = { min: 50, max: 5000 };
/** So that callers that were told at one instant do not come at one. */
const JITTER = 0.2;

/**
 * Tells refused callers when to come back: one after the other, at the rate at which calls end, so that those who come find a
 * place.
 */
export class ReturnTimes {
  #next = Number.NEGATIVE_INFINITY;

  constructor(private readonly random: Random) {}

  /**
   * Milliseconds from now, whole, 50 to 5000.
   *
   * @param waitMs - what those who wait already will take.
   * @param msPerCall - between the end of one call and the next.
   */
  next(now: number, waitMs: number, msPerCall: number): number {
    const latest = now + BOUNDS_MS.max / (1 + JITTER);
    this.#next = Math.min(latest, Math.max(this.#next, now + waitMs) + msPerCall);
    const jittered = (this.#next - now) * (1 + JITTER * this.random());
    return Math.round(Math.min(BOUNDS_MS.max, Math.max(BOUNDS_MS.min, jittered)));
  }
}

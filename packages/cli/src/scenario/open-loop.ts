import type { Clock } from '@micromesh/core';

/** How {@link runOpenLoop} starts calls. */
export interface OpenLoopOptions {
  /** Calls a second. */
  readonly rps: number;
  readonly seconds: number;
  readonly clock: Clock;
  /** Ends the load early. */
  readonly signal: AbortSignal;
  /** Starts one call; told its number (from 0) and when it was meant to start, in ms since the load began. */
  readonly start: (index: number, startMs: number) => void;
}

/**
 * Starts calls at a fixed rate, however long earlier ones take, and resolves when the last was started.
 *
 * When this process was late, what was due meanwhile is started at once, with the times it was meant for: so slowness
 * that delays the load itself is measured too (no coordinated omission).
 */
export function runOpenLoop({ rps, seconds, clock, signal, start }: OpenLoopOptions): Promise<void> {
  const total = Math.round(rps * seconds);
  const beganAt = clock.now();
  return new Promise((resolve) => {
    let next = 0;
    const run = () => {
      const elapsedMs = clock.now() - beganAt;
      while (next < total && dueMs(next, rps) <= elapsedMs) {
        start(next, dueMs(next, rps));
        next++;
      }
      if (next < total && !signal.aborted) clock.setTimer(dueMs(next, rps) - elapsedMs, run);
      else resolve();
    };
    run();
  });
}

function dueMs(index: number, rps: number): number {
  return (index * 1000) / rps;
}

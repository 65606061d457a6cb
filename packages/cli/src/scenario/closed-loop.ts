import type { Clock } from '@micromesh/core';

/** How {@link runClosedLoop} makes calls. */
export interface ClosedLoopOptions {
  /** Calls that are under way at a time. */
  readonly callers: number;
  /** How long callers begin further calls. */
  readonly seconds: number;
  readonly clock: Clock;
  /** Ends the load early. */
  readonly signal: AbortSignal;
  /** Makes one call; told its number (from 0) and when it starts, in ms since the load began. Resolves when it has ended, and never rejects. */
  readonly call: (index: number, startMs: number) => Promise<void>;
}

/** Callers that make their next call when the last has ended; resolves when the time is over and their last calls have ended. */
export async function runClosedLoop({
  callers,
  seconds,
  clock,
  signal,
  call,
}: ClosedLoopOptions): Promise<void> {
  const beganAt = clock.now();
  let next = 0;
  const caller = async () => {
    for (;;) {
      const startMs = clock.now() - beganAt;
      if (startMs >= seconds * 1000 || signal.aborted) return;
      await call(next++, startMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

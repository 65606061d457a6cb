// Not the global of that name: Node gives that one through a getter, at each use.
import { performance } from 'node:perf_hooks';

/** A timer that was started on a {@link Clock}. */
export interface Timer {
  /** Stops the timer; a timer that has fired or was cancelled ignores it. */
  cancel(): void;
}

/**
 * Time, injected: every wait of the mesh goes through it, so that tests need no real time.
 */
export interface Clock {
  /** Monotonic time in milliseconds, with fractions; its origin means nothing. */
  now(): number;
  /** Milliseconds since the Unix epoch, for what is shown to people or crosses a process. */
  wallNow(): number;
  /**
   * Calls `fire` once after `delayMs` (0 and below: as soon as possible). Infinity never fires.
   * `keepAlive` (default true): whether the timer keeps the process running.
   */
  setTimer(delayMs: number, fire: () => void, keepAlive?: boolean): Timer;
}

/** The longest delay that Node's timers hold (24.8 days); a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

const NEVER: Timer = { cancel() {} };

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, fire: () => void, keepAlive: boolean) {
    this.#arm(delayMs, fire, keepAlive);
  }

  #arm(delayMs: number, fire: () => void, keepAlive: boolean): void {
    this.#handle =
      delayMs > MAX_TIMER_MS
        ? setTimeout(() => this.#arm(delayMs - MAX_TIMER_MS, fire, keepAlive), MAX_TIMER_MS)
        : setTimeout(fire, delayMs);
    if (!keepAlive) this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, fire, keepAlive = true) =>
    delayMs === Number.POSITIVE_INFINITY ? NEVER : new SystemTimer(delayMs, fire, keepAlive),
};

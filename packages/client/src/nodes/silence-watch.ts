import type { Clock, Timer } from '@micromesh/core';

/** Something that waits for a node, and looks from time to time whether the node is still there. */
export interface Waiter {
  /** When it wants to look next, on the mesh's clock; Infinity: not now. */
  readonly lookAt: number;
  /** Looks. Whatever it does, `lookAt` is later than now when this returns. */
  look(): void;
}

/**
 * Wakes those that wait for one node, each at its time, with one timer for all of them: most calls are answered long before
 * anybody has to look, and a timer each is much of what they cost.
 */
export class SilenceWatch {
  readonly #waiters: Iterable<Waiter>;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param waiters - those that are waiting; the owner adds and removes them. */
  constructor(waiters: Iterable<Waiter>, clock: Clock) {
    this.#waiters = waiters;
    this.#clock = clock;
  }

  /** A waiter wants to look at this time. */
  expect(lookAt: number): void {
    if (lookAt >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = lookAt;
    // A fraction of a millisecond may be too small to move the clock at all: the look would repeat for ever.
    const delayMs = Math.max(1, Math.ceil(lookAt - this.#clock.now()));
    this.#timer = this.#clock.setTimer(delayMs, this.#look);
  }

  /** Nobody waits any more: nothing is left running until the next time that is expected. */
  rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  readonly #look = (): void => {
    this.rest();
    const now = this.#clock.now();
    for (const waiter of [...this.#waiters]) if (waiter.lookAt <= now) waiter.look();
    let next = Number.POSITIVE_INFINITY;
    for (const { lookAt } of this.#waiters) next = Math.min(next, lookAt);
    this.expect(next);
  };
}

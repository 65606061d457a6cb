import type { Clock, Timer } from '@micromesh/core';

/** How often it looks. */
const BEAT_MS = 20;
/** What a beat counts for against those before it: one long pause of the garbage collector is no load. */
const WEIGHT = 0.3;

/** How late the event loop runs what is due, on the average of the last few beats. */
export class EventLoopDelay {
  #timer: Timer | undefined;
  #beatAt = 0;
  #averageMs = 0;

  constructor(private readonly clock: Clock) {}

  /** Begins to look; the timer does not keep the process running. */
  start(): void {
    this.#beatAt = this.clock.now();
    this.#arm();
  }

  /** Ends it: no timer is left. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#averageMs = 0;
  }

  /** In milliseconds. A beat that is late and has not come is part of it: sockets may be read before timers. */
  get ms(): number {
    const late = this.#late;
    return late > this.#averageMs ? this.#with(late) : this.#averageMs;
  }

  get #late(): number {
    return Math.max(0, this.clock.now() - this.#beatAt - BEAT_MS);
  }

  #with(late: number): number {
    return this.#averageMs + WEIGHT * (late - this.#averageMs);
  }

  #arm(): void {
    this.#timer = this.clock.setTimer(
      BEAT_MS,
      () => {
        this.#averageMs = this.#with(this.#late);
        this.#beatAt = this.clock.now();
        this.#arm();
      },
      false,
    );
  }
}

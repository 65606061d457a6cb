import type { Clock } from '@micromesh/core';

const SECONDS_KEPT = 60;

/** How many calls ended in each of the last 60 seconds. */
export class RateHistory {
  readonly #clock: Clock;
  readonly #beganAt: number;
  #seconds: { readonly second: number; calls: number; failed: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  add(ok: boolean): void {
    const second = this.#second();
    let last = this.#seconds.at(-1);
    if (last?.second !== second) {
      last = { second, calls: 0, failed: 0 };
      this.#seconds = [...this.#seconds.filter((each) => each.second > second - SECONDS_KEPT), last];
    }
    last.calls++;
    if (!ok) last.failed++;
  }

  /** Calls of the last whole second. */
  get lastSecond(): number {
    const second = this.#second() - 1;
    return this.#seconds.find((each) => each.second === second)?.calls ?? 0;
  }

  /** The last 60 seconds that are over, or fewer at the start; seconds without a call are there with zeros. */
  seconds(): { readonly calls: number; readonly failed: number }[] {
    const now = this.#second();
    const count = Math.min(SECONDS_KEPT, now);
    const known = new Map(this.#seconds.map((each) => [each.second, each]));
    return Array.from({ length: count }, (_, index) => {
      const { calls = 0, failed = 0 } = known.get(now - count + index) ?? {};
      return { calls, failed };
    });
  }

  #second(): number {
    return Math.floor((this.#clock.now() - this.#beganAt) / 1000);
  }
}

import type { Clock, Timer } from '../clock.js';

interface Armed {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/**
 * A clock that stands until a test moves it. Timers fire in the order of their time, each with all promises that are
 * ready settled before the next.
 */
export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #armed = new Set<Armed>();
  readonly #epoch: number;

  /** @param epoch - what `wallNow` says at the start, in ms since 1970. */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#epoch + this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    if (delayMs === Number.POSITIVE_INFINITY) return { cancel() {} };
    const armed: Armed = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fire };
    this.#armed.add(armed);
    return { cancel: () => this.#armed.delete(armed) };
  }

  /** How many timers wait: 0 after everything was closed. */
  get pendingTimers(): number {
    return this.#armed.size;
  }

  /** Lets all ready promises run, without time passing. */
  async settle(): Promise<void> {
    // A chain of interceptors is tens of promises deep; an immediate comes after all of their microtasks.
    for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Moves time on by `ms`, firing what is due. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#armed.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await this.settle();
    }
    this.#now = end;
  }

  /** Time passes without this process having a turn: what is due meanwhile fires late, all at once. */
  standStill(ms: number): void {
    this.#now += ms;
    for (let due = this.#next(this.#now); due !== undefined; due = this.#next(this.#now)) {
      this.#armed.delete(due);
      due.fire();
    }
  }

  #next(end: number): Armed | undefined {
    let first: Armed | undefined;
    for (const armed of this.#armed) {
      if (armed.at > end) continue;
      if (
        first === undefined ||
        armed.at < first.at ||
        (armed.at === first.at && armed.order < first.order)
      ) {
        first = armed;
      }
    }
    return first;
  }
}

import type { Clock, Method, Places, Timer } from '@micromesh/core';
import type { ConcurrencyLimitRule } from './limit-rules.js';
import type { PlaceCounter } from './place-counter.js';

/** A call has found no place. */
export interface PlaceRefusal {
  readonly rule: ConcurrencyLimitRule;
  /** `full`: there was no room in the line either; `timeout`: none was left within the time. */
  readonly cause: 'full' | 'timeout';
  readonly places: Places;
}

/** What has become of a call: `entered`: it has a place of each limit; `waits`: it will be told. */
export type EntryState = 'entered' | 'waits' | PlaceRefusal;

/** One call's way into the places of all limits that count for it, one after the other; a call that is refused holds none of them. */
export class PlaceEntry {
  /** Those that the call takes one of each, in the order in which it does. */
  readonly places: readonly Places[];
  readonly #counters: readonly PlaceCounter[];
  readonly #clock: Clock;
  #held = 0;
  #offLine: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(counters: readonly PlaceCounter[], method: Method, clock: Clock) {
    this.#counters = counters;
    this.places = counters.map((counter) => counter.placesOf(method));
    this.#clock = clock;
  }

  /** `ConcurrencyLimit shop/hello`: what the call waits for; empty: nothing. */
  get waitsFor(): string {
    return this.#offLine === undefined ? '' : (this.#counters[this.#held]?.rule.resource ?? '');
  }

  /** What would refuse the call at once: it has neither a place nor room in the line. Undefined: nothing. */
  get refusal(): PlaceRefusal | undefined {
    for (const [at, { rule }] of this.#counters.entries()) {
      const places = this.places[at];
      if (places === undefined || places.taken < places.max || places.waiting < places.queue) continue;
      return { rule, cause: 'full', places };
    }
    return undefined;
  }

  /**
   * Takes the places that are free, and waits for the first that is not.
   *
   * @param settled - called once where the answer is `waits`, unless the call leaves before: undefined, it has its places.
   */
  enter(settled: (refusal: PlaceRefusal | undefined) => void): EntryState {
    for (let at = this.#held; at < this.#counters.length; at = this.#held) {
      const counter = this.#counters[at];
      const places = this.places[at];
      if (counter === undefined || places === undefined) break;
      if (!places.tryEnter()) return this.#wait(counter, places, settled);
      this.#held++;
    }
    return 'entered';
  }

  /** Gives back whatever the call has: its places, or the one in the line. Once more does nothing. */
  leave(): void {
    this.#stopWaiting();
    const held = this.#held;
    this.#held = 0;
    // The last first: who gets one that it waits for finds those free that it needs after it.
    for (let at = held - 1; at >= 0; at--) this.places[at]?.leave();
  }

  #wait(
    { rule }: PlaceCounter,
    places: Places,
    settled: (refusal: PlaceRefusal | undefined) => void,
  ): EntryState {
    this.#offLine = places.tryWait(() => {
      this.#offLine = undefined;
      this.#stopWaiting();
      this.#held++;
      const state = this.enter(settled);
      if (state !== 'waits') settled(state === 'entered' ? undefined : state);
    });
    if (this.#offLine === undefined) return this.#refuse({ rule, cause: 'full', places });
    this.#timer = this.#clock.setTimer(rule.queueTimeoutMs.value, () =>
      settled(this.#refuse({ rule, cause: 'timeout', places })),
    );
    return 'waits';
  }

  #refuse(refusal: PlaceRefusal): PlaceRefusal {
    this.leave();
    return refusal;
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#offLine?.();
    this.#offLine = undefined;
  }
}

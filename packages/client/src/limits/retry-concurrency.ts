import { Places } from '@micromesh/core';

/** Bounds how many calls of a service retry at a time: Envoy's `max_retries`. A call that was let in must leave at its end. */
export class RetryConcurrency {
  readonly #places: Places;

  /** @param max - calls at a time, at least 1. */
  constructor(max: number) {
    this.#places = new Places(max, 0);
  }

  /** Calls that retry now. */
  get running(): number {
    return this.#places.taken;
  }

  /** Lets a call retry; false: it must not. */
  tryEnter(): boolean {
    return this.#places.tryEnter();
  }

  /** A call that was let in has ended. */
  leave(): void {
    this.#places.leave();
  }
}

import { Places } from '@micromesh/core';

/**
 * Bounds the extra attempts that a service has under way at a time, over all its calls: Envoy's `max_retries`. An attempt that was
 * let in must leave when it has ended.
 */
export class RetryConcurrency {
  readonly #places: Places;

  /** @param max - extra attempts at a time, at least 1. */
  constructor(max: number) {
    this.#places = new Places(max, 0);
  }

  /** Extra attempts that are under way. */
  get running(): number {
    return this.#places.taken;
  }

  /** Takes a place for an extra attempt; false: it must not start. */
  tryEnter(): boolean {
    return this.#places.tryEnter();
  }

  /** An extra attempt has ended. */
  leave(): void {
    this.#places.leave();
  }
}

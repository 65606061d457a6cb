/** Says when something that is asked about often is due again. */
export class Pace {
  readonly #everyMs: number;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** @param everyMs - Infinity: never. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Whether it is time, and then not again for a while. */
  isTime(now: number): boolean {
    if (now - this.#lastAt < this.#everyMs || this.#everyMs === Number.POSITIVE_INFINITY) return false;
    this.#lastAt = now;
    return true;
  }
}

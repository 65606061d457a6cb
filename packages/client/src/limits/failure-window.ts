const SLOTS = 10;

/** How many calls have ended within the last while, and how many of them failed. */
export class FailureWindow {
  readonly #slotMs: number;
  readonly #calls = new Uint32Array(SLOTS);
  readonly #failures = new Uint32Array(SLOTS);
  #slot = Number.NEGATIVE_INFINITY;

  /** @param windowMs - forgets what is older, in tenths of it. */
  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  /** Counts a call. */
  record(now: number, failed: boolean): void {
    const index = this.#turnTo(now);
    this.#calls[index] = (this.#calls[index] ?? 0) + 1;
    if (failed) this.#failures[index] = (this.#failures[index] ?? 0) + 1;
  }

  /** Calls that ended within the window. */
  calls(now: number): number {
    this.#turnTo(now);
    return sum(this.#calls);
  }

  /** Those of them that failed. */
  failures(now: number): number {
    this.#turnTo(now);
    return sum(this.#failures);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #turnTo(now: number): number {
    const slot = Math.floor(now / this.#slotMs);
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++) {
      this.#calls[indexOf(next)] = 0;
      this.#failures[indexOf(next)] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
    return indexOf(this.#slot);
  }
}

/** A clock's origin means nothing: it may be below zero. */
function indexOf(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}

function sum(numbers: Uint32Array): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** Attempts, and how many of them failed. */
export interface AttemptCounts {
  readonly calls: number;
  readonly failures: number;
}

const SLOTS = 6;

/**
 * The attempts on one node within the last `windowMs`. They are kept in six slots of a sixth of the window each, so that
 * old ones fall away without a timer.
 */
export class AttemptWindow {
  readonly #slotMs: number;
  readonly #calls = new Array<number>(SLOTS).fill(0);
  readonly #failures = new Array<number>(SLOTS).fill(0);
  #slot = 0;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  addSuccess(now: number): void {
    this.#turnTo(now);
    this.#count(this.#calls);
  }

  addFailure(now: number): void {
    this.#turnTo(now);
    this.#count(this.#calls);
    this.#count(this.#failures);
  }

  counts(now: number): AttemptCounts {
    this.#turnTo(now);
    return { calls: sum(this.#calls), failures: sum(this.#failures) };
  }

  /** Forgets all attempts. */
  clear(): void {
    for (let index = 0; index < SLOTS; index++) this.#clearSlot(index);
  }

  #count(slots: number[]): void {
    const index = this.#slot % SLOTS;
    slots[index] = (slots[index] ?? 0) + 1;
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    for (let next = Math.max(this.#slot + 1, slot - SLOTS + 1); next <= slot; next++)
      this.#clearSlot(next % SLOTS);
    this.#slot = Math.max(this.#slot, slot);
  }

  #clearSlot(index: number): void {
    this.#calls[index] = 0;
    this.#failures[index] = 0;
  }
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

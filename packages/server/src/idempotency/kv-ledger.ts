import type { StoredAnswer } from './idempotency-store.js';
import { type StoreLimits, sizeOfAnswer } from './store-limits.js';

/** What this node has put into the key-value store, so that it puts in no more than it may. */
export class KvLedger {
  readonly #limits: Required<StoreLimits>;
  /** Bytes by path, the oldest first. */
  readonly #kept = new Map<string, number>();
  #running = 0;
  #bytes = 0;

  constructor(limits: Required<StoreLimits>) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#running >= this.#limits.maxEntries;
  }

  began(): void {
    this.#running += 1;
  }

  ended(): void {
    this.#running -= 1;
  }

  keep(path: string, answer: StoredAnswer | undefined): void {
    this.forget(path);
    const bytes = sizeOfAnswer(answer);
    this.#kept.set(path, bytes);
    this.#bytes += bytes;
  }

  forget(path: string): void {
    this.#bytes -= this.#kept.get(path) ?? 0;
    this.#kept.delete(path);
  }

  /** Takes out the oldest that are too many. */
  takeSurplus(): readonly string[] {
    const { maxEntries, maxBytes } = this.#limits;
    const surplus: string[] = [];
    for (const path of this.#kept.keys()) {
      if (this.#running + this.#kept.size <= maxEntries && this.#bytes <= maxBytes) break;
      this.forget(path);
      surplus.push(path);
    }
    return surplus;
  }
}

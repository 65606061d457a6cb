import type { StoredAnswer } from './idempotency-store.js';
import { type StoreLimits, sizeOfAnswer } from './store-limits.js';

/** An answer that this node has put into the key-value store. */
export interface KeptAnswer {
  readonly bytes: number;
  /** In ms since 1970, not before its record says. */
  readonly expiresAtMs: number;
}

/** What this node has put into the key-value store, so that it puts in no more than it may. */
export class KvLedger {
  readonly #limits: Required<StoreLimits>;
  /** By path, the oldest first. */
  readonly #kept = new Map<string, KeptAnswer>();
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

  keep(path: string, answer: StoredAnswer | undefined, wallNowMs: number): void {
    this.forget(path);
    const bytes = sizeOfAnswer(answer);
    this.#kept.set(path, { bytes, expiresAtMs: wallNowMs + this.#limits.ttlMs });
    this.#bytes += bytes;
  }

  forget(path: string): void {
    this.#bytes -= this.#kept.get(path)?.bytes ?? 0;
    this.#kept.delete(path);
  }

  /** The answers whose paths begin with this, as they are now. */
  keptUnder(prefix: string): ReadonlyMap<string, KeptAnswer> {
    return new Map([...this.#kept].filter(([path]) => path.startsWith(prefix)));
  }

  /** Forgets those of the answers that are not among the paths; one that was put in anew meanwhile is another answer. */
  forgetMissing(answers: ReadonlyMap<string, KeptAnswer>, paths: ReadonlySet<string>): void {
    for (const [path, answer] of answers) {
      if (!paths.has(path) && this.#kept.get(path) === answer) this.forget(path);
    }
  }

  /** Takes out the oldest that are too many. Those that have expired count no more: whoever comes by sweeps them. */
  takeSurplus(wallNowMs: number): readonly string[] {
    const { maxEntries, maxBytes } = this.#limits;
    const surplus: string[] = [];
    for (const [path, { expiresAtMs }] of this.#kept) {
      if (expiresAtMs <= wallNowMs) {
        this.forget(path);
        continue;
      }
      if (this.#running + this.#kept.size <= maxEntries && this.#bytes <= maxBytes) break;
      this.forget(path);
      surplus.push(path);
    }
    return surplus;
  }
}

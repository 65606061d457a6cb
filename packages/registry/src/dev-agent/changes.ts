/** What a waiting query is told about: a table (`services`, `kv`), or one row (`service:hello`). */
export type Topic = string;

/** The write counter, and who waits for which writes. */
export class Changes {
  #index: number;
  readonly #listeners = new Map<Topic, Set<() => void>>();

  /** @param firstIndex - a fresh Consul has written about ten entries before the first registration. */
  constructor(firstIndex = 10) {
    this.#index = firstIndex;
  }

  /** The index of the latest write. */
  get index(): number {
    return this.#index;
  }

  /** Counts a write. As in Consul, one that turns out to change nothing counts too, but no row gets its index. */
  next(): number {
    this.#index += 1;
    return this.#index;
  }

  /** Wakes who waits for one of the topics. */
  publish(topics: Iterable<Topic>): void {
    const woken = new Set<() => void>();
    for (const topic of topics) {
      for (const listener of this.#listeners.get(topic) ?? []) woken.add(listener);
    }
    for (const listener of woken) listener();
  }

  /** Wakes everybody. */
  publishAll(): void {
    this.publish([...this.#listeners.keys()]);
  }

  /** Calls `listener` at each write to one of the topics until the returned function is called. */
  subscribe(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) {
      const listeners = this.#listeners.get(topic) ?? new Set();
      this.#listeners.set(topic, listeners.add(listener));
    }
    return () => {
      for (const topic of topics) {
        const listeners = this.#listeners.get(topic);
        if (listeners?.delete(listener) && listeners.size === 0) this.#listeners.delete(topic);
      }
    };
  }

  /** How many topics are waited for: 0 when nobody waits. */
  get waitedFor(): number {
    return this.#listeners.size;
  }
}

/** What a write has touched: a table (`services`), or a row (`service:hello`, `key:a/b`). */
export type Topic = string;

/** The write counter, and who waits for which writes. */
export class Changes {
  #index: number;
  readonly #watches = new Set<Watch>();

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
  publish(topics: ReadonlySet<Topic>): void {
    for (const watch of [...this.#watches]) {
      for (const topic of topics) {
        if (!watch.isFor(topic)) continue;
        watch.listener();
        break;
      }
    }
  }

  /** Calls `listener` at each write to a topic that `isFor` takes, until the returned function is called. */
  subscribe(isFor: (topic: Topic) => boolean, listener: () => void): () => void {
    const watch: Watch = { isFor, listener };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** How many wait. */
  get waiting(): number {
    return this.#watches.size;
  }
}

interface Watch {
  readonly isFor: (topic: Topic) => boolean;
  readonly listener: () => void;
}

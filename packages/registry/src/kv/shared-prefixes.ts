import type { Logger } from '@micromesh/core';
import type { KvWatch } from './key-value-store.js';
import { WatchedPrefix } from './watched-prefix.js';

interface Shared {
  readonly watched: WatchedPrefix;
  readonly unfollow: () => void;
}

/** One follower a prefix, however many watches of it are open; it ends with the last of them. */
export class SharedPrefixes {
  readonly #store: string;
  readonly #logger: Logger;
  readonly #follow: (watched: WatchedPrefix) => () => void;
  readonly #shared = new Map<string, Shared>();

  /** @param follow - starts to follow a prefix; the function that it gives ends that. */
  constructor(store: string, logger: Logger, follow: (watched: WatchedPrefix) => () => void) {
    this.#store = store;
    this.#logger = logger;
    this.#follow = follow;
  }

  /** All that is followed. */
  *all(): Iterable<WatchedPrefix> {
    for (const { watched } of this.#shared.values()) yield watched;
  }

  open(prefix: string): KvWatch {
    let shared = this.#shared.get(prefix);
    if (shared === undefined) {
      const watched = new WatchedPrefix(prefix, this.#store, this.#logger);
      shared = { watched, unfollow: this.#follow(watched) };
      this.#shared.set(prefix, shared);
    }
    const { watched, unfollow } = shared;
    return watched.open(() => {
      this.#shared.delete(prefix);
      unfollow();
    });
  }

  closeAll(): void {
    for (const watched of [...this.all()]) watched.closeAll();
  }
}

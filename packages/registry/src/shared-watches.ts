import { formatServiceKey, type Logger, type ServiceKey } from '@micromesh/core';
import type { ServiceWatch } from './registry.js';
import { WatchedService } from './watched-service.js';

/** Starts to follow a service; the function that it gives ends that. */
export type Follow = (watched: WatchedService) => () => void;

interface Shared {
  readonly watched: WatchedService;
  readonly unfollow: () => void;
}

/** One follower a service, however many watches of it are open; it ends with the last of them. */
export class SharedWatches {
  readonly #registry: string;
  readonly #logger: Logger;
  readonly #follow: Follow;
  readonly #shared = new Map<string, Shared>();

  constructor(registry: string, logger: Logger, follow: Follow) {
    this.#registry = registry;
    this.#logger = logger;
    this.#follow = follow;
  }

  /** How many services are followed. */
  get size(): number {
    return this.#shared.size;
  }

  /** All that is followed. */
  *all(): Iterable<WatchedService> {
    for (const { watched } of this.#shared.values()) yield watched;
  }

  open(service: ServiceKey): ServiceWatch {
    const key = formatServiceKey(service);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const watched = new WatchedService(service, this.#registry, this.#logger);
      shared = { watched, unfollow: this.#follow(watched) };
      this.#shared.set(key, shared);
    }
    const { watched, unfollow } = shared;
    return watched.open(() => {
      this.#shared.delete(key);
      unfollow();
    });
  }

  closeAll(): void {
    for (const watched of [...this.all()]) watched.closeAll();
  }
}

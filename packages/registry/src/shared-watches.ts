import type { Watch } from './watch-handles.js';

/** A thing that is watched, by any number of watches. */
interface Watchable<S> {
  open(onLast: () => void): Watch<S>;
  closeAll(): void;
}

interface Shared<W> {
  readonly watched: W;
  readonly unfollow: () => void;
}

/**
 * One follower a thing, however many watches of it are open; it ends with the last of them.
 *
 * @typeParam N - what things are named by: keys of services, or prefixes of keys.
 * @typeParam S - the states of the watches.
 * @typeParam W - the things.
 */
export class SharedWatches<N, S, W extends Watchable<S>> {
  readonly #keyOf: (name: N) => string;
  readonly #make: (name: N) => W;
  readonly #follow: (watched: W) => () => void;
  readonly #shared = new Map<string, Shared<W>>();

  /**
   * @param keyOf - tells one name from another.
   * @param make - makes a thing that nobody watches yet.
   * @param follow - starts to follow a thing; the function that it gives ends that.
   */
  constructor(keyOf: (name: N) => string, make: (name: N) => W, follow: (watched: W) => () => void) {
    this.#keyOf = keyOf;
    this.#make = make;
    this.#follow = follow;
  }

  /** How many things are followed. */
  get size(): number {
    return this.#shared.size;
  }

  /** All that is followed. */
  *all(): Iterable<W> {
    for (const { watched } of this.#shared.values()) yield watched;
  }

  /** Opens one more watch of a thing. */
  open(name: N): Watch<S> {
    const key = this.#keyOf(name);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const watched = this.#make(name);
      shared = { watched, unfollow: this.#follow(watched) };
      this.#shared.set(key, shared);
    }
    const { watched, unfollow } = shared;
    return watched.open(() => {
      this.#shared.delete(key);
      unfollow();
    });
  }

  /** Closes all watches, and so ends all followers. */
  closeAll(): void {
    for (const watched of [...this.all()]) watched.closeAll();
  }
}

/** A running watch of something: its state, and whoever wants to hear of later ones. */
export interface Watch<S> {
  readonly state: S;
  subscribe(listener: (state: S) => void): () => void;
  close(): void;
}

/** All open watches of one thing, which have one state. */
export class WatchHandles<S> {
  readonly #state: () => S;
  readonly #onThrow: (error: unknown) => void;
  readonly #handles = new Set<WatchHandle<S>>();

  /** @param onThrow - told of what a listener throws; the other listeners are told all the same. */
  constructor(state: () => S, onThrow: (error: unknown) => void) {
    this.#state = state;
    this.#onThrow = onThrow;
  }

  /** Opens one more watch; `onLast` is called when the last of them was closed. */
  open(onLast: () => void): Watch<S> {
    const handle = new WatchHandle(this.#state, (closed) => {
      if (this.#handles.delete(closed) && this.#handles.size === 0) onLast();
    });
    this.#handles.add(handle);
    return handle;
  }

  /** Tells all listeners of a state. */
  tell(state: S): void {
    for (const handle of [...this.#handles]) handle.tell(state, this.#onThrow);
  }

  /** Closes all watches. */
  closeAll(): void {
    for (const handle of [...this.#handles]) handle.close();
  }
}

class WatchHandle<S> implements Watch<S> {
  readonly #state: () => S;
  readonly #onClose: (handle: WatchHandle<S>) => void;
  readonly #listeners = new Set<{ readonly listener: (state: S) => void }>();

  constructor(state: () => S, onClose: (handle: WatchHandle<S>) => void) {
    this.#state = state;
    this.#onClose = onClose;
  }

  get state(): S {
    return this.#state();
  }

  subscribe(listener: (state: S) => void): () => void {
    // A record of its own, so that one function may subscribe twice.
    const subscription = { listener };
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
    };
  }

  tell(state: S, onThrow: (error: unknown) => void): void {
    for (const subscription of [...this.#listeners]) {
      if (!this.#listeners.has(subscription)) continue;
      try {
        subscription.listener(state);
      } catch (error) {
        onThrow(error);
      }
    }
  }

  close(): void {
    this.#listeners.clear();
    this.#onClose(this);
  }
}

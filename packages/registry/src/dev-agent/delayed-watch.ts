import { type Logger, messageOf } from '@micromesh/core';
import type { ServiceWatch, WatchState } from '../registry.js';

type Listener = (state: WatchState) => void;

/** A watch that begins before its registry is there: unknown until then, afterwards what the real one says. */
export class DelayedWatch implements ServiceWatch {
  readonly #logger: Logger;
  readonly #onClose: () => void;
  readonly #listeners = new Set<{ readonly listener: Listener; unsubscribe: () => void }>();
  #inner: ServiceWatch | undefined;
  #state: WatchState = { kind: 'unknown' };

  constructor(logger: Logger, onClose: () => void) {
    this.#logger = logger;
    this.#onClose = onClose;
  }

  get state(): WatchState {
    return this.#inner?.state ?? this.#state;
  }

  /** The registry is there: follows its watch from now on. */
  begin(open: () => ServiceWatch): void {
    if (this.#inner !== undefined) return;
    const inner = open();
    this.#inner = inner;
    for (const subscription of this.#listeners) {
      subscription.unsubscribe = inner.subscribe(subscription.listener);
    }
    if (inner.state.kind !== 'unknown') this.#tell(inner.state);
  }

  /** The registry cannot be had, as yet. */
  fail(error: string): void {
    const before = this.#state;
    if (this.#inner !== undefined || (before.kind === 'unknown' && before.error === error)) return;
    this.#state = { kind: 'unknown', error };
    this.#tell(this.#state);
  }

  subscribe(listener: Listener): () => void {
    const unsubscribe = this.#inner?.subscribe(listener) ?? (() => {});
    // A record of its own, so that one function may subscribe twice.
    const subscription = { listener, unsubscribe };
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
      subscription.unsubscribe();
    };
  }

  close(): void {
    this.#listeners.clear();
    this.#inner?.close();
    this.#onClose();
  }

  #tell(state: WatchState): void {
    for (const subscription of [...this.#listeners]) {
      if (!this.#listeners.has(subscription)) continue;
      try {
        subscription.listener(state);
      } catch (error) {
        this.#logger.error({ error: messageOf(error) }, 'a listener of a service watch threw');
      }
    }
  }
}

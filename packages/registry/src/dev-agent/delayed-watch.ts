import { type Logger, messageOf } from '@micromesh/core';
import type { Watch } from '../watch-handles.js';

/** What is said while there is no registry. */
export interface UnknownState {
  readonly kind: 'unknown';
  readonly error?: string;
}

/**
 * A watch that begins before its registry is there: unknown until then, afterwards what the real one says.
 *
 * @typeParam S - the states of the real one; they have a `kind`, and {@link UnknownState} is one of them.
 */
export class DelayedWatch<S extends { readonly kind: string }> implements Watch<S | UnknownState> {
  readonly #logger: Logger;
  readonly #onClose: () => void;
  readonly #listeners = new Set<{
    readonly listener: (state: S | UnknownState) => void;
    unsubscribe: () => void;
  }>();
  #inner: Watch<S> | undefined;
  #state: UnknownState = { kind: 'unknown' };

  constructor(logger: Logger, onClose: () => void) {
    this.#logger = logger;
    this.#onClose = onClose;
  }

  get state(): S | UnknownState {
    return this.#inner?.state ?? this.#state;
  }

  /** The registry is there: follows its watch from now on. */
  begin(open: () => Watch<S>): void {
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
    if (this.#inner !== undefined || before.error === error) return;
    this.#state = { kind: 'unknown', error };
    this.#tell(this.#state);
  }

  subscribe(listener: (state: S | UnknownState) => void): () => void {
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

  #tell(state: S | UnknownState): void {
    for (const subscription of [...this.#listeners]) {
      if (!this.#listeners.has(subscription)) continue;
      try {
        subscription.listener(state);
      } catch (error) {
        this.#logger.error({ error: messageOf(error) }, 'a listener of a watch threw');
      }
    }
  }
}

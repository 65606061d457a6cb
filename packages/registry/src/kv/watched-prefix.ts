import { type Logger, messageOf } from '@micromesh/core';
import { WatchHandles } from '../watch-handles.js';
import type { KvEntry, KvWatch, KvWatchState } from './key-value-store.js';

/** What a store knows of the keys below one prefix, told to all watches of it. */
export class WatchedPrefix {
  readonly prefix: string;
  readonly #store: string;
  readonly #logger: Logger;
  readonly #watches: WatchHandles<KvWatchState>;
  #state: KvWatchState = { kind: 'unknown' };
  #failing = false;

  constructor(prefix: string, store: string, logger: Logger) {
    this.prefix = prefix;
    this.#store = store;
    this.#logger = logger;
    this.#watches = new WatchHandles(
      () => this.#state,
      (error) => logger.error({ prefix, error: messageOf(error) }, 'a listener of a watch of keys threw'),
    );
  }

  /** Takes the store's word, sorted by key; gives whether it is another than before. */
  current(next: readonly KvEntry[]): boolean {
    const before = entriesIn(this.#state);
    const changed = before === undefined || !sameEntries(before, next);
    this.#recovered();
    if (!changed && this.#state.kind === 'current') return false;
    this.#become({ kind: 'current', entries: changed ? next : before });
    return changed;
  }

  /** Takes a word that cannot be relied on: it only counts where there is no other, and only if it names keys. */
  doubtful(next: readonly KvEntry[], error: string): void {
    if (entriesIn(this.#state) === undefined && next.length > 0) {
      this.#become({ kind: 'stale', entries: next, error });
    }
    this.failing(error);
  }

  /** The store does not answer; the last good word stays. */
  failing(error: string): void {
    if (!this.#failing) {
      this.#failing = true;
      this.#logger.warn(
        { registry: this.#store, prefix: this.prefix, error },
        'the key-value store does not answer a watch; what was last known stays in use',
      );
    }
    const state = this.#state;
    if (state.kind !== 'current' && state.error === error) return;
    this.#become(
      state.kind === 'unknown'
        ? { kind: 'unknown', error }
        : { kind: 'stale', entries: state.entries, error },
    );
  }

  /** Opens one more watch; `onLast` is called when the last of them was closed. */
  open(onLast: () => void): KvWatch {
    return this.#watches.open(onLast);
  }

  /** Closes all watches. */
  closeAll(): void {
    this.#watches.closeAll();
  }

  #become(state: KvWatchState): void {
    this.#state = state;
    this.#watches.tell(state);
  }

  #recovered(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#logger.info(
      { registry: this.#store, prefix: this.prefix },
      'the key-value store answers the watch again',
    );
  }
}

function entriesIn(state: KvWatchState): readonly KvEntry[] | undefined {
  return state.kind === 'unknown' ? undefined : state.entries;
}

function sameEntries(a: readonly KvEntry[], b: readonly KvEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, at) => {
      const other = b[at];
      return (
        entry.key === other?.key && entry.modifyIndex === other.modifyIndex && entry.value === other.value
      );
    })
  );
}

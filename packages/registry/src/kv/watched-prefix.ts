import { type Logger, messageOf } from '@micromesh/core';
import { SharedWatches } from '../shared-watches.js';
import { type Known, Watched } from '../watched.js';
import type { KvEntry, KvWatchState } from './key-value-store.js';

/** The watches of prefixes that a store has. */
export type PrefixWatches = SharedWatches<string, KvWatchState, WatchedPrefix>;

/** @param follow - starts to follow a prefix; the function that it gives ends that. */
export function prefixWatches(
  store: string,
  logger: Logger,
  follow: (watched: WatchedPrefix) => () => void,
): PrefixWatches {
  const make = (prefix: string) => new WatchedPrefix(prefix, store, logger);
  return new SharedWatches((prefix) => prefix, make, follow);
}

/** What a store knows of the keys below one prefix, sorted by key. */
export class WatchedPrefix extends Watched<readonly KvEntry[], KvWatchState> {
  readonly prefix: string;
  readonly #store: string;
  readonly #logger: Logger;

  constructor(prefix: string, store: string, logger: Logger) {
    super({ kind: 'unknown' });
    this.prefix = prefix;
    this.#store = store;
    this.#logger = logger;
  }

  protected show(known: Known<readonly KvEntry[]>): KvWatchState {
    if (known.kind === 'unknown') return known;
    const { value: entries, ...rest } = known;
    return { ...rest, entries };
  }

  protected same(a: readonly KvEntry[], b: readonly KvEntry[]): boolean {
    return a.length === b.length && a.every((entry, at) => isSame(entry, b[at]));
  }

  protected isEmpty(entries: readonly KvEntry[]): boolean {
    return entries.length === 0;
  }

  protected onChange(): void {
    // Who watches is told by the state.
  }

  protected onFailure(error: string): void {
    this.#logger.warn(
      { registry: this.#store, prefix: this.prefix, error },
      'the key-value store does not answer a watch; what was last known stays in use',
    );
  }

  protected onRecovery(): void {
    this.#logger.info(
      { registry: this.#store, prefix: this.prefix },
      'the key-value store answers the watch again',
    );
  }

  protected onThrow(error: unknown): void {
    this.#logger.error(
      { prefix: this.prefix, error: messageOf(error) },
      'a listener of a watch of keys threw',
    );
  }
}

function isSame(a: KvEntry, b: KvEntry | undefined): boolean {
  return a.key === b?.key && a.modifyIndex === b.modifyIndex && a.value === b.value;
}

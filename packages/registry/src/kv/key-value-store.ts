/** One key with what is stored under it. */
export interface KvEntry {
  readonly key: string;
  /** Text; what another program has stored in other bytes than UTF-8 comes with U+FFFD in their place. */
  readonly value: string;
  /** Moves with each write that changes the entry: what a later `cas` names. */
  readonly modifyIndex: number;
}

/** When a write counts. */
export interface KvWriteOptions {
  /** Only if the entry's `modifyIndex` is still this; 0: only if there is no entry. Default: whatever there is. */
  readonly cas?: number;
  /** Gives the request up; it may have been carried out all the same. */
  readonly signal?: AbortSignal;
}

/**
 * What a watch of keys knows, the entries sorted by key. `unknown`: no answer yet, so nothing can be said; `current`: the
 * store's word; `stale`: the last good word, while the store does not answer.
 */
export type KvWatchState =
  | { readonly kind: 'unknown'; readonly error?: string }
  | { readonly kind: 'current'; readonly entries: readonly KvEntry[] }
  | { readonly kind: 'stale'; readonly entries: readonly KvEntry[]; readonly error: string };

/** A running watch of all keys that begin with a prefix. */
export interface KvWatch {
  readonly state: KvWatchState;
  /** Calls `listener` at each later change of state until the returned function is called. */
  subscribe(listener: (state: KvWatchState) => void): () => void;
  /** Ends the watch: no timer and no socket is left. */
  close(): void;
}

/**
 * Small texts by key, shared by all who use the registry: Consul's key-value store, or one in memory with the same rules.
 *
 * A key has 1 to 512 bytes of UTF-8 in parts between slashes, none of them empty, `.` or `..` (a slash at the end is
 * allowed); a value at most 512 KiB. Every method throws a ConfigError for what is neither, and a RegistryError when the
 * store refuses, does not answer or is closed, or the signal aborts.
 */
export interface KeyValueStore {
  /** The entry of a key as it is now; undefined: there is none. */
  get(key: string, signal?: AbortSignal): Promise<KvEntry | undefined>;
  /** All entries whose keys begin with a prefix, sorted by key; `''` is all there are. */
  list(prefix: string, signal?: AbortSignal): Promise<readonly KvEntry[]>;
  /**
   * Writes a value; gives whether it was written, which only a `cas` can prevent. Writing what is there already changes nothing, the
   * `modifyIndex` included.
   *
   * @throws RegistryError without an answer: it may then have been written, also with a `cas`, which is never sent twice.
   */
  put(key: string, value: string, options?: KvWriteOptions): Promise<boolean>;
  /** Deletes a key; gives whether there is none now, which only a `cas` can prevent. */
  delete(key: string, options?: KvWriteOptions): Promise<boolean>;
  /** Watches all keys that begin with a prefix. The first word, and every word after a failure, comes by itself; failures never empty it. */
  watch(prefix: string): KvWatch;
}

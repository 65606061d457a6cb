/** Names a value that interceptors and handlers of one call share. Made by {@link createContextKey}. */
export interface ContextKey<T> {
  /** For people. */
  readonly name: string;
  /** What `get` gives before anybody has called `set`. */
  readonly initial: T;
}

/** The typed values of one call. */
export interface ContextValues {
  /** The value that was set, else the key's `initial`. */
  get<T>(key: ContextKey<T>): T;
  /** Sets the value for the rest of the call. */
  set<T>(key: ContextKey<T>, value: T): void;
}

/**
 * Makes a key for `context.values`; two keys of the same name are two keys.
 *
 * @param initial - what `get` gives before anybody has called `set`.
 */
export function createContextKey<T>(name: string, initial: T): ContextKey<T> {
  return { name, initial };
}

/** The values of one call, by the identity of their keys. */
export class ContextMap implements ContextValues {
  readonly #values = new Map<ContextKey<unknown>, unknown>();

  get<T>(key: ContextKey<T>): T {
    // Only `set` writes, with a T under a key of T.
    return this.#values.has(key) ? (this.#values.get(key) as T) : key.initial;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.#values.set(key, value);
  }
}

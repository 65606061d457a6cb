import {
  type KeyValueStore,
  type KvEntry,
  type KvWatch,
  type KvWriteOptions,
  RegistryError,
} from '@micromesh/registry';

/** For tests: a node's line to a key-value store, which can fail in each way that there is. */
export class SwitchedKeyValues implements KeyValueStore {
  readonly #inner: KeyValueStore;
  #line: 'up' | 'failing' | 'cut' | 'losingAnswers' = 'up';

  constructor(inner: KeyValueStore) {
    this.#inner = inner;
  }

  /** Nothing is ever answered again: the node is dead, or frozen. */
  cut(): void {
    this.#line = 'cut';
  }

  /** Every request fails, and is not carried out. */
  fail(): void {
    this.#line = 'failing';
  }

  /** Every request is carried out, and fails all the same. */
  loseAnswers(): void {
    this.#line = 'losingAnswers';
  }

  mend(): void {
    this.#line = 'up';
  }

  get(key: string, signal?: AbortSignal): Promise<KvEntry | undefined> {
    return this.#through(() => this.#inner.get(key, signal), signal);
  }

  list(prefix: string, signal?: AbortSignal): Promise<readonly KvEntry[]> {
    return this.#through(() => this.#inner.list(prefix, signal), signal);
  }

  put(key: string, value: string, options: KvWriteOptions = {}): Promise<boolean> {
    return this.#through(() => this.#inner.put(key, value, options), options.signal);
  }

  delete(key: string, options: KvWriteOptions = {}): Promise<boolean> {
    return this.#through(() => this.#inner.delete(key, options), options.signal);
  }

  watch(prefix: string): KvWatch {
    return this.#inner.watch(prefix);
  }

  async #through<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    switch (this.#line) {
      case 'up':
        return request();
      case 'failing':
        throw new RegistryError('the line is broken');
      case 'losingAnswers':
        await request();
        throw new RegistryError('the answer was lost');
      default:
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new RegistryError('given up')));
        });
    }
  }
}

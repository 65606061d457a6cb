import { type Clock, sleep } from '@micromesh/core';
import type { KeyValueStore, KvEntry, KvWatch, KvWriteOptions } from '@micromesh/registry';

/** For tests: a key-value store at the end of a line that takes its time in both directions. */
export class DelayedKeyValues implements KeyValueStore {
  readonly #inner: KeyValueStore;
  readonly #clock: Clock;
  readonly #delayMs: () => number;

  constructor(inner: KeyValueStore, clock: Clock, delayMs: () => number) {
    this.#inner = inner;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  get(key: string): Promise<KvEntry | undefined> {
    return this.#slowly(() => this.#inner.get(key));
  }

  list(prefix: string): Promise<readonly KvEntry[]> {
    return this.#slowly(() => this.#inner.list(prefix));
  }

  put(key: string, value: string, { cas }: KvWriteOptions = {}): Promise<boolean> {
    return this.#slowly(() => this.#inner.put(key, value, cas === undefined ? {} : { cas }));
  }

  delete(key: string, { cas }: KvWriteOptions = {}): Promise<boolean> {
    return this.#slowly(() => this.#inner.delete(key, cas === undefined ? {} : { cas }));
  }

  watch(prefix: string): KvWatch {
    return this.#inner.watch(prefix);
  }

  async #slowly<T>(request: () => Promise<T>): Promise<T> {
    await this.#pause();
    const answer = await request();
    await this.#pause();
    return answer;
  }

  #pause(): Promise<void> {
    return sleep(this.#clock, this.#delayMs());
  }
}

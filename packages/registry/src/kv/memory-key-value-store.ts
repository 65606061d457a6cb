import { type Logger, silentLogger } from '@micromesh/core';
import { RegistryError } from '../registry.js';
import type { KeyValueStore, KvEntry, KvWatch, KvWriteOptions } from './key-value-store.js';
import { checkKey, checkPrefix, checkValue } from './kv-rules.js';
import { type PrefixWatches, prefixWatches } from './watched-prefix.js';

const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** The keys and values of one memory store, whoever looks at them; at most 64 MiB of them. */
export class MemoryKeyValues {
  readonly stores = new Set<MemoryKeyValueStore>();
  readonly #entries = new Map<string, KvEntry>();
  #index = 0;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get(key: string): KvEntry | undefined {
    return this.#entries.get(key);
  }

  list(prefix: string): readonly KvEntry[] {
    const entries = [...this.#entries.values()].filter(({ key }) => key.startsWith(prefix));
    return entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  }

  put(key: string, value: string, cas: number | undefined): boolean {
    const old = this.#entries.get(key);
    if (cas !== undefined && cas !== (old?.modifyIndex ?? 0)) return false;
    if (old?.value === value) return true;
    const bytes = this.#bytes + sizeOf(key, value) - (old === undefined ? 0 : sizeOf(key, old.value));
    if (bytes > MAX_TOTAL_BYTES) {
      throw new RegistryError(`memory: a store holds at most ${MAX_TOTAL_BYTES} bytes of keys and values`);
    }
    this.#bytes = bytes;
    this.#entries.set(key, { key, value, modifyIndex: ++this.#index });
    this.#changed(key);
    return true;
  }

  delete(key: string, cas: number | undefined): boolean {
    const old = this.#entries.get(key);
    if (old === undefined) return true;
    if (cas !== undefined && cas !== old.modifyIndex) return false;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, old.value);
    this.#index += 1;
    this.#changed(key);
    return true;
  }

  #changed(key: string): void {
    for (const store of [...this.stores]) store.look(key);
  }
}

/** A {@link KeyValueStore} inside the process, for tests and for services that live in one process. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly #values: MemoryKeyValues;
  readonly #prefixes: PrefixWatches;
  #closed = false;

  /**
   * @param values - default: ones of its own. Stores of the same values see what each other writes.
   * @param logger - default: silent.
   */
  constructor(values: MemoryKeyValues = new MemoryKeyValues(), logger: Logger = silentLogger) {
    this.#values = values;
    values.stores.add(this);
    this.#prefixes = prefixWatches('memory', logger, (watched) => {
      watched.current(values.list(watched.prefix));
      return () => {};
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<KvEntry | undefined> {
    checkKey(key);
    this.#refuse(signal);
    return this.#values.get(key);
  }

  async list(prefix: string, signal?: AbortSignal): Promise<readonly KvEntry[]> {
    checkPrefix(prefix);
    this.#refuse(signal);
    return this.#values.list(prefix);
  }

  async put(key: string, value: string, { cas, signal }: KvWriteOptions = {}): Promise<boolean> {
    checkKey(key);
    checkValue(key, value);
    this.#refuse(signal);
    return this.#values.put(key, value, cas);
  }

  async delete(key: string, { cas, signal }: KvWriteOptions = {}): Promise<boolean> {
    checkKey(key);
    this.#refuse(signal);
    return this.#values.delete(key, cas);
  }

  watch(prefix: string): KvWatch {
    checkPrefix(prefix);
    this.#refuse(undefined);
    return this.#prefixes.open(prefix);
  }

  /** Told by the values that a key has changed. */
  look(key: string): void {
    for (const watched of [...this.#prefixes.all()]) {
      if (key.startsWith(watched.prefix)) watched.current(this.#values.list(watched.prefix));
    }
  }

  /** Ends all watches of this store; the values stay for others of the same. */
  close(): void {
    this.#closed = true;
    this.#prefixes.closeAll();
    this.#values.stores.delete(this);
  }

  #refuse(signal: AbortSignal | undefined): void {
    if (this.#closed) throw new RegistryError('memory: the key-value store is closed');
    if (signal?.aborted === true) throw new RegistryError('memory: given up');
  }
}

function sizeOf(key: string, value: string): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value);
}

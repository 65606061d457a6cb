import { abortable, type Logger } from '@micromesh/core';
import { DelayedWatch } from '../dev-agent/delayed-watch.js';
import { RegistryError } from '../registry.js';
import type { KeyValueStore, KvEntry, KvWatch, KvWatchState, KvWriteOptions } from './key-value-store.js';
import { checkKey, checkPrefix, checkValue } from './kv-rules.js';

/** What the keys of an agent that may have to be started stand on. */
export interface AgentInWaiting {
  readonly inner: KeyValueStore;
  readonly logger: Logger;
  /** Resolves when the agent answers; starts it. */
  ready(): Promise<void>;
  /** Begins to look for the agent. */
  start(): void;
  /** Tells a watch what is known by now. */
  tell(watch: DelayedWatch<KvWatchState>, open: () => KvWatch): void;
}

/** The key-value store of the embedded registry: every question waits for the dev agent first. */
export class EmbeddedKeyValueStore implements KeyValueStore {
  readonly #agent: AgentInWaiting;
  readonly #watches = new Map<DelayedWatch<KvWatchState>, string>();

  constructor(agent: AgentInWaiting) {
    this.#agent = agent;
  }

  async get(key: string, signal?: AbortSignal): Promise<KvEntry | undefined> {
    checkKey(key);
    await this.#ready(signal);
    return this.#agent.inner.get(key, signal);
  }

  async list(prefix: string, signal?: AbortSignal): Promise<readonly KvEntry[]> {
    checkPrefix(prefix);
    await this.#ready(signal);
    return this.#agent.inner.list(prefix, signal);
  }

  async put(key: string, value: string, options?: KvWriteOptions): Promise<boolean> {
    checkKey(key);
    checkValue(key, value);
    await this.#ready(options?.signal);
    return this.#agent.inner.put(key, value, options);
  }

  async delete(key: string, options?: KvWriteOptions): Promise<boolean> {
    checkKey(key);
    await this.#ready(options?.signal);
    return this.#agent.inner.delete(key, options);
  }

  watch(prefix: string): KvWatch {
    checkPrefix(prefix);
    const watch = new DelayedWatch<KvWatchState>(this.#agent.logger, () => this.#watches.delete(watch));
    this.#watches.set(watch, prefix);
    this.#agent.start();
    this.#tell(watch, prefix);
    return watch;
  }

  /** The agent answers, or cannot be had. */
  agentChanged(): void {
    for (const [watch, prefix] of this.#watches) this.#tell(watch, prefix);
  }

  /** Ends all watches. */
  close(): void {
    for (const watch of [...this.#watches.keys()]) watch.close();
  }

  /** Waits for the agent until the caller gives it up. */
  async #ready(signal: AbortSignal | undefined): Promise<void> {
    if (signal === undefined) return this.#agent.ready();
    if (signal.aborted) throw givenUp();
    try {
      await abortable(this.#agent.ready(), signal);
    } catch (error) {
      throw signal.aborted ? givenUp() : error;
    }
  }

  #tell(watch: DelayedWatch<KvWatchState>, prefix: string): void {
    this.#agent.tell(watch, () => this.#agent.inner.watch(prefix));
  }
}

function givenUp(): RegistryError {
  return new RegistryError('given up before the dev agent answered');
}

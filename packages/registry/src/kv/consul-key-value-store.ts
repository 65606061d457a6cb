import { createAbortController, onAbort } from '@micromesh/core';
import type { AgentRing } from '../consul/agent-ring.js';
import { type BlockingAnswer, BlockingQuery, type BlockingWait } from '../consul/blocking-query.js';
import type { ConsulAgent } from '../consul/consul-agent.js';
import { consulIndexOf, refuseFiltered } from '../consul/consul-headers.js';
import type { ConsulSettings } from '../consul/consul-options.js';
import { answerTimeoutMs, waitQuery } from '../consul/wait-query.js';
import type { WaitSlots } from '../consul/wait-slots.js';
import { RegistryError } from '../registry.js';
import type { KeyValueStore, KvEntry, KvWatch, KvWriteOptions } from './key-value-store.js';
import { readKvEntries, readKvWritten } from './kv-answer.js';
import { checkKey, checkPrefix, checkValue } from './kv-rules.js';
import { type PrefixWatches, prefixWatches, type WatchedPrefix } from './watched-prefix.js';

/** The agents of a registry, with a pool of connections for each kind of request. */
export interface KeyValueAgents {
  /** For what is answered at once: a pool with a bound, since any number of calls may read and write at a time. */
  readonly plain: AgentRing;
  /** For watches, which hold a connection each while they have a slot. */
  readonly waiting: AgentRing;
  readonly waits: WaitSlots;
}

/** Consul's key-value store, by way of a registry's own agents. The dev agent has the same. */
export class ConsulKeyValueStore implements KeyValueStore {
  readonly #description: string;
  readonly #agents: KeyValueAgents;
  readonly #settings: ConsulSettings;
  readonly #prefixes: PrefixWatches;
  readonly #running = new Set<Promise<void>>();
  readonly #abort = createAbortController();

  constructor(description: string, agents: KeyValueAgents, settings: ConsulSettings) {
    this.#description = description;
    this.#agents = agents;
    this.#settings = settings;
    this.#prefixes = prefixWatches(description, settings.logger, (watched) => this.#follow(watched));
  }

  async get(key: string, signal?: AbortSignal): Promise<KvEntry | undefined> {
    checkKey(key);
    const { value } = await this.#within(signal, (both) =>
      this.#agents.plain.ask((agent) => this.#read(agent, { path: pathOf(key) }, both), both),
    );
    return value[0];
  }

  async list(prefix: string, signal?: AbortSignal): Promise<readonly KvEntry[]> {
    checkPrefix(prefix);
    const { value } = await this.#within(signal, (both) =>
      this.#agents.plain.ask((agent) => this.#read(agent, { path: pathOf(prefix), recurse: '' }, both), both),
    );
    return value;
  }

  async put(key: string, value: string, options: KvWriteOptions = {}): Promise<boolean> {
    checkKey(key);
    checkValue(key, value);
    return this.#write('PUT', key, value, options);
  }

  async delete(key: string, options: KvWriteOptions = {}): Promise<boolean> {
    checkKey(key);
    return this.#write('DELETE', key, undefined, options);
  }

  watch(prefix: string): KvWatch {
    checkPrefix(prefix);
    this.#refuseWhenClosed();
    return this.#prefixes.open(prefix);
  }

  /** Ends all watches and requests. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#prefixes.closeAll();
    await Promise.all(this.#running);
  }

  #follow(watched: WatchedPrefix): () => void {
    const { clock, random, minIntervalMs, waitMs, retry, stale } = this.#settings;
    const question = { path: pathOf(watched.prefix), recurse: '', ...(stale ? { stale: '' } : {}) };
    const query = new BlockingQuery<readonly KvEntry[]>({
      // Only the agent that gave the index is waited for. Another one is asked without: it may know less.
      ask: (wait, signal) =>
        wait === undefined
          ? this.#agents.waiting.ask((agent) => this.#read(agent, question, signal), signal)
          : this.#agents.waiting.askCurrent((agent) => this.#read(agent, { ...question, wait }, signal)),
      onAnswer: (entries) => watched.current(entries),
      onDoubt: (entries, error) => watched.doubtful(entries, error),
      onFailure: (error) => watched.failing(error),
      onRecovery: () => {},
      minIntervalMs,
      waitMs,
      waits: this.#agents.waits,
      retry,
      clock,
      random,
    });
    const run = query.run().finally(() => this.#running.delete(run));
    this.#running.add(run);
    return () => query.close();
  }

  async #read(
    agent: ConsulAgent,
    { path, wait, ...flags }: KvQuestion,
    signal: AbortSignal,
  ): Promise<BlockingAnswer<readonly KvEntry[]>> {
    const answer = await agent.request(
      {
        method: 'GET',
        path,
        query: {
          ...this.#scope,
          ...flags,
          ...waitQuery(wait),
        },
        absenceIsAnswer: true,
        answerTimeoutMs: wait && answerTimeoutMs(wait, this.#settings),
      },
      signal,
    );
    const entries = readKvEntries(answer, agent.description);
    if (entries.length === 0) refuseFiltered(answer, agent.description, `the keys of ${path}`);
    return {
      value: entries,
      index: consulIndexOf(answer),
      knownLeader: answer.headers['x-consul-knownleader'] !== 'false',
    };
  }

  #write(
    method: 'PUT' | 'DELETE',
    key: string,
    text: string | undefined,
    { cas, signal }: KvWriteOptions,
  ): Promise<boolean> {
    return this.#within(signal, (both) => {
      const ask = async (agent: ConsulAgent) => {
        const answer = await agent.request(
          {
            method,
            path: pathOf(key),
            query: { ...this.#scope, cas: cas === undefined ? undefined : String(cas) },
            ...(text === undefined ? {} : { text }),
            // The second of two equal ones would find the first, and say that nothing was written.
            ...(cas === undefined ? {} : { resend: false }),
          },
          both,
        );
        return readKvWritten(answer, agent.description);
      };
      return cas === undefined ? this.#agents.plain.ask(ask, both) : this.#agents.plain.askCurrent(ask);
    });
  }

  get #scope(): Readonly<Record<string, string | undefined>> {
    const { datacenter, namespace, partition } = this.#settings;
    return { dc: datacenter, ns: namespace, partition };
  }

  /** Works until the caller gives it up, or the store is closed. */
  async #within<T>(signal: AbortSignal | undefined, work: (both: AbortSignal) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    if (signal === undefined) return work(this.#abort.signal);
    const own = createAbortController();
    const forget = [this.#abort.signal, signal].map((each) => onAbort(each, () => own.abort()));
    try {
      return await work(own.signal);
    } finally {
      for (const each of forget) each();
    }
  }

  #refuseWhenClosed(): void {
    if (this.#abort.signal.aborted) throw new RegistryError(`${this.#description} is closed`);
  }
}

interface KvQuestion {
  readonly path: string;
  readonly wait?: BlockingWait;
  readonly recurse?: string;
  readonly stale?: string;
}

function pathOf(key: string): string {
  return `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

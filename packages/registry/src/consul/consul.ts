import { createAbortController, formatAddress, formatServiceKey, type ServiceKey } from '@micromesh/core';
import { ConsulKeyValueStore } from '../kv/consul-key-value-store.js';
import { checkRegistration, idIsTaken } from '../registration-rules.js';
import {
  type KeyValueRegistry,
  type Registered,
  type Registration,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
} from '../registry.js';
import { snapshotOf } from '../registry-entry.js';
import { type ServiceWatches, serviceWatches, type WatchedService } from '../watched-service.js';
import { formatAgentAddress } from './agent-address.js';
import { AgentRing } from './agent-ring.js';
import { BlockingQuery } from './blocking-query.js';
import { type AgentSettings, ConsulAgent } from './consul-agent.js';
import { ConsulKeeper } from './consul-keeper.js';
import { type ConsulOptions, type ConsulSettings, readConsulOptions } from './consul-options.js';
import { askHealth } from './health-query.js';
import { isObject, stringsIn } from './json-shape.js';
import { encodeNodeMeta } from './node-meta.js';
import { RegisteredNode } from './registered-node.js';
import { TokenSource } from './token-source.js';
import { WaitSlots } from './wait-slots.js';

/**
 * A registry in Consul, by way of one agent or several.
 *
 * @throws ConfigError when an option is unknown or wrong. Whether Consul answers shows in watches and registrations.
 */
export function consul(options: ConsulOptions = {}): KeyValueRegistry {
  return new ConsulRegistry(readConsulOptions(options));
}

// Heartbeats share few connections of their own, so that no number of watches can keep them from being sent.
const KEEPER_SOCKETS = 2;

// An agent takes 200 connections from one address. However many keys are read and written at once, they share these.
const KEY_VALUE_SOCKETS = 16;

// For questions that are answered at once, beside the watches.
const QUESTION_SOCKETS = 8;

// An agent counts connections that nobody uses as well.
const IDLE_MS = 5_000;

// A server that stops has more to do than to wait for a registry that does not answer.
const MAX_DEREGISTER_MS = 2_000;

class ConsulRegistry implements KeyValueRegistry {
  readonly description: string;
  readonly keyValues: ConsulKeyValueStore;
  readonly #settings: ConsulSettings;
  readonly #readers: AgentRing;
  readonly #waits: WaitSlots;
  readonly #keeperAgents: readonly ConsulAgent[];
  readonly #keepers: AgentRing;
  readonly #keyValueAgents: AgentRing;
  readonly #watches: ServiceWatches;
  readonly #nodes = new Map<string, RegisteredNode>();
  readonly #running = new Set<Promise<void>>();
  readonly #abort = createAbortController();

  constructor(settings: ConsulSettings) {
    this.#settings = settings;
    const { addresses } = settings;
    this.description = `consul ${addresses.map(formatAgentAddress).join(',')}`;
    const shared: AgentSettings = {
      token: new TokenSource(settings.token, settings.tokenFile),
      tls: settings.tls,
      namespace: settings.namespace,
      requestTimeoutMs: settings.requestTimeoutMs,
      clock: settings.clock,
    };
    const waits = new WaitSlots({
      max: settings.maxWatchConnections,
      registry: this.description,
      clock: settings.clock,
      logger: settings.logger,
    });
    this.#waits = waits;
    const readerUse = {
      maxSockets: settings.maxWatchConnections + QUESTION_SOCKETS,
      idleMs: IDLE_MS,
      onRefused: () => waits.refused(),
    };
    this.#readers = new AgentRing(addresses.map((address) => new ConsulAgent(address, shared, readerUse)));
    this.#keeperAgents = addresses.map(
      (address) =>
        new ConsulAgent(address, shared, {
          maxSockets: KEEPER_SOCKETS,
          onDisconnect: () => {
            for (const node of this.#nodes.values()) node.disconnected();
          },
        }),
    );
    this.#keepers = new AgentRing(this.#keeperAgents);
    this.#keyValueAgents = new AgentRing(
      addresses.map(
        (address) => new ConsulAgent(address, shared, { maxSockets: KEY_VALUE_SOCKETS, idleMs: IDLE_MS }),
      ),
    );
    const agents = { plain: this.#keyValueAgents, waiting: this.#readers, waits };
    this.keyValues = new ConsulKeyValueStore(this.description, agents, settings);
    this.#watches = serviceWatches(this.description, settings.logger, (watched) => this.#follow(watched));
  }

  async register(registration: Registration): Promise<Registered> {
    this.#refuseWhenClosed();
    checkRegistration(registration);
    const { clock, random, logger, heartbeatMs, retry, requestTimeoutMs } = this.#settings;
    const startedAtMs = clock.wallNow();
    encodeNodeMeta(registration, startedAtMs);
    const { id, service } = registration;
    const key = `${formatServiceKey(service)} ${id}`;
    if (this.#nodes.has(key)) throw idIsTaken(id, 'by this process');
    const node = new RegisteredNode({
      id,
      service,
      keepers: this.#keeperAgents.map(
        (agent) => new ConsulKeeper(agent, registration, startedAtMs, this.#settings),
      ),
      registry: this.description,
      heartbeatMs,
      retry,
      deregisterTimeoutMs: Math.min(requestTimeoutMs, MAX_DEREGISTER_MS),
      clock,
      random,
      logger,
      onEnd: () => {
        this.#nodes.delete(key);
      },
    });
    this.#nodes.set(key, node);
    try {
      await this.#refuseTaken(registration);
      await node.start();
    } catch (error) {
      this.#nodes.delete(key);
      throw error;
    }
    return node;
  }

  watch(service: ServiceKey): ServiceWatch {
    this.#refuseWhenClosed();
    return this.#watches.open(service);
  }

  async services(): Promise<readonly ServiceSummary[]> {
    this.#refuseWhenClosed();
    const { signal } = this.#abort;
    const { datacenter, stale } = this.#settings;
    const scope = { stale, ...(datacenter === undefined ? {} : { dc: datacenter }) };
    return this.#readers.ask(async (agent) => {
      const list: unknown = await agent.plain(signal, (client, options) =>
        client.catalog.service.list({ ...scope, ...options }),
      );
      if (!isObject(list)) throw new RegistryError(`${agent.description}: the answer is no list of services`);
      return Object.entries(list)
        .map(([name, tags]) => ({ service: { name }, tags: stringsIn(tags).sort() }))
        .sort((a, b) => (a.service.name < b.service.name ? -1 : 1));
    }, signal);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#watches.closeAll();
    await Promise.all([this.keyValues.close(), ...[...this.#nodes.values()].map((node) => node.stop())]);
    await Promise.all(this.#running);
    this.#readers.destroy();
    this.#keepers.destroy();
    this.#keyValueAgents.destroy();
  }

  #follow(watched: WatchedService): () => void {
    const { clock, random, minIntervalMs, waitMs, retry } = this.#settings;
    const query = new BlockingQuery({
      ask: (wait, signal) => askHealth(this.#readers, this.#settings, watched.service, wait, signal),
      onAnswer: (entries) => watched.current(snapshotOf(watched.service, entries)),
      onDoubt: (entries, error) => watched.doubtful(snapshotOf(watched.service, entries), error),
      onFailure: (error) => watched.failing(error),
      onRecovery: () => {
        for (const node of this.#nodes.values()) node.look();
      },
      minIntervalMs,
      waitMs,
      waits: this.#waits,
      retry,
      clock,
      random,
    });
    const run = query.run().finally(() => this.#running.delete(run));
    this.#running.add(run);
    return () => query.close();
  }

  /** Two processes with one id would take each other away when they stop. */
  async #refuseTaken({ service, id, address }: Registration): Promise<void> {
    const { signal } = this.#abort;
    const { value } = await askHealth(this.#keepers, this.#settings, service, undefined, signal);
    // The successor of a process that died has its address, or finds it critical.
    const holder = value.find(
      ({ node, usable }) =>
        usable && node.id === id && formatAddress(node.address) !== formatAddress(address),
    );
    if (holder === undefined) return;
    throw idIsTaken(id, `by ${formatAddress(holder.node.address)}`);
  }

  #refuseWhenClosed(): void {
    if (this.#abort.signal.aborted) throw new RegistryError(`${this.description} is closed`);
  }
}

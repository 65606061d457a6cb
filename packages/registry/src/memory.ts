import {
  type Clock,
  events,
  formatAddress,
  formatServiceKey,
  type Logger,
  type ServiceKey,
  silentLogger,
  systemClock,
} from '@micromesh/core';
import { MemoryKeyValueStore, MemoryKeyValues } from './kv/memory-key-value-store.js';
import { readableTags } from './readable-tags.js';
import { checkRegistration, idIsTaken } from './registration-rules.js';
import {
  type KeyValueRegistry,
  type Registered,
  type Registration,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
} from './registry.js';
import { type RegistryEntry, snapshotOf } from './registry-entry.js';
import { type ServiceWatches, serviceWatches } from './watched-service.js';

/** How a memory registry is made. */
export interface MemoryOptions {
  /** Default: a registry of its own. Registries of one name in one process hold the same nodes. */
  readonly name?: string;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

/**
 * A registry inside the process: for tests, and for services that live in one process.
 */
export function memory(options: MemoryOptions = {}): KeyValueRegistry {
  const { name, clock = systemClock, logger = silentLogger } = options;
  if (name === undefined) return new MemoryRegistry('memory', new MemoryStore(), clock, logger);
  return new MemoryRegistry(`memory:${name}`, sharedStore(name), clock, logger);
}

interface MemoryEntry {
  readonly registration: Registration;
  readonly owner: MemoryRegistry;
  readonly entry: RegistryEntry;
}

/** The nodes and the keys of one memory registry, whoever looks at them. */
class MemoryStore {
  readonly registries = new Set<MemoryRegistry>();
  readonly keyValues = new MemoryKeyValues();
  readonly #services = new Map<string, Map<string, MemoryEntry>>();
  #order = 0;

  add(registration: Registration, owner: MemoryRegistry, startedAtMs: number): MemoryEntry {
    const key = formatServiceKey(registration.service);
    const nodes = this.#services.get(key) ?? new Map<string, MemoryEntry>();
    const holder = nodes.get(registration.id);
    if (holder !== undefined && (holder.owner === owner || !sameAddress(holder.registration, registration))) {
      throw idIsTaken(registration.id, formatAddress(holder.registration.address));
    }
    const { id, address, version, labels, weight } = registration;
    const added: MemoryEntry = {
      registration,
      owner,
      entry: {
        node: { id, address, version, labels: { ...labels }, weight, micromesh: true },
        usable: true,
        startedAtMs,
        order: this.#order++,
      },
    };
    nodes.set(id, added);
    this.#services.set(key, nodes);
    this.#changed(registration.service);
    return added;
  }

  remove(entry: MemoryEntry): void {
    const { service, id } = entry.registration;
    const key = formatServiceKey(service);
    const nodes = this.#services.get(key);
    if (nodes?.get(id) !== entry) return;
    nodes.delete(id);
    if (nodes.size === 0) this.#services.delete(key);
    this.#changed(service);
  }

  entries(service: ServiceKey): RegistryEntry[] {
    const nodes = this.#services.get(formatServiceKey(service));
    return nodes === undefined ? [] : [...nodes.values()].map((held) => held.entry);
  }

  summaries(): ServiceSummary[] {
    const summaries: ServiceSummary[] = [];
    for (const nodes of this.#services.values()) {
      const tags = new Set<string>();
      let service: ServiceKey | undefined;
      for (const { registration } of nodes.values()) {
        service = registration.service;
        for (const tag of readableTags(registration.version, registration.labels)) tags.add(tag);
      }
      if (service !== undefined) summaries.push({ service, tags: [...tags].sort() });
    }
    return summaries.sort((a, b) => (formatServiceKey(a.service) < formatServiceKey(b.service) ? -1 : 1));
  }

  get isEmpty(): boolean {
    return this.#services.size === 0 && this.keyValues.isEmpty;
  }

  #changed(service: ServiceKey): void {
    for (const registry of [...this.registries]) registry.look(service);
  }
}

const storesByName = new Map<string, MemoryStore>();

function sharedStore(name: string): MemoryStore {
  let store = storesByName.get(name);
  if (store === undefined) {
    store = new MemoryStore();
    storesByName.set(name, store);
  }
  return store;
}

function forgetUnused(): void {
  for (const [name, store] of storesByName) {
    if (store.registries.size === 0 && store.isEmpty) storesByName.delete(name);
  }
}

class MemoryRegistry implements KeyValueRegistry {
  readonly description: string;
  readonly keyValues: MemoryKeyValueStore;
  readonly #store: MemoryStore;
  readonly #clock: Clock;
  readonly #watches: ServiceWatches;
  #closed = false;

  constructor(description: string, store: MemoryStore, clock: Clock, logger: Logger) {
    this.description = description;
    this.#store = store;
    this.#clock = clock;
    this.keyValues = new MemoryKeyValueStore(store.keyValues, logger);
    store.registries.add(this);
    this.#watches = serviceWatches(description, logger, (watched) => {
      watched.current(snapshotOf(watched.service, store.entries(watched.service)));
      return () => {};
    });
  }

  async register(registration: Registration): Promise<Registered> {
    this.#refuseWhenClosed();
    checkRegistration(registration);
    const entry = this.#store.add(registration, this, this.#clock.wallNow());
    this.#tell(registration, 'registered');
    let held = true;
    return {
      id: registration.id,
      deregister: async () => {
        if (!held) return;
        held = false;
        this.#store.remove(entry);
        this.#tell(registration, 'deregistered');
        forgetUnused();
      },
    };
  }

  watch(service: ServiceKey): ServiceWatch {
    this.#refuseWhenClosed();
    return this.#watches.open(service);
  }

  async services(): Promise<readonly ServiceSummary[]> {
    this.#refuseWhenClosed();
    return this.#store.summaries();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watches.closeAll();
    this.keyValues.close();
    this.#store.registries.delete(this);
    forgetUnused();
  }

  /** Told by the store that the nodes of a service have changed. */
  look(service: ServiceKey): void {
    const key = formatServiceKey(service);
    for (const watched of this.#watches.all()) {
      if (formatServiceKey(watched.service) !== key) continue;
      watched.current(snapshotOf(watched.service, this.#store.entries(service)));
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new RegistryError(`${this.description} is closed`);
  }

  #tell({ service, id }: Registration, state: 'registered' | 'deregistered'): void {
    if (!events.registration.heard) return;
    events.registration.publish({ registry: this.description, service, nodeId: id, state });
  }
}

function sameAddress(a: Registration, b: Registration): boolean {
  return formatAddress(a.address) === formatAddress(b.address);
}

import { formatServiceKey, type ServiceKey, type Snapshot, systemClock } from '@micromesh/core';
import type { Registry } from '@micromesh/registry';
import { type AskableProcess, askProcesses, findProcesses } from '../nodes/client-processes.js';
import { knownInterventions } from '../nodes/known-interventions.js';
import { type NodesView, nodesView } from '../nodes/nodes-view.js';
import { snapshotNow } from '../nodes/snapshot-now.js';

/** What the registry, operators and the processes that call a service say of its nodes. */
export interface ServiceFacts extends Pick<NodesView, 'nodes' | 'unasked'> {
  readonly snapshot: Snapshot;
}

/** Asks for the nodes of services, of each once. */
export class KnownServices {
  readonly #registry: Registry;
  readonly #facts = new Map<string, Promise<ServiceFacts>>();
  #processes: Promise<readonly AskableProcess[]> | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** @throws RegistryError when the registry does not answer. */
  of(service: ServiceKey): Promise<ServiceFacts> {
    const name = formatServiceKey(service);
    const facts = this.#facts.get(name) ?? this.#ask(service);
    this.#facts.set(name, facts);
    return facts;
  }

  /**
   * The names of the services that are registered.
   *
   * @throws RegistryError when the registry does not answer.
   */
  async names(): Promise<readonly string[]> {
    return (await this.#registry.services()).map(({ service }) => service.name);
  }

  async #ask(service: ServiceKey): Promise<ServiceFacts> {
    const registry = this.#registry;
    this.#processes ??= findProcesses(registry);
    const snapshot = await snapshotNow(registry, service);
    const known =
      registry.keyValues === undefined
        ? { inForce: new Map(), over: [], unreadable: [] }
        : await knownInterventions(registry.keyValues, service, systemClock.wallNow());
    const asked = await askProcesses(await this.#processes, service);
    const { nodes, unasked } = nodesView(registry.description, snapshot, known, asked);
    return { snapshot, nodes, unasked };
  }
}

import { type Clock, systemClock } from '@micromesh/core';
import type { Catalog } from './catalog.js';
import { Refusal } from './refusal.js';
import { type CheckDefinition, type CheckOwner, RunningCheck } from './running-check.js';
import type { CheckEntry, CheckStatus, ServiceEntry } from './service-entry.js';

const MAX_SERVICES = 10_000;
const NO_REASON =
  'Maintenance mode is enabled for this node, but no reason was provided. This is a default message.';
const NO_SERVICE_REASON =
  'Maintenance mode is enabled for this service, but no reason was provided. This is a default message.';
const NODE_MAINTENANCE = '_node_maintenance';
/**
 * Consul starts a check that it runs itself as critical (or as the registration says) until its first probe. Nothing here probes, so
 * nothing could ever change that first state: the check passes at once, as it does in Consul with a node that is well.
 */
const UNPROBED_OUTPUT = "passing without being asked: micromesh's dev agent makes no outbound checks";

/** What the agent itself knows: the services and checks that were registered here, which it writes to the catalog. */
export class LocalAgent implements CheckOwner {
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #services = new Map<string, ServiceEntry>();
  readonly #checks = new Map<string, RunningCheck>();

  constructor(catalog: Catalog, clock: Clock = systemClock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  get services(): ReadonlyMap<string, ServiceEntry> {
    return this.#services;
  }

  get checks(): readonly CheckEntry[] {
    return [...this.#checks.values()].map(({ entry }) => entry);
  }

  /**
   * Adds a service, or replaces what is registered under its id. A check that is there already keeps its state.
   *
   * @param replaceChecks - whether checks of the service that are not named again go away.
   */
  register(service: ServiceEntry, definitions: readonly CheckDefinition[], replaceChecks: boolean): void {
    if (!this.#services.has(service.id) && this.#services.size >= MAX_SERVICES) {
      throw new Refusal(500, `the dev agent holds at most ${MAX_SERVICES} services`);
    }
    this.#services.set(service.id, service);
    const named = new Set<string>();
    const before = new Map([...this.#checks].map(([id, { entry }]) => [id, entry]));
    definitions.forEach((definition, position) => {
      const suffix = definitions.length > 1 ? `:${position + 1}` : '';
      const id = definition.id ?? `service:${service.id}${suffix}`;
      named.add(id);
      this.#putCheck(id, definition, service, before.get(id));
    });
    if (replaceChecks) {
      for (const { entry } of [...this.#checks.values()]) {
        if (entry.serviceId === service.id && !named.has(entry.id)) this.#dropCheck(entry.id);
      }
    }
    this.#sync(service);
  }

  /** Takes a service and its checks away; an unknown one is no error, as in Consul 1.8. */
  deregister(id: string): void {
    if (id === '') throw new Refusal(500, 'ServiceID missing');
    if (!this.#services.delete(id)) return;
    for (const check of [...this.#checks.values()]) {
      if (check.entry.serviceId !== id) continue;
      check.stop();
      this.#checks.delete(check.entry.id);
    }
    this.#catalog.removeService(id);
  }

  /** What a client says of a TTL check. */
  report(checkId: string, status: CheckStatus, output: string): void {
    const check = this.#checks.get(checkId);
    if (check?.isTtl !== true) {
      throw new Refusal(500, `CheckID ${JSON.stringify(checkId)} does not have associated TTL`);
    }
    check.report(status, output);
    this.#syncCheck(check);
  }

  /** Makes a service critical by hand, or ends that. */
  maintainService(id: string, enable: boolean, reason: string): void {
    const service = this.#services.get(id);
    if (service === undefined) throw new Refusal(404, `No service registered with ID ${JSON.stringify(id)}`);
    const checkId = `_service_maintenance:${id}`;
    this.#maintain(checkId, 'Service Maintenance Mode', enable, reason || NO_SERVICE_REASON, service);
  }

  /** Makes the whole node critical by hand, or ends that. */
  maintainNode(enable: boolean, reason: string): void {
    this.#maintain(NODE_MAINTENANCE, 'Node Maintenance Mode', enable, reason || NO_REASON, undefined);
  }

  onExpired(id: string, output: string): void {
    const check = this.#checks.get(id);
    if (check === undefined) return;
    check.set('critical', output);
    this.#syncCheck(check);
  }

  onCriticalTooLong(serviceId: string): void {
    this.deregister(serviceId);
  }

  /** No timer is left. */
  close(): void {
    for (const check of this.#checks.values()) check.stop();
  }

  #putCheck(
    id: string,
    definition: CheckDefinition,
    service: ServiceEntry,
    before: CheckEntry | undefined,
  ): void {
    this.#checks.get(id)?.stop();
    const probed = definition.ttlMs === 0;
    const entry: CheckEntry = {
      id,
      name: definition.name === '' ? `Service '${service.name}' check` : definition.name,
      status: probed ? 'passing' : (before?.status ?? definition.status ?? 'critical'),
      notes: definition.notes,
      output: probed ? UNPROBED_OUTPUT : (before?.output ?? ''),
      serviceId: service.id,
      serviceName: service.name,
      serviceTags: service.tags,
      type: definition.type,
    };
    this.#checks.set(id, new RunningCheck(entry, definition, this.#clock, this));
  }

  #maintain(
    id: string,
    name: string,
    enable: boolean,
    notes: string,
    service: ServiceEntry | undefined,
  ): void {
    if (enable === this.#checks.has(id)) return;
    if (!enable) {
      this.#dropCheck(id);
      return;
    }
    const entry: CheckEntry = {
      id,
      name,
      status: 'critical',
      notes,
      output: '',
      serviceId: service?.id ?? '',
      serviceName: service?.name ?? '',
      serviceTags: service?.tags ?? [],
      type: 'maintenance',
    };
    const check = new RunningCheck(entry, { ttlMs: 0, deregisterAfterMs: 0 }, this.#clock, this);
    this.#checks.set(id, check);
    this.#syncCheck(check);
  }

  #dropCheck(id: string): void {
    this.#checks.get(id)?.stop();
    this.#checks.delete(id);
    this.#catalog.removeCheck(id);
  }

  #sync(service: ServiceEntry): void {
    const dirty = [...this.#checks.values()].filter(
      (check) => check.dirty && check.entry.serviceId === service.id,
    );
    this.#catalog.register(
      service,
      dirty.map(({ entry }) => entry),
    );
    for (const check of dirty) check.dirty = false;
  }

  #syncCheck(check: RunningCheck): void {
    if (!check.dirty) return;
    check.dirty = false;
    this.#catalog.register(undefined, [check.entry]);
  }
}

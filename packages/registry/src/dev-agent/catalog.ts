import { isDeepStrictEqual } from 'node:util';
import { wokenBelow } from './absent-key.js';
import type { Changes, Topic } from './changes.js';
import type { CheckEntry, ServiceEntry } from './service-entry.js';

/** A row and the writes that made and last changed it. */
export interface Row<T> {
  readonly value: T;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** What a read sees, at which index, and what it has to wait for to see more. */
export interface Read<T> {
  readonly value: T;
  readonly index: number;
  readonly wokenBy: (topic: Topic) => boolean;
}

/** One instance of a service with the checks that count for it. */
export interface Instance {
  readonly service: Row<ServiceEntry>;
  readonly checks: readonly Row<CheckEntry>[];
}

/**
 * What the servers of a Consul cluster hold of one node: the tables `services` and `checks`, and Consul 1.8's rules of which write moves
 * whose index and wakes whom. The agent's own view is in `local-agent.ts`; the two differ as in Consul.
 */
export class Catalog {
  readonly #changes: Changes;
  readonly #services = new Map<string, Row<ServiceEntry>>();
  readonly #checks = new Map<string, Row<CheckEntry>>();
  readonly #serviceIndexes = new Map<string, number>();
  #servicesIndex = 1;
  #checksIndex = 1;
  /** The latest write that took away the last instance of some service. */
  #extinctionIndex: number | undefined;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** Writes a service (undefined: none) and checks in one step; what is as it was is left alone. */
  register(service: ServiceEntry | undefined, checks: readonly CheckEntry[]): void {
    const index = this.#changes.next();
    const topics = new Set<Topic>();
    if (service !== undefined) this.#ensureService(service, index, topics);
    for (const check of checks) this.#ensureCheck(check, index, topics);
    this.#changes.publish(topics);
  }

  /** Takes away a service and its checks. */
  removeService(id: string): void {
    const index = this.#changes.next();
    const row = this.#services.get(id);
    if (row === undefined) return;
    const topics = new Set<Topic>();
    for (const check of [...this.#checks.values()]) {
      if (check.value.serviceId === id) this.#deleteCheck(check.value, index, topics);
    }
    const { name } = row.value;
    this.#services.delete(id);
    this.#touchService(name, index, topics);
    this.#touchServices(name, index, topics);
    if (![...this.#services.values()].some(({ value }) => value.name === name)) {
      this.#serviceIndexes.delete(name);
      this.#extinctionIndex = index;
    }
    this.#changes.publish(topics);
  }

  /** Takes away a check. */
  removeCheck(id: string): void {
    const index = this.#changes.next();
    const row = this.#checks.get(id);
    if (row === undefined) return;
    const topics = new Set<Topic>();
    this.#deleteCheck(row.value, index, topics);
    this.#changes.publish(topics);
  }

  /** All service names, each with the tags of all its instances. */
  names(): Read<ReadonlyMap<string, ReadonlySet<string>>> {
    const names = new Map<string, Set<string>>();
    for (const { value } of this.#services.values()) {
      const tags = names.get(value.name) ?? new Set();
      for (const tag of value.tags) tags.add(tag);
      names.set(value.name, tags);
    }
    return { value: names, index: this.#servicesIndex, wokenBy: only(SERVICES) };
  }

  /** The instances of a service, for `catalog/service`. */
  instances(name: string): Read<readonly Row<ServiceEntry>[]> {
    const rows = this.#rowsOf(name);
    const index = this.#indexOf(name, rows.length > 0, this.#servicesIndex);
    return { value: rows, index, wokenBy: rows.length > 0 ? only(instancesTopic(name)) : this.#near(name) };
  }

  /** The instances of a service with their checks, for `health/service`. */
  health(name: string): Read<readonly Instance[]> {
    const rows = this.#rowsOf(name);
    const index = this.#indexOf(name, rows.length > 0, Math.max(this.#servicesIndex, this.#checksIndex));
    const value = rows.map((service) => ({ service, checks: this.#checksOf(service.value.id) }));
    return { value, index, wokenBy: rows.length > 0 ? only(serviceTopic(name)) : this.#near(name) };
  }

  #rowsOf(name: string): readonly Row<ServiceEntry>[] {
    return [...this.#services.values()]
      .filter(({ value }) => value.name === name)
      .sort((a, b) => compareBytes(a.value.id, b.value.id));
  }

  #checksOf(serviceId: string): readonly Row<CheckEntry>[] {
    const checks = [...this.#checks.values()].sort((a, b) => compareBytes(a.value.id, b.value.id));
    return [
      ...checks.filter(({ value }) => value.serviceId === ''),
      ...checks.filter(({ value }) => value.serviceId === serviceId),
    ];
  }

  #near(absent: string): (topic: Topic) => boolean {
    const names = [...this.#services.values()].map(({ value }) => value.name);
    const start = instancesTopic(wokenBelow(absent, names));
    return (topic) => `${topic}\0`.startsWith(start);
  }

  #indexOf(name: string, exists: boolean, tables: number): number {
    const absent = exists ? undefined : this.#extinctionIndex;
    return absent ?? this.#serviceIndexes.get(name) ?? tables;
  }

  #ensureService(service: ServiceEntry, index: number, topics: Set<Topic>): void {
    const old = this.#services.get(service.id);
    if (old !== undefined && isDeepStrictEqual(old.value, service)) return;
    this.#services.set(service.id, {
      value: service,
      createIndex: old?.createIndex ?? index,
      modifyIndex: index,
    });
    this.#touchService(service.name, index, topics);
    this.#touchServices(service.name, index, topics);
    // A renamed instance has left the rows of its old name; Consul 1.8 leaves that name's own index as it was.
    if (old !== undefined) topics.add(instancesTopic(old.value.name));
  }

  #ensureCheck(check: CheckEntry, index: number, topics: Set<Topic>): void {
    const service = this.#services.get(check.serviceId)?.value;
    if (check.serviceId !== '' && service === undefined) return;
    const full =
      service === undefined ? check : { ...check, serviceName: service.name, serviceTags: service.tags };
    const old = this.#checks.get(check.id);
    if (old !== undefined && isDeepStrictEqual(old.value, full)) return;
    this.#checks.set(check.id, { value: full, createIndex: old?.createIndex ?? index, modifyIndex: index });
    this.#touchCheck(full, index, topics);
  }

  #deleteCheck(check: CheckEntry, index: number, topics: Set<Topic>): void {
    this.#checks.delete(check.id);
    this.#touchCheck(check, index, topics);
    // With a check of the node Consul 1.8 moves the index of the table `services` too, and wakes nobody for it.
    if (check.serviceId === '') this.#servicesIndex = index;
  }

  #touchCheck(check: CheckEntry, index: number, topics: Set<Topic>): void {
    this.#checksIndex = index;
    const names =
      check.serviceId === ''
        ? new Set([...this.#services.values()].map(({ value }) => value.name))
        : [check.serviceName];
    for (const name of names) this.#touchService(name, index, topics);
  }

  #touchService(name: string, index: number, topics: Set<Topic>): void {
    this.#serviceIndexes.set(name, index);
    topics.add(serviceTopic(name));
  }

  #touchServices(name: string, index: number, topics: Set<Topic>): void {
    this.#servicesIndex = index;
    topics.add(instancesTopic(name)).add(SERVICES);
  }
}

const SERVICES: Topic = 'services';

function only(wanted: Topic): (topic: Topic) => boolean {
  return (topic) => topic === wanted;
}

function serviceTopic(name: string): Topic {
  return `service:${name}`;
}

function instancesTopic(name: string): Topic {
  return `instances:${name}`;
}

/** Orders as Consul's tables do. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

import type { ServiceKey } from '@micromesh/core';
import { ResourcePlace } from '../origin/resource-place.js';
import type { PolicyCaller } from '../route/route-request.js';
import { RouteTable } from '../route/route-table.js';
import type { DestinationRule, Resource, VirtualService } from '../validate/resource.js';
import { MESH } from '../validate/virtual-service/reach.js';
import { compileRule } from './compile-rule.js';
import { HostIndex } from './host-index.js';
import { mergeDestinationRules } from './merged-destination-rule.js';
import { type DroppedRule, type MergedRule, mergedRules } from './merged-rule.js';
import { ServiceTraffic } from './service-traffic.js';

interface RoutedService {
  readonly service: VirtualService;
  readonly rules: readonly MergedRule[];
}

/** What some resources together say of one service. */
export interface SaidOfService {
  readonly routes: RouteTable | undefined;
  readonly traffic: ServiceTraffic | undefined;
  /** Whether a resource in dry-run has a part in it. */
  readonly isDryRun: boolean;
}

/** Resources that count together, found by what they are for. */
export class PolicyLayer {
  /** By gateway: `mesh` for the calls of processes. */
  readonly #routed = new Map<string, HostIndex<RoutedService>>();
  /** Gateways are called by whatever hosts their clients write: `*` is not compiled anew for each. */
  readonly #tables = new WeakMap<RoutedService, Map<string, RouteTable>>();
  readonly #destinationRules = new HostIndex<DestinationRule>();
  readonly #caller: PolicyCaller;
  /** Rules of delegates that do not agree with the rule that delegates to them. */
  readonly dropped: readonly DroppedRule[];

  /** @param resources - of two for one host the first counts. */
  constructor(resources: readonly Resource[], caller: PolicyCaller) {
    this.#caller = caller;
    const delegates = new Map<string, VirtualService>();
    for (const resource of resources) {
      if (resource.kind !== 'VirtualService' || resource.spec.hosts !== undefined) continue;
      const key = delegateKey(resource.namespace, resource.name);
      if (!delegates.has(key)) delegates.set(key, resource);
    }
    const findDelegate = (namespace: string, name: string) => delegates.get(delegateKey(namespace, name));
    const dropped: DroppedRule[] = [];
    for (const resource of resources) {
      if (resource.kind === 'DestinationRule') {
        this.#destinationRules.add(resource.spec.host, resource.namespace, resource);
      } else if (resource.kind === 'VirtualService' && resource.spec.hosts !== undefined) {
        const rules = mergedRules(resource, findDelegate, (rule) => dropped.push(rule));
        this.#addRouted({ service: resource, rules });
      }
    }
    this.dropped = dropped;
  }

  /** What is said of a service to calls that a gateway took. */
  ofService(service: ServiceKey, gateway: string): SaidOfService {
    const [routed] = this.#routed.get(gateway)?.ofService(service) ?? [];
    const rule = mergeDestinationRules(this.#destinationRules.ofService(service), this.#caller);
    const isDryRun =
      rule?.sources.some(inDryRun) === true || (routed !== undefined && partsOf(routed).some(inDryRun));
    return {
      routes: routed === undefined ? undefined : this.#tableOf(routed, gateway),
      traffic: rule === undefined ? undefined : new ServiceTraffic(rule, this.#caller),
      isDryRun,
    };
  }

  /** The rules for a name of the internet that a gateway is called by. */
  ofDomain(name: string, gateway: string): RouteTable | undefined {
    const routed = this.#routed.get(gateway)?.ofDomain(name);
    return routed === undefined ? undefined : this.#tableOf(routed, gateway);
  }

  #addRouted(routed: RoutedService): void {
    const { hosts = [], gateways = [MESH] } = routed.service.spec;
    for (const gateway of gateways) {
      let index = this.#routed.get(gateway);
      if (index === undefined) {
        index = new HostIndex();
        this.#routed.set(gateway, index);
      }
      for (const host of hosts) index.add(host, routed.service.namespace, routed);
    }
  }

  #tableOf(routed: RoutedService, gateway: string): RouteTable {
    // Of each service its own: what is drawn for the calls of one is none of the others'.
    if (gateway === MESH) return this.#compile(routed, gateway);
    let byGateway = this.#tables.get(routed);
    if (byGateway === undefined) {
      byGateway = new Map();
      this.#tables.set(routed, byGateway);
    }
    let table = byGateway.get(gateway);
    if (table === undefined) {
      table = this.#compile(routed, gateway);
      byGateway.set(gateway, table);
    }
    return table;
  }

  #compile({ service, rules }: RoutedService, gateway: string): RouteTable {
    const compiled = rules.flatMap((rule) => compileRule(rule) ?? []);
    const origin = new ResourcePlace(service, []).origin();
    return new RouteTable(origin, compiled, { caller: this.#caller, gateway });
  }
}

function partsOf({ service, rules }: RoutedService): readonly VirtualService[] {
  return [service, ...rules.map((rule) => rule.service)];
}

/** Whether a resource only counts what it would have done. */
export function inDryRun({ annotations }: Resource): boolean {
  return annotations.dryRun === true;
}

function delegateKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? 'default'}/${name}`;
}

import { formatServiceKey, type ServiceKey } from '@micromesh/core';
import { readHost } from '../hosts/read-host.js';
import { exactService } from '../hosts/service-pattern.js';
import type { LimitSide } from '../limits/limit-rules.js';
import { LimitTable } from '../limits/limit-table.js';
import type { ServiceLimits } from '../limits/service-limits.js';
import { resourceTitle } from '../origin/resource-place.js';
import type { PolicyCaller } from '../route/route-request.js';
import type { RouteMatch, RouteTable } from '../route/route-table.js';
import type { Resource } from '../validate/resource.js';
import { MESH } from '../validate/virtual-service/reach.js';
import type { DroppedRule } from './merged-rule.js';
import { inDryRun, PolicyLayer } from './policy-layer.js';
import { ServicePolicy } from './service-policy.js';

/** What policies are compiled with. */
export interface PolicySetOptions {
  /** Names the set: calls that began under it keep it. */
  readonly version: string;
  readonly caller: PolicyCaller;
}

/** Services, and hosts of gateways, whose policies are kept; more are compiled anew. */
const MAX_KEPT = 4096;

/**
 * One version of the policies, as one caller sees it. It never changes; what is said of a service is compiled when it is first asked for,
 * and kept.
 */
export class PolicySet {
  readonly version: string;
  readonly resources: readonly Resource[];
  /** Rules of delegates that are left out, since their matches are no part of those of the rule that delegates. */
  readonly dropped: readonly DroppedRule[];
  /** Of the resources that only count what they would have done: `VirtualService shop/hello`. */
  readonly dryRunTitles: ReadonlySet<string>;
  readonly #live: PolicyLayer;
  /** With the resources in dry-run, before the others; undefined: there are none. */
  readonly #dryRun: PolicyLayer | undefined;
  /** By the key itself: a channel asks with the same one for each call. `null`: nothing is said. */
  readonly #byKey = new WeakMap<ServiceKey, ServicePolicy | null>();
  readonly #byName = new Map<string, ServicePolicy | null>();
  readonly #byDomain = new Map<string, RouteTable | null>();
  readonly #dryByHost = new Map<string, RouteTable | null>();
  readonly #isSilent: boolean;
  readonly #limits: LimitTable;
  /** The limits in dry-run, which only count what they would have refused; undefined: there are none. */
  readonly dryRunLimits: LimitTable | undefined;

  private constructor(resources: readonly Resource[], { version, caller }: PolicySetOptions) {
    this.version = version;
    this.resources = resources;
    const inForce = resources.filter((resource) => !inDryRun(resource));
    this.#live = new PolicyLayer([...inForce, ...resources.filter(inDryRun).flatMap(subsetsAlone)], caller);
    this.#limits = new LimitTable(inForce);
    const dry = resources.filter(inDryRun);
    const dryLimits = new LimitTable(dry);
    this.dryRunLimits = dryLimits.limitKeys.size === 0 ? undefined : dryLimits;
    this.dryRunTitles = new Set(dry.map(resourceTitle));
    this.#dryRun = dry.length === 0 ? undefined : new PolicyLayer([...dry, ...inForce], caller);
    this.dropped = (this.#dryRun ?? this.#live).dropped;
    this.#isSilent = !resources.some(({ kind }) => kind === 'VirtualService' || kind === 'DestinationRule');
  }

  /**
   * Compiles resources that `validate` has found without an error; never throws for them.
   *
   * @param resources - of two for one host the first counts, as in Istio the oldest.
   */
  static compile(resources: readonly Resource[], options: PolicySetOptions): PolicySet {
    return new PolicySet(resources, options);
  }

  /**
   * What is said of a service; the object is the same for the same service. Undefined: nothing is, and micromesh's defaults hold.
   *
   * @param gateway - the HTTP gateway that took the call; default `mesh`: the process calls by itself.
   */
  of(service: ServiceKey, gateway: string = MESH): ServicePolicy | undefined {
    if (this.#isSilent) return undefined;
    if (gateway !== MESH) return this.#named(service, gateway) ?? undefined;
    let policy = this.#byKey.get(service);
    if (policy === undefined) {
      policy = this.#named(service, gateway);
      this.#byKey.set(service, policy);
    }
    return policy ?? undefined;
  }

  /** What bounds the calls of a service on one side; the object is the same for the same key. Undefined: nothing does. */
  limitsOf(service: ServiceKey, side: LimitSide): ServiceLimits | undefined {
    return this.#limits.limitsOf(service, side);
  }

  /** The names that VirtualServices call HTTP gateways by, those in dry-run too; in order. */
  get gateways(): readonly string[] {
    const named = this.resources.flatMap(({ kind, spec }) =>
      kind === 'VirtualService' ? (spec.gateways ?? []) : [],
    );
    return [...new Set(named)].filter((name) => name !== MESH).sort();
  }

  /** Names all limits by the resource and all that it says: one that is in two versions is the same. */
  get limitKeys(): ReadonlySet<string> {
    return this.#limits.limitKeys;
  }

  /** The rules for a host that an HTTP gateway is called by: a service, or a name of the internet. */
  atHost(host: string, gateway: string): RouteTable | undefined {
    const service = serviceAt(host);
    if (service !== undefined) return this.of(service, gateway)?.routes;
    const name = `${gateway} ${host.toLowerCase()}`;
    const kept = this.#byDomain.get(name);
    if (kept !== undefined) return kept ?? undefined;
    const table = this.#live.ofDomain(host, gateway);
    keep(this.#byDomain, name, table ?? null);
    return table;
  }

  /**
   * What {@link atHost} would give if the resources in dry-run counted; the object is the same for the same answer. Undefined: none of
   * them has a part in the rules for the host, or there are none.
   */
  dryRunAtHost(host: string, gateway: string): RouteTable | undefined {
    if (this.#dryRun === undefined) return undefined;
    const name = `${gateway} ${host}`;
    const kept = this.#dryByHost.get(name);
    if (kept !== undefined) return kept ?? undefined;
    const service = serviceAt(host);
    const table =
      service === undefined
        ? this.#dryRun.ofDomain(host, gateway)
        : this.of(service, gateway)?.dryRun?.routes;
    const found = table !== undefined && this.#isDryRun(table) ? table : undefined;
    keep(this.#dryByHost, name, found ?? null);
    return found;
  }

  /**
   * The resource in dry-run to which is due what a table with such resources makes of a call: that of the rule which took it, else the one
   * that delegates to that, or has no rule for it. Undefined: it is due to resources in force.
   */
  dryRunTitleOf({ origin }: RouteTable, found: RouteMatch): string | undefined {
    const parts = found.kind === 'rule' ? [found.rule.origin, origin] : [origin];
    return parts.find(({ resource }) => this.dryRunTitles.has(resource))?.resource;
  }

  #isDryRun({ origin, rules }: RouteTable): boolean {
    return [origin, ...rules.map((rule) => rule.origin)].some(({ resource }) =>
      this.dryRunTitles.has(resource),
    );
  }

  #named(service: ServiceKey, gateway: string): ServicePolicy | null {
    const name = `${gateway} ${formatServiceKey(service)}`;
    const kept = this.#byName.get(name);
    if (kept !== undefined) return kept;
    const policy = this.#compile(service, gateway);
    keep(this.#byName, name, policy);
    return policy;
  }

  #compile(service: ServiceKey, gateway: string): ServicePolicy | null {
    const { routes, traffic } = this.#live.ofService(service, gateway);
    const would = this.#dryRun?.ofService(service, gateway);
    const dryRun =
      would?.isDryRun === true
        ? new ServicePolicy(this.version, service, would.routes, would.traffic, undefined)
        : undefined;
    if (routes === undefined && traffic === undefined && dryRun === undefined) return null;
    return new ServicePolicy(this.version, service, routes, traffic, dryRun);
  }
}

/** The service that a host is a name of; undefined: it is one of the internet, or none. */
function serviceAt(host: string): ServiceKey | undefined {
  const read = readHost(host);
  return read.kind === 'service' ? exactService(read.pattern) : undefined;
}

/** A subset is a name, which does nothing by itself: what is in force may send calls to one that a rule in dry-run defines. */
function subsetsAlone(resource: Resource): readonly Resource[] {
  if (resource.kind !== 'DestinationRule') return [];
  const { host, workloadSelector, subsets = [] } = resource.spec;
  const names = subsets.map(({ trafficPolicy: _, ...subset }) => subset);
  return [
    {
      ...resource,
      spec: { host, subsets: names, ...(workloadSelector === undefined ? {} : { workloadSelector }) },
    },
  ];
}

function keep<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size >= MAX_KEPT) map.clear();
  map.set(name, value);
}

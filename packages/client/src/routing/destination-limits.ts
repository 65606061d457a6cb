import { formatServiceKey, Places, type ServiceKey } from '@micromesh/core';
import type {
  ConnectionPoolRule,
  OutlierRule,
  PolicySet,
  RetryBudgetRule,
  SubsetRule,
  TrafficSettings,
} from '@micromesh/policy';
import { RetryConcurrency } from '../limits/retry-concurrency.js';
import { ClusterEjections } from '../nodes/cluster-ejections.js';
import type { Service } from '../nodes/service.js';
import type { ServiceNodes } from '../nodes/service-nodes.js';
import type { RetryBudget } from '../retry/retry-budget.js';
import { RetryShare } from '../retry/retry-share.js';
import type { PolicyView } from './policy-view.js';
import { nodesOf } from './subset-filter.js';

/** What an operator sends calls to: what Envoy calls a cluster. */
export interface ClusterTarget {
  readonly service: ServiceKey;
  readonly subset: string | undefined;
  readonly port: number | undefined;
}

/** What is shared by all calls to a cluster as long as its block of the rule stays as it is, whatever else changes. */
interface Kept<T> {
  /** The block, without where it stands. */
  readonly block: string;
  readonly value: T;
}

interface Pool {
  readonly places: Places | undefined;
  readonly pending: Places | undefined;
  readonly retryConcurrency: RetryConcurrency | undefined;
}

interface Cluster {
  readonly target: ClusterTarget;
  pool?: Kept<Pool>;
  budget?: Kept<RetryBudget>;
  /** Clients that ask for connections of another kind have nodes of their own. */
  readonly ejections: Map<ServiceNodes, Kept<ClusterEjections>>;
}

/**
 * What operators say of the calls to each destination beside where they go: when nodes are ejected, how many calls there may be at a time,
 * and how many retry. All clients of a mesh share it; it outlasts every version of the policies that leaves its block as it was.
 */
export class DestinationLimits {
  readonly #policies: PolicyView;
  readonly #clusters = new Map<string, Cluster>();
  /** Clusters that this version does not name any more have gone. */
  #tidiedFor: PolicySet | undefined;

  constructor(policies: PolicyView) {
    this.#policies = policies;
  }

  /**
   * A service as the calls to one destination see it: to be made once a plan and destination.
   *
   * @param subset - where the target names one.
   */
  limited(service: Service, target: ClusterTarget, traffic: TrafficSettings, subset?: SubsetRule): Service {
    const { outlier, connectionPool, retryBudget } = traffic;
    if (outlier === undefined && connectionPool === undefined && retryBudget === undefined) return service;
    // The copies of a call that began under another version: what the calls of this one share is not theirs to replace.
    if (traffic !== this.#trafficInForce(target)) return service;
    this.#tidy();
    const cluster = this.#clusterOf(target);
    const pool = connectionPool && this.#poolOf(cluster, connectionPool);
    const budget = (retryBudget && this.#budgetOf(cluster, retryBudget, service)) ?? service.budget;
    // A budget says how many calls retry at a time in the bound's place, and a client may always want fewer.
    const bound = retryBudget === undefined ? pool?.retryConcurrency : undefined;
    const retryConcurrency = bound ?? service.retryConcurrency;
    const ejections = outlier && this.#ejectionsOf(cluster, outlier, service, subset);
    return {
      key: service.key,
      name: service.name,
      nodes: service.nodes,
      budget,
      ...(retryConcurrency && { retryConcurrency }),
      ...(ejections && { ejections }),
      ...(pool?.places && { places: pool.places }),
      ...(pool?.pending && { pending: pool.pending }),
    };
  }

  #trafficInForce({ service, subset, port }: ClusterTarget): TrafficSettings | undefined {
    return this.#policies.current?.of(service)?.traffic(subset, port);
  }

  #clusterOf(target: ClusterTarget): Cluster {
    const name = clusterName(target);
    let cluster = this.#clusters.get(name);
    if (cluster === undefined) {
      cluster = { target, ejections: new Map() };
      this.#clusters.set(name, cluster);
    }
    return cluster;
  }

  #poolOf(cluster: Cluster, rule: ConnectionPoolRule): Pool {
    const block = blockOf(rule);
    if (cluster.pool?.block !== block) {
      const { maxRequests, maxPendingRequests, maxRetries } = rule;
      const value = {
        places: maxRequests && new Places(maxRequests.value, 0),
        pending: maxPendingRequests && new Places(maxPendingRequests.value, 0),
        retryConcurrency: maxRetries && new RetryConcurrency(maxRetries.value),
      };
      cluster.pool = { block, value };
    }
    return cluster.pool.value;
  }

  #budgetOf(cluster: Cluster, rule: RetryBudgetRule, { nodes }: Service): RetryBudget {
    const block = blockOf(rule);
    if (cluster.budget?.block !== block) {
      const { clock } = nodes;
      const settings = {
        ratio: rule.ratio.value,
        minRetryConcurrency: rule.minRetryConcurrency.value,
        intervalMs: rule.intervalMs.value,
      };
      cluster.budget = { block, value: new RetryShare(settings, () => clock.now()) };
    }
    return cluster.budget.value;
  }

  #ejectionsOf(
    { target, ejections: all }: Cluster,
    rule: OutlierRule,
    { nodes }: Service,
    subset: SubsetRule | undefined,
  ): ClusterEjections {
    const block = blockOf(rule) + (subset === undefined ? '' : JSON.stringify(subset.labels));
    const kept = all.get(nodes);
    if (kept?.block === block && !kept.value.ended) return kept.value;
    kept?.value.end();
    const filter = nodesOf(subset);
    const value = new ClusterEjections(ejectionRule(rule), {
      name: clusterName(target),
      clock: nodes.clock,
      nodes: () => nodes.matching(filter),
      isInForce: () => this.#ejectionBlock(target) === block,
      onChange: () => nodes.changed(),
      onEnd: (ended) => nodes.removeEjections(ended),
    });
    nodes.addEjections(value);
    all.set(nodes, { block, value });
    return value;
  }

  /** That the policies in force have for a cluster; undefined: none. */
  #ejectionBlock({ service, subset, port }: ClusterTarget): string | undefined {
    const policy = this.#policies.current?.of(service);
    const rule = policy?.traffic(subset, port).outlier;
    const labels = subset === undefined ? undefined : policy?.subset(subset)?.labels;
    return rule && blockOf(rule) + (labels === undefined ? '' : JSON.stringify(labels));
  }

  /** What a new version does not name any more is let go. */
  #tidy(): void {
    const { current } = this.#policies;
    if (current === this.#tidiedFor) return;
    this.#tidiedFor = current;
    for (const [name, { target, pool, budget, ejections }] of this.#clusters) {
      const traffic = this.#trafficInForce(target);
      const isNamed =
        (pool !== undefined && traffic?.connectionPool !== undefined) ||
        (budget !== undefined && traffic?.retryBudget !== undefined) ||
        (ejections.size > 0 && traffic?.outlier !== undefined);
      if (isNamed) continue;
      for (const { value } of ejections.values()) value.end();
      this.#clusters.delete(name);
    }
  }
}

/** `hello`, `hello subset v1`, `hello port 8080` */
function clusterName({ service, subset, port }: ClusterTarget): string {
  const ofSubset = subset === undefined ? '' : ` subset ${subset}`;
  return `${formatServiceKey(service)}${ofSubset}${port === undefined ? '' : ` port ${port}`}`;
}

/** A call with options of its own asks for each block of its way. */
const BLOCKS = new WeakMap<object, string>();

/** Where a value stands in a file is no part of it. */
function blockOf(rule: object): string {
  let block = BLOCKS.get(rule);
  if (block === undefined) {
    block = JSON.stringify(rule, (name, value) => (name === 'origin' ? undefined : value));
    BLOCKS.set(rule, block);
  }
  return block;
}

/** The values of a rule, without where they stand. */
export function ejectionRule(rule: OutlierRule): ConstructorParameters<typeof ClusterEjections>[0] {
  return {
    consecutive5xxErrors: rule.consecutive5xxErrors.value,
    consecutiveGatewayErrors: rule.consecutiveGatewayErrors.value,
    splitExternalLocalOriginErrors: rule.splitExternalLocalOriginErrors.value,
    consecutiveLocalOriginFailures: rule.consecutiveLocalOriginFailures.value,
    intervalMs: rule.intervalMs.value,
    baseEjectionMs: rule.baseEjectionMs.value,
    maxEjectionMs: rule.maxEjectionMs,
    maxEjectionRatio: rule.maxEjectionRatio.value,
    minHealthRatio: rule.minHealthRatio.value,
    errorStatuses: rule.errorStatuses?.value,
  };
}

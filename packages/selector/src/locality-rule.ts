import type { ServiceNode } from '@micromesh/core';
import type { CallerLabels } from './node-filter.js';

/** A locality and its share of the calls. */
export interface LocalityShare {
  /** In (0, 1]. */
  readonly ratio: number;
  includes(node: ServiceNode): boolean;
}

/** A label that near nodes have. */
export interface NearLabel {
  readonly name: string;
  /** Undefined: no node has it. */
  readonly value: string | undefined;
}

/** How an operator shares calls out among localities. */
export type LocalityRule =
  /** All nodes are the same. */
  | { readonly kind: 'even' }
  /** By ratio, where healthy; nodes that are in none get no call at all. A node is of the first that includes it. */
  | { readonly kind: 'shares'; readonly shares: readonly LocalityShare[] }
  /** The nearest by the labels `region`, `zone` and `subzone`; `takeover`: the region that comes before all others but the caller's own. */
  | { readonly kind: 'failover'; readonly takeover: string | undefined }
  /** Those that have the most of the labels, from the first on. */
  | { readonly kind: 'labels'; readonly labels: readonly NearLabel[] };

/** How far from the caller a node is; 0: as near as can be. */
export type LevelOf = (node: ServiceNode) => number;

/**
 * By region, zone and subzone; without one of them caller and node are in the same where neither has it. Source: Istio's LbPriority and
 * applyLocalityFailover, pilot/pkg/networking/util/util.go and pilot/pkg/networking/core/loadbalancer/loadbalancer.go.
 */
export function localityLevel(caller: CallerLabels, takeover: string | undefined): LevelOf {
  const isShared = ({ labels }: ServiceNode, name: string) => (labels[name] ?? '') === (caller[name] ?? '');
  return (node) => {
    if (!isShared(node, 'region')) {
      return takeover === undefined || node.labels.region === takeover ? 3 : 4;
    }
    if (!isShared(node, 'zone')) return 2;
    return isShared(node, 'subzone') ? 0 : 1;
  };
}

/** By labels: one counts where all before it agree. Source: Istio's applyFailoverPriorityPerLocality, in the same file. */
export function labelLevel(labels: readonly NearLabel[]): LevelOf {
  return (node) => {
    const differing = labels.findIndex(
      ({ name, value }) => value === undefined || node.labels[name] !== value,
    );
    return differing === -1 ? 0 : labels.length - differing;
  };
}

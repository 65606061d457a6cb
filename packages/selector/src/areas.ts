import type { Candidate } from './candidate.js';
import { levelShares, localShare, ratedShares } from './locality.js';
import {
  type LevelOf,
  type LocalityRule,
  type LocalityShare,
  labelLevel,
  localityLevel,
} from './locality-rule.js';
import type { Subset } from './subset.js';

/** The nodes of a subset by where they are, the nearest first; nodes that are in none of the areas get no call. */
export interface Areas<C extends Candidate> {
  /** Empty ones among them where an operator has given them a share. */
  readonly groups: readonly (readonly C[])[];
  /** The share of calls of each group, in [0, 1]; all 0 where no group has a usable node. */
  shares(isUsable: (candidate: C) => boolean): readonly number[];
}

/** Where the nodes of a subset are, as the operator's rule has it, else the filter. */
export function areasOf<C extends Candidate>(subset: Subset<C>, rule: LocalityRule | undefined): Areas<C> {
  switch (rule?.kind) {
    case 'shares':
      return rated(subset.nodes, rule.shares);
    case 'failover':
      return levels(subset.nodes, localityLevel(subset.caller, rule.takeover));
    case 'labels':
      return levels(subset.nodes, labelLevel(rule.labels));
    case 'even':
      return levels(subset.nodes, () => 0);
    default: {
      const isNear = subset.filter.locality === 'prefer';
      return levels(subset.nodes, isNear ? (node) => (subset.isLocal(node) ? 0 : 1) : () => 0);
    }
  }
}

/** Levels that have no nodes are left out, so that the next takes over. */
function levels<C extends Candidate>(nodes: readonly C[], levelOf: LevelOf): Areas<C> {
  const byLevel = new Map<number, C[]>();
  for (const candidate of nodes) {
    const level = levelOf(candidate.node);
    const group = byLevel.get(level);
    if (group === undefined) byLevel.set(level, [candidate]);
    else group.push(candidate);
  }
  const groups = [...byLevel].sort(([a], [b]) => a - b).map(([, group]) => group);
  return { groups, shares: (isUsable) => levelShares(capacities(groups, isUsable)) };
}

function rated<C extends Candidate>(nodes: readonly C[], shares: readonly LocalityShare[]): Areas<C> {
  const groups = shares.map((): C[] => []);
  for (const candidate of nodes) {
    groups[shares.findIndex((share) => share.includes(candidate.node))]?.push(candidate);
  }
  const ratios = shares.map(({ ratio }) => ratio);
  return { groups, shares: (isUsable) => ratedShares(ratios, capacities(groups, isUsable)) };
}

function capacities<C extends Candidate>(
  groups: readonly (readonly C[])[],
  isUsable: (candidate: C) => boolean,
): readonly number[] {
  return groups.map((group) => localShare(group.filter(isUsable).length, group.length));
}

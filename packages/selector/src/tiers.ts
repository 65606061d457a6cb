import type { Candidate, Standing } from './candidate.js';
import { localShare } from './locality.js';
import type { Subset } from './subset.js';

/** Connected nodes in groups of equal standing (and locality), best group first; no group is empty. */
export type Tiers<C extends Candidate> = readonly (readonly C[])[];

/** The order in which the nodes of a subset are chosen, as their standings are. */
export interface ChoiceOrder<C extends Candidate> {
  /** Whether so few nodes are left that ejections are ignored. */
  readonly panics: boolean;
  /** For calls that stay in the caller's own zone: all, where no zone is preferred. */
  readonly near: Tiers<C>;
  /** For those that spill over. */
  readonly far: Tiers<C>;
  /** The share of calls that stays, in [0, 1]. */
  readonly nearShare: number;
}

/** Sorts the nodes of a subset: standing comes first, the zone second. */
export function choiceOrder<C extends Candidate>(subset: Subset<C>, panicRatio: number): ChoiceOrder<C> {
  const healthy = withStanding(subset, 'healthy');
  const suspect = withStanding(subset, 'suspect');
  const ejected = withStanding(subset, 'ejected');
  const inOrder = healthy.length + suspect.length;
  const panics = ejected.length > 0 && inOrder < panicRatio * subset.nodes.length;
  const groups = panics ? withEjected(healthy, suspect, ejected) : [healthy, suspect, ejected];
  if (subset.filter.locality !== 'prefer') {
    const tiers = groups.filter(hasNodes);
    return { panics, near: tiers, far: tiers, nearShare: 1 };
  }
  const isLocal = (candidate: C) => subset.isLocal(candidate);
  const pairs = groups.map((group) => ({
    near: group.filter(isLocal),
    far: group.filter((candidate) => !isLocal(candidate)),
  }));
  const usable = panics ? [...healthy, ...suspect, ...ejected] : [...healthy, ...suspect];
  return {
    panics,
    near: pairs.flatMap(({ near, far }) => [near, far]).filter(hasNodes),
    far: pairs.flatMap(({ near, far }) => [far, near]).filter(hasNodes),
    nearShare: localShare(usable.filter(isLocal).length, subset.nodes.filter(isLocal).length),
  };
}

/** Ejected nodes join the best group that there is: failing is no worse than what may be dead. */
function withEjected<C>(healthy: readonly C[], suspect: readonly C[], ejected: readonly C[]): readonly C[][] {
  return healthy.length > 0 ? [[...healthy, ...ejected], [...suspect]] : [[...suspect, ...ejected]];
}

function withStanding<C extends Candidate>(subset: Subset<C>, standing: Standing): C[] {
  return subset.nodes.filter((candidate) => candidate.standing === standing);
}

function hasNodes(group: readonly unknown[]): boolean {
  return group.length > 0;
}

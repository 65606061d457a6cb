import { areasOf } from './areas.js';
import type { Candidate, Standing } from './candidate.js';
import type { LocalityRule } from './locality-rule.js';
import type { Subset } from './subset.js';

/** Connected nodes in groups of equal standing (and locality), best group first; no group is empty. */
export type Tiers<C extends Candidate> = readonly (readonly C[])[];

/** What a part of the calls does. */
interface Choice<C extends Candidate> {
  /** Of this part of the calls and of all that come before it. */
  readonly upTo: number;
  readonly tiers: Tiers<C>;
}

/** The order in which the nodes of a subset are chosen, as their standings are. */
export interface ChoiceOrder<C extends Candidate> {
  /** Whether so few nodes are left that ejections are ignored. */
  readonly panics: boolean;
  /** All nodes that calls may go to, in whatever standing. */
  readonly nodes: readonly C[];
  /** By which area comes first; all have the same nodes. */
  readonly choices: readonly [Choice<C>, ...Choice<C>[]];
}

/**
 * Sorts the nodes of a subset: standing comes first, the area second.
 *
 * @param rule - which nodes are near; undefined: the subset's filter says it.
 */
export function choiceOrder<C extends Candidate>(
  subset: Subset<C>,
  panicRatio: number,
  standingOf: (candidate: C) => Standing,
  rule: LocalityRule | undefined,
): ChoiceOrder<C> {
  const areas = areasOf(subset, rule);
  const nodes = areas.groups.length === 1 ? (areas.groups[0] ?? []) : areas.groups.flat();
  const withStanding = (standing: Standing) =>
    nodes.filter((candidate) => standingOf(candidate) === standing);
  const healthy = withStanding('healthy');
  const suspect = withStanding('suspect');
  const ejected = withStanding('ejected');
  const inOrder = healthy.length + suspect.length;
  const panics = ejected.length > 0 && inOrder < panicRatio * nodes.length;
  const standings = panics ? withEjected(healthy, suspect, ejected) : [healthy, suspect, ejected];
  if (areas.groups.length < 2) {
    return { panics, nodes, choices: [{ upTo: 1, tiers: standings.filter(hasNodes) }] };
  }
  const usable = new Set(panics ? standings.flat() : [...healthy, ...suspect]);
  const parts = partsOf(standings, areas.groups);
  const choices: Choice<C>[] = [];
  let upTo = 0;
  for (const [index, share] of areas.shares((candidate) => usable.has(candidate)).entries()) {
    if (share === 0) continue;
    upTo += share;
    choices.push({ upTo, tiers: beginningAt(index, parts) });
  }
  const [first = { upTo: 1, tiers: beginningAt(0, parts) }, ...others] = choices;
  return { panics, nodes, choices: [first, ...others] };
}

/** Each standing's nodes by area. */
function partsOf<C>(
  standings: readonly (readonly C[])[],
  groups: readonly (readonly C[])[],
): readonly C[][][] {
  const areaOf = new Map(
    groups.flatMap((group, area) => group.map((candidate) => [candidate, area] as const)),
  );
  return standings.map((standing) => {
    const parts = groups.map((): C[] => []);
    for (const candidate of standing) parts[areaOf.get(candidate) ?? 0]?.push(candidate);
    return parts;
  });
}

/** Of each standing the nodes of that area come first, then those of the others in their order. */
function beginningAt<C extends Candidate>(area: number, parts: readonly C[][][]): Tiers<C> {
  return parts
    .flatMap((byArea) => [byArea[area] ?? [], ...byArea.filter((_, index) => index !== area)])
    .filter(hasNodes);
}

/** Ejected nodes join the best group that there is: failing is no worse than what may be dead. */
function withEjected<C>(healthy: readonly C[], suspect: readonly C[], ejected: readonly C[]): readonly C[][] {
  return healthy.length > 0 ? [[...healthy, ...ejected], [...suspect]] : [[...suspect, ...ejected]];
}

function hasNodes(group: readonly unknown[]): boolean {
  return group.length > 0;
}

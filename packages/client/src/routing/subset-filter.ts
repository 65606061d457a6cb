import type { SubsetRule } from '@micromesh/policy';
import type { NodeFilter } from '@micromesh/selector';

/** The nodes that both a subset and the code's filter name; `conflict`: there can be none, and why. */
export type Narrowed =
  | { readonly kind: 'filter'; readonly filter: NodeFilter }
  | { readonly kind: 'conflict'; readonly details: string };

/** Intersects a subset with a filter: code may narrow what the operator says, and neither undoes the other. */
export function narrowTo(subset: SubsetRule, filter: NodeFilter): Narrowed {
  const { version, ...labels } = subset.labels;
  const conflict = conflictOf(subset, filter);
  if (conflict !== undefined) return { kind: 'conflict', details: conflict };
  const narrowed = { ...filter, labels: { ...filter.labels, ...labels } };
  return { kind: 'filter', filter: version === undefined ? narrowed : { ...narrowed, version } };
}

/** All nodes of a subset; undefined: of the service. */
export function nodesOf(subset: SubsetRule | undefined): NodeFilter {
  const narrowed = subset && narrowTo(subset, {});
  return narrowed?.kind === 'filter' ? narrowed.filter : {};
}

function conflictOf({ name, labels, origin }: SubsetRule, filter: NodeFilter): string | undefined {
  const wanted: Readonly<Record<string, string | undefined>> = { ...filter.labels, version: filter.version };
  for (const [label, value] of Object.entries(labels)) {
    const own = wanted[label];
    if (own === undefined || own === value) continue;
    return `subset ${name} (${origin.resource}) has nodes with ${label}=${value}, the call's filter wants ${label}=${own}; loosen the filter or the rule`;
  }
  return undefined;
}

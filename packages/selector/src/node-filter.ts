import type { ServiceNode } from '@micromesh/core';

/** Which nodes of a service a call may go to; what is not said does not matter. */
export interface NodeFilter {
  /** Exactly this version. */
  readonly version?: string;
  /** Each of these labels with exactly this value. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * `prefer`: nodes whose `zone` (else `region`) label is the caller's take all calls while five in seven of them are usable,
   * then 1.4 times the share that is; the rest goes to the others. `require`: only they. Default: no difference is made.
   */
  readonly locality?: 'prefer' | 'require';
}

/** Where the caller is: the labels of `createMesh({ identity })`. */
export type CallerLabels = Readonly<Record<string, string>>;

/** Whether the node may be picked at all. */
export function matchesFilter(node: ServiceNode, filter: NodeFilter, caller: CallerLabels): boolean {
  if (filter.version !== undefined && node.version !== filter.version) return false;
  for (const [name, value] of Object.entries(filter.labels ?? {})) {
    if (node.labels[name] !== value) return false;
  }
  return filter.locality !== 'require' || isLocal(node, caller);
}

/** Whether node and caller are in the same zone; without a zone, in the same region; without either, it is. */
export function isLocal(node: ServiceNode, caller: CallerLabels): boolean {
  for (const name of ['zone', 'region']) {
    const here = caller[name];
    if (here !== undefined) return node.labels[name] === here;
  }
  return true;
}

/** One string a filter, to find what was computed for it. */
export function filterKey(filter: NodeFilter): string {
  return JSON.stringify([
    filter.version ?? null,
    Object.entries(filter.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    filter.locality ?? null,
  ]);
}

/** A filter in words, for messages: `version 1.0.0, zone=a`. */
export function describeFilter(filter: NodeFilter): string {
  const parts = Object.entries(filter.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  if (filter.version !== undefined) parts.unshift(`version ${filter.version}`);
  if (filter.locality === 'require') parts.push('in the same locality');
  return parts.join(', ');
}

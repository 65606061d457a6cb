import {
  formatAddress,
  formatServiceKey,
  nearestName,
  type ServiceNode,
  type Snapshot,
} from '@micromesh/core';

/**
 * Finds the node that an operator means.
 *
 * @param wanted - its id, or its address.
 * @throws Error when there is none: it names those that there are.
 */
export function findNode({ service, nodes }: Snapshot, wanted: string, registry: string): ServiceNode {
  const node =
    nodes.find(({ id }) => id === wanted) ?? nodes.find(({ address }) => formatAddress(address) === wanted);
  if (node !== undefined) return node;
  const name = formatServiceKey(service);
  const ids = nodes.map(({ id }) => id);
  const near = nearestName(wanted, ids);
  const mend =
    near !== undefined
      ? `did you mean ${near}?`
      : ids.length === 0
        ? `no node of ${name} is registered there`
        : `it has ${ids.slice(0, 20).join(', ')}${ids.length > 20 ? `, and ${ids.length - 20} more` : ''}`;
  throw new Error(`node ${JSON.stringify(wanted)} of ${name} is not registered at ${registry}; ${mend}`);
}

import { isDeepStrictEqual } from 'node:util';
import { formatAddress, type ServiceKey, type ServiceNode, type Snapshot } from '@micromesh/core';

/** What a registry holds of one node, with what decides between two entries of one address. */
export interface RegistryEntry {
  readonly node: ServiceNode;
  /** Whether calls may go to it: passing or warning, and not in maintenance. */
  readonly usable: boolean;
  /** When the instance was started, in ms since 1970; undefined where nobody said. */
  readonly startedAtMs?: number | undefined;
  /** Grows with each entry that the registry makes. */
  readonly order: number;
}

/**
 * Makes a snapshot of entries: one node an address, and of several the newest instance, whether it is usable or not (an
 * older entry at its address is that of a dead process); sorted by id, so that equal content compares equal.
 */
export function snapshotOf(service: ServiceKey, entries: readonly RegistryEntry[]): Snapshot {
  const newest = new Map<string, RegistryEntry>();
  for (const entry of [...entries].sort(byId)) {
    const address = formatAddress(entry.node.address);
    const other = newest.get(address);
    if (other === undefined || isNewer(entry, other)) newest.set(address, entry);
  }
  const nodes = [...newest.values()].filter((entry) => entry.usable).map((entry) => entry.node);
  return { service, nodes: nodes.sort((a, b) => compare(a.id, b.id)) };
}

/** Whether two snapshots hold the same nodes. */
export function sameNodes(a: Snapshot, b: Snapshot): boolean {
  return isDeepStrictEqual(a.nodes, b.nodes);
}

function isNewer(a: RegistryEntry, b: RegistryEntry): boolean {
  if (a.startedAtMs !== undefined && b.startedAtMs !== undefined && a.startedAtMs !== b.startedAtMs) {
    return a.startedAtMs > b.startedAtMs;
  }
  // One instance at two agents, after one of them did not answer: the word of the one that hears it counts.
  if (a.node.id === b.node.id && a.usable !== b.usable) return a.usable;
  return a.order > b.order;
}

function byId(a: RegistryEntry, b: RegistryEntry): number {
  return compare(a.node.id, b.node.id) || a.order - b.order;
}

// Not localeCompare: the order must be the same on all machines.
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { Candidate } from './candidate.js';

/** Where keys find their nodes: the same in every process that knows the same nodes, in whatever order. */
export interface KeyTable {
  /** The node of a key: the first in the key's own order that `accepts` takes; undefined: it takes none. */
  find(key: string, accepts: (candidate: Candidate) => boolean): Candidate | undefined;
}

/** In the order of their ids, so that what is made of them does not depend on the order in which they became known. */
export function byId(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort((a, b) => (a.node.id < b.node.id ? -1 : 1));
}

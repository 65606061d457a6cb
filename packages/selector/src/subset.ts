import type { Candidate } from './candidate.js';
import { HashRing } from './hash-ring.js';
import { type CallerLabels, isLocal, matchesFilter, type NodeFilter } from './node-filter.js';

/**
 * The nodes of a service that match a filter, in whatever standing. Made anew when nodes come, go or change what they
 * say of themselves; standings change far more often, and a ring is dear.
 */
export class Subset<C extends Candidate> {
  readonly nodes: readonly C[];
  readonly filter: NodeFilter;
  readonly #caller: CallerLabels;
  #ring: HashRing | undefined;

  /** @param caller - labels of the process that calls, for locality. */
  constructor(candidates: readonly C[], filter: NodeFilter, caller: CallerLabels) {
    this.nodes = candidates.filter((candidate) => matchesFilter(candidate.node, filter, caller));
    this.filter = filter;
    this.#caller = caller;
  }

  /** Places keys on the nodes. */
  get ring(): HashRing {
    this.#ring ??= new HashRing(this.nodes);
    return this.#ring;
  }

  /** Whether a node is in the caller's own zone. */
  isLocal(candidate: C): boolean {
    return isLocal(candidate.node, this.#caller);
  }
}

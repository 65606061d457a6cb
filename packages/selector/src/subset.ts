import type { ServiceNode } from '@micromesh/core';
import type { Candidate } from './candidate.js';
import { HashRing } from './hash-ring.js';
import type { KeyTable } from './key-table.js';
import { type CallerLabels, isLocal, matchesFilter, type NodeFilter } from './node-filter.js';
import type { Strategy } from './strategy.js';

/**
 * The nodes of a service that match a filter, in whatever standing. Made anew when nodes come, go or change what they
 * say of themselves; standings change far more often, and a table of keys is dear.
 */
export class Subset<C extends Candidate> {
  readonly nodes: readonly C[];
  readonly filter: NodeFilter;
  readonly caller: CallerLabels;
  #ring: HashRing | undefined;
  /** Of strategies that have their own. */
  readonly #tables = new WeakMap<Strategy, KeyTable>();

  /** @param caller - labels of the process that calls, for locality. */
  constructor(candidates: readonly C[], filter: NodeFilter, caller: CallerLabels) {
    this.nodes = candidates.filter((candidate) => matchesFilter(candidate.node, filter, caller));
    this.filter = filter;
    this.caller = caller;
  }

  /** Places keys on the nodes, as a strategy does it. */
  keyTable(strategy: Strategy): KeyTable {
    if (strategy.keyTable === undefined) {
      this.#ring ??= new HashRing(this.nodes);
      return this.#ring;
    }
    let table = this.#tables.get(strategy);
    if (table === undefined) {
      table = strategy.keyTable(this.nodes);
      this.#tables.set(strategy, table);
    }
    return table;
  }

  /** Whether a node is in the caller's own zone. */
  isLocal(node: ServiceNode): boolean {
    return isLocal(node, this.caller);
  }
}

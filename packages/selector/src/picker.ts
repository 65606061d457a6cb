import type { Candidate, Standing } from './candidate.js';
import type { Strategy } from './strategy.js';
import type { Subset } from './subset.js';

/** What a pick came to: a node, a reason to wait for one, or the word that there is none. */
export type Pick<C extends Candidate> =
  | { readonly kind: 'node'; readonly candidate: C }
  /** `untried`: a node that this call has not tried is connecting; `any`: no node is connected at all. */
  | { readonly kind: 'wait'; readonly for: 'untried' | 'any' }
  /** No node matches the filter. */
  | { readonly kind: 'none' };

/** Connected nodes, best first. Those that connect come after `ejected`, and `silent` ones are the last resort. */
const USABLE: readonly Standing[] = ['healthy', 'suspect', 'ejected'];

const WAIT_FOR_UNTRIED = { kind: 'wait', for: 'untried' } as const;
const WAIT_FOR_ANY = { kind: 'wait', for: 'any' } as const;
const NONE = { kind: 'none' } as const;

/**
 * Picks nodes of one subset for calls. Made anew whenever a node comes, goes or changes its standing: what can be sorted
 * out before a call is, here.
 */
export class Picker<C extends Candidate> {
  readonly #strategy: Strategy;
  readonly #subset: Subset<C>;
  /** Connected nodes in groups of equal standing (and locality), best group first; no group is empty. */
  readonly #tiers: readonly (readonly C[])[];
  readonly #silent: readonly C[];
  readonly #connecting: readonly C[];

  constructor(subset: Subset<C>, strategy: Strategy) {
    this.#strategy = strategy;
    this.#subset = subset;
    const tiers: C[][] = [];
    for (const standing of USABLE) {
      const group = this.#withStanding(standing);
      if (subset.filter.locality === 'prefer') {
        tiers.push(group.filter((candidate) => subset.isLocal(candidate)));
        tiers.push(group.filter((candidate) => !subset.isLocal(candidate)));
      } else {
        tiers.push(group);
      }
    }
    this.#tiers = tiers.filter((tier) => tier.length > 0);
    this.#silent = this.#withStanding('silent');
    this.#connecting = this.#withStanding('connecting');
  }

  /** How many nodes match the filter, in whatever standing. */
  get size(): number {
    return this.#subset.nodes.length;
  }

  /** Those that match the filter, for messages. */
  get matching(): readonly C[] {
    return this.#subset.nodes;
  }

  /**
   * Picks for one attempt: untried healthy > untried suspect > untried ejected > untried that connects > tried >
   * silent.
   *
   * @param tried - ids of nodes that this call has tried.
   * @param hashKey - places the call on the ring; undefined leaves it to the strategy.
   */
  pick(tried: readonly string[], hashKey: string | undefined): Pick<C> {
    if (this.#subset.nodes.length === 0) return NONE;
    const best = this.#tiers[0];
    if (best !== undefined && tried.length === 0) return this.#from(best, hashKey);
    for (const tier of this.#tiers) {
      const untried = tier.filter((candidate) => !tried.includes(candidate.node.id));
      if (untried.length > 0) return this.#from(untried, hashKey);
    }
    if (this.#connecting.some((candidate) => !tried.includes(candidate.node.id))) {
      return best === undefined ? WAIT_FOR_ANY : WAIT_FOR_UNTRIED;
    }
    return this.pickConnected(hashKey) ?? WAIT_FOR_ANY;
  }

  /** The best connected node, tried or not: when waiting for an untried one has taken too long. */
  pickConnected(hashKey: string | undefined): Pick<C> | undefined {
    const best = this.#tiers[0];
    if (best !== undefined) return this.#from(best, hashKey);
    return this.#silent.length > 0 ? this.#from(this.#silent, hashKey) : undefined;
  }

  /** Whether {@link pick} would give a node that is not in `tried`, or wait for one: a silent one is no choice of its. */
  hasUntried(tried: readonly string[]): boolean {
    return this.#subset.nodes.some(
      ({ node, standing }) =>
        standing !== 'disconnected' && standing !== 'silent' && !tried.includes(node.id),
    );
  }

  #withStanding(standing: Standing): C[] {
    return this.#subset.nodes.filter((candidate) => candidate.standing === standing);
  }

  #from(group: readonly C[], hashKey: string | undefined): Pick<C> {
    if (hashKey !== undefined && group.length > 1) {
      const owner = this.#subset.ring.find(hashKey, (candidate) => group.some((each) => each === candidate));
      const candidate = group.find((each) => each === owner);
      if (candidate !== undefined) return { kind: 'node', candidate };
    }
    // A strategy gives back one of the objects that it was given.
    return { kind: 'node', candidate: this.#strategy.pick(group) as C };
  }
}

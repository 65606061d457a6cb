import type { Candidate, Standing } from './candidate.js';
import type { KeyTable } from './key-table.js';
import { PICKER_DEFAULTS, type PickerSettings } from './picker-settings.js';
import { hashOf } from './stable-hash.js';
import type { Strategy } from './strategy.js';
import type { Subset } from './subset.js';
import { type ChoiceOrder, choiceOrder, type Tiers } from './tiers.js';

/** What a pick came to: a node, a reason to wait for one, or the word that there is none. */
export type Pick<C extends Candidate> =
  | { readonly kind: 'node'; readonly candidate: C }
  /** `untried`: a node that this call has not tried is connecting; `any`: no node is connected at all. */
  | { readonly kind: 'wait'; readonly for: 'untried' | 'any' }
  /** No node matches the filter. */
  | { readonly kind: 'none' };

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
  readonly #settings: PickerSettings;
  readonly #standingOf: (candidate: C) => Standing;
  readonly #order: ChoiceOrder<C>;
  readonly #held: readonly C[];
  readonly #silent: readonly C[];
  readonly #connecting: readonly C[];
  /** Made for the first call with a key. */
  #keyTable: KeyTable | undefined;

  /** @param standingOf - where a candidate stands among others than all nodes of its service; default: where it says itself. */
  constructor(
    subset: Subset<C>,
    strategy: Strategy,
    settings: Partial<PickerSettings> = {},
    standingOf: (candidate: C) => Standing = ownStanding,
  ) {
    this.#strategy = strategy;
    this.#subset = subset;
    this.#settings = { ...PICKER_DEFAULTS, ...settings };
    this.#standingOf = standingOf;
    this.#order = choiceOrder(subset, this.#settings.panicRatio, standingOf, strategy.locality);
    this.#held = this.#withStanding('held');
    this.#silent = this.#withStanding('silent');
    this.#connecting = this.#withStanding('connecting');
  }

  /** How many nodes calls may go to, in whatever standing. */
  get size(): number {
    return this.#order.nodes.length;
  }

  /** Those that match the filter and are in a locality that calls go to. */
  get matching(): readonly C[] {
    return this.#order.nodes;
  }

  /** Whether so few nodes are connected and not ejected that ejections are ignored. */
  get panics(): boolean {
    return this.#order.panics;
  }

  /**
   * Picks for one attempt: untried healthy > untried suspect > untried ejected > untried that connects > tried >
   * held > silent.
   *
   * @param tried - ids of nodes that this call has tried.
   * @param hashKey - places the call: by the strategy's own table where it has one, else by the ring; undefined leaves it to the strategy.
   * @param now - the mesh's clock.
   */
  pick(tried: readonly string[], hashKey: string | undefined, now: number): Pick<C> {
    if (this.#order.nodes.length === 0) return NONE;
    const tiers = this.#tiersFor(hashKey);
    const best = tiers[0];
    if (best !== undefined && tried.length === 0) return this.#from(best, hashKey, now);
    for (const tier of tiers) {
      const untried = tier.filter((candidate) => !tried.includes(candidate.node.id));
      if (untried.length > 0) return this.#from(untried, hashKey, now);
    }
    if (this.#connecting.some((candidate) => !tried.includes(candidate.node.id))) {
      return best === undefined ? WAIT_FOR_ANY : WAIT_FOR_UNTRIED;
    }
    const untriedHeld = best === undefined ? this.#held.filter(({ node }) => !tried.includes(node.id)) : [];
    if (untriedHeld.length > 0) return this.#from(untriedHeld, hashKey, now);
    return this.#connected(tiers, hashKey, now) ?? WAIT_FOR_ANY;
  }

  /** The best connected node, tried or not: when waiting for an untried one has taken too long. */
  pickConnected(hashKey: string | undefined, now: number): Pick<C> | undefined {
    return this.#connected(this.#tiersFor(hashKey), hashKey, now);
  }

  /** Whether {@link pick} would give a node that is not in `tried`, or wait for one: a silent one is no choice of its. */
  hasUntried(tried: readonly string[]): boolean {
    const heldCounts = this.#order.choices[0].tiers.length === 0;
    return this.#order.nodes.some((candidate) => {
      const standing = this.#standingOf(candidate);
      return (
        standing !== 'disconnected' &&
        standing !== 'silent' &&
        (standing !== 'held' || heldCounts) &&
        !tried.includes(candidate.node.id)
      );
    });
  }

  #connected(tiers: Tiers<C>, hashKey: string | undefined, now: number): Pick<C> | undefined {
    const group = tiers[0] ?? (this.#held.length > 0 ? this.#held : this.#silent);
    return group.length > 0 ? this.#from(group, hashKey, now) : undefined;
  }

  /** By its key where a call has one, so that it stays on one node. */
  #tiersFor(hashKey: string | undefined): Tiers<C> {
    const { choices } = this.#order;
    let choice = choices[0];
    if (choices.length === 1) return choice.tiers;
    const point = hashKey === undefined ? this.#settings.random() : hashOf(`zone#${hashKey}`) / 2 ** 32;
    for (let index = 1; index < choices.length && point >= choice.upTo; index++) {
      choice = choices[index] ?? choice;
    }
    return choice.tiers;
  }

  #withStanding(standing: Standing): C[] {
    return this.#order.nodes.filter((candidate) => this.#standingOf(candidate) === standing);
  }

  #from(group: readonly C[], hashKey: string | undefined, now: number): Pick<C> {
    if (hashKey !== undefined && group.length > 1) {
      const nodes: readonly Candidate[] = group;
      this.#keyTable ??= this.#subset.keyTable(this.#strategy);
      const isWhole = nodes.length === this.#subset.nodes.length;
      const owner = this.#keyTable.find(hashKey, isWhole ? acceptsAll : (each) => nodes.includes(each));
      // The table has the subset's nodes, of which the group is a part.
      if (owner !== undefined) return { kind: 'node', candidate: owner as C };
    }
    // A strategy gives back one of the objects that it was given.
    return { kind: 'node', candidate: this.#strategy.pick(group, now) as C };
  }
}

function acceptsAll(): boolean {
  return true;
}

function ownStanding({ standing }: Candidate): Standing {
  return standing;
}

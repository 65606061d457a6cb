import { formatServiceKey, type ServiceKey } from '@micromesh/core';
import type { PolicyOrigin } from '../origin/resource-place.js';
import type { HeaderEdits } from './header-edits.js';
import { hashPoint } from './stable-hash.js';

/** Where calls go. */
export interface RouteTarget {
  readonly service: ServiceKey;
  /** Undefined: all nodes. */
  readonly subset: string | undefined;
  /** Chooses `portLevelSettings`; undefined: that of the request does. */
  readonly port: number | undefined;
  readonly origin: PolicyOrigin;
}

/** One of the places that share the calls of a rule. */
export interface RouteDestination extends RouteTarget {
  /** As it is written; a single destination gets all, whatever it is. */
  readonly weight: number;
  /** Its share of the calls, in [0, 1]; all of a rule sum to 1. */
  readonly ratio: number;
  /** Done after those of the rule. */
  readonly request: HeaderEdits;
  readonly response: HeaderEdits;
  /** The authority that nodes see; undefined: that of the rule, else of the call. */
  readonly authority: string | undefined;
}

interface Share {
  readonly destination: RouteDestination;
  /** Where its part of [0, 1) ends. */
  readonly end: number;
  readonly hashId: string;
}

/** The destinations of a rule, and their shares. */
export class WeightedDestinations {
  readonly #shares: readonly Share[];
  readonly #first: RouteDestination;

  /**
   * @param all - at least one; their ratios sum to 1.
   * @param name - rules of one name part keys in the same way, at every hop.
   */
  constructor(
    readonly all: readonly [RouteDestination, ...RouteDestination[]],
    readonly name: string,
  ) {
    const [first] = all;
    const ids = hashIds(all);
    const shares: Share[] = [];
    let end = 0;
    for (const [index, destination] of all.entries()) {
      if (destination.ratio === 0) continue;
      end += destination.ratio;
      shares.push({ destination, end, hashId: `${name}\n${ids[index] ?? ''}` });
    }
    this.#shares = shares;
    this.#first = shares[0]?.destination ?? first;
  }

  /** The destination at a point in [0, 1). */
  at(point: number): RouteDestination {
    const shares = this.#shares;
    if (shares.length < 2) return this.#first;
    for (const { end, destination } of shares) if (point < end) return destination;
    // The ratios may sum to a little less than 1.
    return shares.at(-1)?.destination ?? this.#first;
  }

  /**
   * The destination of a key: the same while the weights are. Where weights shift, a key moves only to a destination whose share has
   * grown against that of its own (weighted rendezvous hashing: Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005).
   */
  of(key: string): RouteDestination {
    let best = this.#first;
    if (this.#shares.length < 2) return best;
    let least = Number.POSITIVE_INFINITY;
    for (const { destination, hashId } of this.#shares) {
      const score = -Math.log(hashPoint(`${key}\n${hashId}`)) / destination.ratio;
      if (score >= least) continue;
      least = score;
      best = destination;
    }
    return best;
  }
}

/**
 * What tells destinations apart for keys: their subsets, so that a user is in v2 of one service who is in v2 of another; where these
 * do not tell them apart, all that is said of them.
 */
function hashIds(all: readonly RouteDestination[]): readonly string[] {
  const subsets = all.map(({ subset }) => subset ?? '');
  if (new Set(subsets).size === all.length) return subsets;
  const targets = all.map(
    ({ service, subset = '', port = 0 }) => `${formatServiceKey(service)} ${subset} ${port}`,
  );
  if (new Set(targets).size === all.length) return targets;
  return targets.map((target, index) => `${target} ${index}`);
}

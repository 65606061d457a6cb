import type { Candidate } from './candidate.js';
import type { KeyTable } from './key-table.js';
import type { LocalityRule } from './locality-rule.js';

/** What an attempt told of its node. */
export interface AttemptSample {
  /** When it ended, on the mesh's clock. */
  readonly now: number;
  /** From its start to its end, or to the first message of a stream: how long a stream lasts says nothing of its node. */
  readonly latencyMs: number;
  /** Whether the node is to blame for its end. */
  readonly failed: boolean;
}

/**
 * Picks one of several equally good nodes. One object a service: what it remembers holds across calls.
 */
export interface Strategy {
  /** A {@link StrategyName}: as options, policies and metrics spell it. */
  readonly name: string;
  /**
   * Picks one of `candidates`, which is never empty; equal arrays are the same object while nothing has changed.
   *
   * @param now - the mesh's clock.
   */
  pick(candidates: readonly Candidate[], now: number): Candidate;
  /** Takes note of an attempt, also of one on a node that the strategy did not pick itself; absent where it does not matter. */
  observe?(candidate: Candidate, sample: AttemptSample): void;
  /**
   * Prepares where calls with a key go, for nodes in whatever standing: asked once for each set of nodes, at its first call with a key; absent: a
   * {@link HashRing}.
   */
  keyTable?(candidates: readonly Candidate[]): KeyTable;
  /** Which nodes are near, in the operator's word; absent: the filter's `locality` counts. */
  readonly locality?: LocalityRule;
  /** What {@link pick} compares of a candidate, the least is best, for those who look at it; absent where it compares nothing. */
  score?(candidate: Candidate, now: number): number;
}

/** The strategies by name. */
export type StrategyName =
  | 'hash-random'
  | 'round-robin'
  | 'least-request'
  | 'weighted'
  | 'peak-ewma'
  | 'random'
  | 'ring-hash'
  | 'maglev';

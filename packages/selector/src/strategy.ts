import type { Candidate } from './candidate.js';

/**
 * Picks one of several equally good nodes. One object a service: what it remembers holds across calls.
 */
export interface Strategy {
  /** `hash-random`, `round-robin`: as options, policies and metrics spell it. */
  readonly name: string;
  /** Picks one of `candidates`, which is never empty; equal arrays are the same object while nothing has changed. */
  pick(candidates: readonly Candidate[]): Candidate;
}

/** The strategies by name. */
export type StrategyName = 'hash-random' | 'round-robin';

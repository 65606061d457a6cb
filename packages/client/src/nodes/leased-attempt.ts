import type { Outcome } from '@micromesh/core';
import type { Rostered } from '../roster.js';
import type { Waiter } from './silence-watch.js';

/** An attempt that holds a node's channel, as the node sees it. */
export interface LeasedAttempt extends Waiter, Rostered {
  /** Its node is silent: ends it, where its call gains by that. */
  giveUp(outcome: Outcome): void;
}

import type { Delivery, Reason } from '@micromesh/core';

/** What became of one attempt, as a failed call's error lists it. */
export interface AttemptRecord {
  readonly node: string;
  readonly address: string;
  readonly code: number;
  readonly delivery: Delivery;
  readonly reason: Reason;
  readonly detail: string;
  readonly ms: number;
}

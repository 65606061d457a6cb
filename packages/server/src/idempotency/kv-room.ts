import type { Clock, Logger, Random } from '@micromesh/core';
import type { KeyValueStore } from '@micromesh/registry';

/** What all claims of one key-value idempotency store share. */
export interface KvRoom {
  readonly keyValues: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly ttlMs: number;
  /** Aborts when the store is closed. */
  readonly closed: AbortSignal;
  /** Takes care of work that goes on by itself until the store is closed; it must not reject. */
  own(work: Promise<void>): void;
}

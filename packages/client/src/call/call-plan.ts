import type { NodeFilter, Strategy } from '@micromesh/selector';
import type { BackoffSettings } from '../retry/backoff.js';
import type { RetryFunction } from '../retry/retry-function.js';

/** Everything that is decided about a call before its first attempt; shared by all calls that say the same. */
export interface CallPlan {
  /** Undefined: nobody said, and the kind of call takes no default. */
  readonly timeoutMs: number | undefined;
  /** Further attempts after the first. */
  readonly retries: number;
  readonly retry: RetryFunction;
  readonly idempotent: boolean;
  readonly attemptTimeoutMs: number | undefined;
  readonly backoff: BackoffSettings;
  readonly strategy: Strategy;
  readonly filter: NodeFilter;
  /** The filter as one string. */
  readonly filterKey: string;
  readonly hashKey: string | undefined;
  readonly waitForReady: boolean;
}

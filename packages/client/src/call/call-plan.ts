import type { NodeFilter, Strategy } from '@micromesh/selector';
import type { BackoffSettings } from '../retry/backoff.js';
import type { HedgeSetting } from '../retry/hedge-setting.js';
import type { LatencyRecord } from '../retry/latency-record.js';
import type { RetryFunction } from '../retry/retry-function.js';
import type { HashKeyOf } from '../routing/hash-key.js';
import type { CodeWord } from './code-word.js';
import type { Way } from './way.js';

/** Everything that is decided about a call before its first attempt; shared by all calls that say the same. */
export interface CallPlan {
  /** Undefined: nobody said, and the kind of call takes no default. */
  readonly timeoutMs: number | undefined;
  /** The operator's bound of the whole call, whatever the call says; undefined: there is none. */
  readonly limitMs: number | undefined;
  /** What operators may be told by code: see the README's table of whose word counts. */
  readonly said: CodeWord;
  /** Further attempts after the first. */
  readonly retries: number;
  readonly retry: RetryFunction;
  readonly idempotent: boolean;
  readonly attemptTimeoutMs: number | undefined;
  readonly backoff: BackoffSettings;
  readonly hedge: HedgeSetting;
  readonly strategy: Strategy;
  readonly filter: NodeFilter;
  /** The filter as one string. */
  readonly filterKey: string;
  /** That code gives; undefined: {@link CallPlan.keyOf} says it of each call. */
  readonly hashKey: string | undefined;
  /** Where an operator's rule finds the keys of calls that bring none; undefined: they have none. */
  readonly keyOf: HashKeyOf | undefined;
  readonly waitForReady: boolean;
  /** true: a random one, drawn once a call. */
  readonly idempotencyKey: true | string | undefined;
  /** How long the method takes, lately; undefined where that is no matter of the server alone: a stream, or an unknown kind. */
  readonly latency: LatencyRecord | undefined;
  /** What the operator's policies have decided; undefined: none is about the call. */
  readonly way: Way | undefined;
  /** Attempts of the call's own caller that went before the one which this call works for. */
  readonly inheritedAttempts: number;
}

/** The header's wire type leaves room for more; a peer that lies gains nothing by it. */
const MAX_INHERITED = 1_000_000;

/**
 * The plan of a call that a server makes while it serves a retry: the layers above try again already, and each that did so as well
 * would multiply the load. Attempts that were provably unsent still go elsewhere.
 *
 * @param attempt - which attempt of its caller is served; 1 for the first.
 */
export function planWithinRetry(plan: CallPlan, attempt: number): CallPlan {
  return { ...plan, retries: 0, inheritedAttempts: Math.min(MAX_INHERITED, attempt - 1) };
}

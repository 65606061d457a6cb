import type { Metadata } from '@grpc/grpc-js';
import type { CallTrace } from '@micromesh/core';
import type { NodeFilter } from '@micromesh/selector';
import type { BackoffSettings } from '../retry/backoff.js';
import type { HedgeSetting } from '../retry/hedge-setting.js';
import type { RetryFunction } from '../retry/retry-function.js';

/** What a call may say of itself; what it leaves out its client, then the mesh, says. */
export interface CallOptions {
  /**
   * Time for the whole call: attempts, pauses and all. At least 1; Infinity: none. Default, where the client says
   * nothing either: what the caller of the handler that makes the call has left, else 5000; for methods with a stream in it none but the
   * former. A handler's call never gets more than what its own caller has left.
   */
  readonly timeoutMs?: number;
  /** Ends the call: CANCELLED, on the wire too. */
  readonly signal?: AbortSignal;
  readonly metadata?: Metadata;
  /** Calls of equal key go to the same node while it is there, then to the next on the ring. */
  readonly hashKey?: string;
  /** Further attempts after the first, 0 to 100; default 1. Attempts that were provably unsent do not count. */
  readonly retries?: number;
  /** Default {@link retryOnError}. */
  readonly retry?: RetryFunction;
  /** Whether running the method twice is harmless; default: what the .proto says. */
  readonly idempotent?: boolean;
  /**
   * Puts one key on every attempt of the call, as metadata `idempotency-key`: a server with `idempotency(store)` runs it once. true: a random
   * one. Whether attempts may follow an answered or unknown one, `idempotent` and `retry` say.
   */
  readonly idempotencyKey?: true | string;
  /** Cuts an attempt that takes longer, whatever its node says; at least 1. Default: none, silent nodes are asked. */
  readonly attemptTimeoutMs?: number;
  readonly backoff?: Partial<BackoffSettings>;
  /**
   * Starts the next attempt beside one that is slow, on another node, within `retries` and the retry budget: the first success
   * wins, the others are cancelled on the wire. `{ afterMs: 50 }`: after that time, at least 0; `{ atPercentile: 0.95 }`, 0.5 to
   * 0.999: when it is slower than that share of the method's answers of the last 10 to 20 s, once there are 20. Default false. Only
   * unary methods that are idempotent are hedged; for others it means nothing.
   */
  readonly hedge?: HedgeSetting;
  /** Which nodes the call may go to. */
  readonly filter?: NodeFilter;
  /** Wait for a node until the deadline instead of failing when none is connected; default false. */
  readonly waitForReady?: boolean;
  /** Hears at the end of the call what was decided about it and why, and each attempt: see {@link CallTrace}. */
  readonly trace?: (trace: CallTrace) => void;
}

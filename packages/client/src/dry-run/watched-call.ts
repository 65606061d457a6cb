import type { DryRunEvent, Method, Outcome, ServiceKey } from '@micromesh/core';
import type { RouteRule } from '@micromesh/policy/route';
import type { EndedAttempt } from '../nodes/count-outcome.js';

/** What a resource in dry-run would have done: see {@link DryRunEvent}. */
export type DryRunEffect = DryRunEvent['effect'];

/** An attempt that has ended, and whose it was. */
export interface WatchedAttempt extends EndedAttempt {
  readonly call: { readonly service: ServiceKey; readonly method: Method };
}

/** What is looked at while a call goes on, for resources in dry-run. */
export interface WatchedCall {
  /** That would have taken it. */
  readonly rule: RouteRule | undefined;
  /** That would have heard of its attempts. */
  readonly ejections: { count(attempt: WatchedAttempt, outcome: Outcome, now: number): void } | undefined;
}

import type { DryRunEvent, Method, Outcome, ServiceKey } from '@micromesh/core';
import type { RouteRule } from '@micromesh/policy/route';
import type { EndedAttempt } from '../nodes/count-outcome.js';

/** What a resource in dry-run would have done: see {@link DryRunEvent}. */
export type DryRunEffect = DryRunEvent['effect'];

/** What a resource in dry-run would have made of a call. */
export interface WouldBeRoute {
  /** `VirtualService shop/hello` */
  readonly resource: string;
  /** That would have sent the call to a node; undefined: it would have ended, or at a gateway have been one of another method. */
  readonly rule: RouteRule | undefined;
}

/** A rule that a resource in dry-run would have applied to a call. */
export interface WouldBeRule extends WouldBeRoute {
  readonly rule: RouteRule;
}

/** An attempt that has ended, and whose it was. */
export interface WatchedAttempt extends EndedAttempt {
  readonly call: { readonly service: ServiceKey; readonly method: Method };
}

/** What is looked at while a call goes on, for resources in dry-run. */
export interface WatchedCall {
  /** Undefined: the rules in dry-run would have done nothing after its start. */
  readonly would: WouldBeRule | undefined;
  /** That would have heard of its attempts. */
  readonly ejections: { count(attempt: WatchedAttempt, outcome: Outcome, now: number): void } | undefined;
}

import type { Clock, Random } from '@micromesh/core';
import type { LimitCounters } from '@micromesh/policy/limits';
import type { Attempt } from '../attempt/attempt.js';
import type { Call } from '../call/client-call.js';
import type { Planner } from '../call/planner.js';
import { attemptFault } from '../interceptors/attempt-fault.js';
import { attemptSpan } from '../interceptors/attempt-span.js';
import { attemptTimeout } from '../interceptors/attempt-timeout.js';
import { deadline } from '../interceptors/deadline.js';
import { destinationPlaces } from '../interceptors/destination-places.js';
import { dryRun, dryRunMark } from '../interceptors/dry-run.js';
import { edits } from '../interceptors/edits.js';
import { fault } from '../interceptors/fault.js';
import { guarded, guardedAttempt } from '../interceptors/guard.js';
import { latency } from '../interceptors/latency.js';
import { lease } from '../interceptors/lease.js';
import { limits } from '../interceptors/limits.js';
import { mark } from '../interceptors/mark.js';
import { mirror } from '../interceptors/mirror.js';
import { plan } from '../interceptors/plan.js';
import { policyLimits } from '../interceptors/policy-limits.js';
import { retry } from '../interceptors/retry.js';
import { select } from '../interceptors/select.js';
import { span } from '../interceptors/span.js';
import type { ClientLimits } from '../limits/client-limits.js';
import type { MirrorCopies } from '../mirror/mirror-copies.js';
import type { Router } from '../routing/router.js';
import type { Interceptor, Invoke } from './interceptor.js';
import { Layers } from './layers.js';

/** Wraps a call: go-micro's `client.Wrap`. May add metadata, answer in the call's place, look at its outcome. */
export type CallInterceptor = Interceptor<Call>;

/** Wraps one attempt and knows its node: go-micro's `client.WrapCall`. */
export type AttemptInterceptor = Interceptor<Attempt>;

/** What a chain is made of. */
export interface ChainParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly planner: Planner;
  /** Left out where there are no policies. */
  readonly router?: Router;
  /** Likewise. */
  readonly copies?: MirrorCopies;
  readonly callInterceptors: readonly CallInterceptor[];
  readonly attemptInterceptors: readonly AttemptInterceptor[];
  /** Left out where the client asks for none. */
  readonly limits?: ClientLimits;
  /** The operator's; left out where there are no policies. */
  readonly policyLimits?: LimitCounters;
}

/** A chain, and the names of its layers, outermost first. */
export interface Chain {
  readonly invoke: Invoke<Call>;
  readonly names: readonly string[];
}

/**
 * The order of everything that happens to a call, outermost first.
 *
 * To come, at its place: call credentials below the user's attempt interceptors.
 */
export function buildChain(parts: ChainParts): Chain {
  const { clock, random, router, copies } = parts;
  return (
    Layers.of<Call>()
      // Once per call. Outermost, so that it sees queueing and refusals too.
      .around('span', span(clock))
      // The user's may add metadata, so they come before anything matches on it.
      .insideAll('call interceptor', parts.callInterceptors.map(guarded))
      // Options are merged, and the route is found, once; everything below reads one plan of one version of the policies.
      .inside('plan', plan(parts.planner, random, router))
      // Looks at what a call came to; nothing below knows of resources in dry-run.
      .aroundIf('dry run', router && dryRun(clock))
      // Absolute, so that it bounds every attempt, every pause and the wait for the first snapshot.
      .around('deadline', deadline(clock))
      // Made on purpose in the caller, as Istio has it: neither retried nor marked, and no limit counts it.
      .insideIf('fault (call scope)', router && fault(clock, random))
      // The operator's come first: what they refuse is final, and says nothing of the method to the client's own breaker.
      .insideIf('policy limits', parts.policyLimits && policyLimits(parts.policyLimits, clock))
      // What is refused here is final, costs no budget and marks nobody; the breaker sees what a call came to after its retries.
      .insideIf('limits', parts.limits && limits(parts.limits, clock))
      // Faults and limits look at what the caller sent; every attempt and every copy carry what the rule makes of it.
      .insideIf('edits', router && edits())
      // Above retry, so that a call is copied once.
      .insideIf('mirror', copies && mirror(copies, random))
      // An operator's bound of the calls to where they go, inside all that may hold them up before; what is over it is final.
      .insideIf('destination places', router && destinationPlaces())
      // One scheduler and one attempt counter; below it everything happens once per attempt.
      .inside('retry', retry(clock, random))
      // The node is chosen anew for each attempt, so that a retry goes to another one.
      .inside('select', select(clock))
      // Around everything that uses the node's channel.
      .around('lease', lease())
      // Sees the node, and what the user's attempt interceptors make of the outcome.
      .around('attempt span', attemptSpan(clock))
      // They know the node; what fails here is local, and above mark so that no node is blamed for it.
      .insideAll('attempt interceptor', parts.attemptInterceptors.map(guardedAttempt))
      // What is known of the method's time tells when to hedge, and when a retry comes too late.
      .around('latency', latency(clock))
      // What is in dry-run counts what the node's own marks count.
      .aroundIf('dry run mark', router && dryRunMark(clock))
      // The outcome goes back to the node before retry selects the next one.
      .around('mark', mark(clock))
      // Below mark, so that a node that was cut is marked for it.
      .around('attempt timeout', attemptTimeout(clock))
      // As if the node had made it, so that all above deals with it in earnest.
      .insideIf('fault (attempt scope)', router && attemptFault(random))
      // The node's own channel.
      .end('transport', (attempt) => attempt.send())
  );
}

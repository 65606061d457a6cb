import { type CallContext, currentCallContext, idempotencyKey, type Random } from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';
import { type CallPlan, planWithinRetry } from '../call/call-plan.js';
import type { Call, PlannedCall } from '../call/client-call.js';
import type { Planner } from '../call/planner.js';
import type { Interceptor } from '../chain/interceptor.js';
import { type Router, refusal } from '../routing/router.js';

/**
 * Decides once what the call may do; what follows reads the plan.
 *
 * @param router - left out: there are no policies.
 */
export function plan(planner: Planner, random: Random, router?: Router): Interceptor<Call, PlannedCall> {
  return (next) => {
    const decide = (call: Call, parent: CallContext | undefined) => {
      const own = planner.plan(call.method, call.options);
      const routed = router?.route(call, own);
      if (routed?.kind === 'refused') {
        router?.wouldRoute(call, undefined);
        return Promise.resolve(refusal(routed));
      }
      const decided = withinRetry(routed?.plan ?? own, parent);
      const deadline = deadlineOf(call.options, decided, call.startedAt, parent);
      const planned = call.planned(decided, deadline, routed?.to);
      planned.watched = router?.watch(planned);
      const key = decided.idempotencyKey;
      if (key !== undefined) planned.idempotencyKey = key === true ? idempotencyKey(random) : key;
      return next(planned);
    };
    return function plan(call) {
      const parent = currentCallContext();
      const { ready } = router ?? {};
      return ready === undefined ? decide(call, parent) : ready.then(() => decide(call, parent));
    };
  };
}

function withinRetry(plan: CallPlan, parent: CallContext | undefined): CallPlan {
  return parent !== undefined && parent.attempt > 1 ? planWithinRetry(plan, parent.attempt) : plan;
}

/**
 * The smallest of what the call's own caller has left, what call or client say, and the operator's bound; where all are silent, what the
 * mesh or micromesh have for that.
 */
function deadlineOf(
  options: CallOptions,
  plan: CallPlan,
  startedAt: number,
  parent: CallContext | undefined,
): number {
  const parentDeadline = parent?.deadline ?? Number.POSITIVE_INFINITY;
  if (options.timeoutMs === undefined && parentDeadline !== Number.POSITIVE_INFINITY && !isTimed(plan)) {
    return parentDeadline;
  }
  const saidMs = options.timeoutMs ?? plan.timeoutMs ?? Number.POSITIVE_INFINITY;
  const timeoutMs = Math.min(saidMs, plan.limitMs ?? Number.POSITIVE_INFINITY);
  return Math.min(parentDeadline, startedAt + timeoutMs);
}

/** Whether the client or an operator says how long its calls may take. */
function isTimed({ said, limitMs }: CallPlan): boolean {
  return said.timeoutMs !== undefined || limitMs !== undefined;
}

import { type CallContext, currentCallContext, idempotencyKey, type Random } from '@micromesh/core';
import type { CallOptions } from '../call/call-options.js';
import { type CallPlan, planWithinRetry } from '../call/call-plan.js';
import type { Call, PlannedCall } from '../call/client-call.js';
import type { Planner } from '../call/planner.js';
import type { Interceptor } from '../chain/interceptor.js';

/** Decides once what the call may do; what follows reads the plan. */
export function plan(planner: Planner, random: Random): Interceptor<Call, PlannedCall> {
  return (next) =>
    function plan(call) {
      const parent = currentCallContext();
      const decided = planOf(call, planner, parent);
      const planned = call.planned(decided, deadlineOf(call.options, decided, call.startedAt, parent));
      const key = decided.idempotencyKey;
      if (key !== undefined) planned.idempotencyKey = key === true ? idempotencyKey(random) : key;
      return next(planned);
    };
}

function planOf(call: Call, planner: Planner, parent: CallContext | undefined): CallPlan {
  const own = planner.plan(call.method, call.options);
  return parent !== undefined && parent.attempt > 1 ? planWithinRetry(own, parent.attempt) : own;
}

/** The smallest of what the call's own caller has left and what call, client, or mesh say. */
function deadlineOf(
  options: CallOptions,
  plan: CallPlan,
  startedAt: number,
  parent: CallContext | undefined,
): number {
  const timeoutMs = options.timeoutMs ?? plan.timeoutMs ?? Number.POSITIVE_INFINITY;
  return Math.min(parent?.deadline ?? Number.POSITIVE_INFINITY, startedAt + timeoutMs);
}

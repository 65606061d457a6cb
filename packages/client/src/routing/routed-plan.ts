import { type RetryRule, type RouteRule, retries } from '@micromesh/policy/route';
import type { CallPlan } from '../call/call-plan.js';
import { isRateLimited, type RetryContext, type RetryFunction } from '../retry/retry-function.js';

type HedgeAnnotation = NonNullable<RouteRule['annotations']['hedge']>['value'];

/**
 * A plan under a rule: operators bound the load, developers say what calls mean. The time-out and the number of retries are the smaller
 * of what both say, what nobody set beats nothing; a retry needs the word of both. Source: the table "Whose word counts" of the README.
 *
 * @param isUnary - a stream may be meant to last: the rule's time-out is none of its.
 */
export function underRule(plan: CallPlan, rule: RouteRule, isUnary: boolean): CallPlan {
  const timed = isUnary && rule.timeoutMs !== undefined ? timedBy(plan, rule.timeoutMs.value) : plan;
  const retried = rule.retry === undefined ? timed : retriedBy(timed, rule.retry);
  const { hedge } = rule.annotations;
  return hedge === undefined || !isUnary || !plan.idempotent ? retried : hedgedBy(retried, rule, hedge.value);
}

function timedBy(plan: CallPlan, timeoutMs: number): CallPlan {
  return { ...plan, timeoutMs: Math.min(plan.said.timeoutMs ?? timeoutMs, timeoutMs), limitMs: timeoutMs };
}

function retriedBy(plan: CallPlan, rule: RetryRule): CallPlan {
  return {
    ...plan,
    retries: Math.min(plan.said.retries ?? rule.attempts.value, rule.attempts.value),
    retry: retryUnder(rule, plan.said.retry),
    attemptTimeoutMs: rule.perTryTimeoutMs?.value ?? plan.attemptTimeoutMs,
    backoff: { baseMs: rule.baseBackoffMs.value, maxMs: rule.maxBackoffMs },
  };
}

/** Where code says nothing of hedges. A hedge is an attempt of its own: one is given where nobody has said how many there are. */
function hedgedBy(plan: CallPlan, { retry }: RouteRule, hedge: HedgeAnnotation): CallPlan {
  const { call, client, retries } = plan.said;
  if ((call.hedge ?? client.hedge) !== undefined) return plan;
  const isOpen = retry === undefined && retries === undefined;
  return {
    ...plan,
    hedge: hedge.kind === 'delay' ? { afterMs: hedge.delay.ms } : { atPercentile: hedge.ratio },
    retries: isOpen ? Math.max(1, plan.retries) : plan.retries,
  };
}

/** Both must agree; where the code says nothing, the rule alone decides. */
function retryUnder({ conditions }: RetryRule, own: RetryFunction | undefined): RetryFunction {
  const isNamed = ({ outcome }: RetryContext) =>
    retries(conditions.value, {
      ...outcome,
      isRateLimited: isRateLimited(outcome),
    });
  if (own === undefined) return isNamed;
  return function retryUnderRule(context) {
    return isNamed(context) && own(context);
  };
}

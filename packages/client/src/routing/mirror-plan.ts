import type { PolicySet, TrafficSettings } from '@micromesh/policy';
import type { CallPlan } from '../call/call-plan.js';
import type { Service } from '../nodes/service.js';
import { retryNever } from '../retry/retry-function.js';
import { RetryTokens } from '../retry/retry-tokens.js';

/** Where the copies for a mirror go, and how; or why none can go there. */
export type MirrorWay =
  | { readonly kind: 'routed'; readonly plan: CallPlan; readonly to: Service }
  | { readonly kind: 'refused'; readonly details: string };

/** Extra attempts that copies of calls get: none, and they count for nobody else's. */
const NO_BUDGET = { ratio: 0, perSecond: 0, windowMs: 10_000 };

/** The plan of the copies of a plan's calls: one attempt each, and nothing that is known of the method's time is changed by them. */
export function mirrorPlan(plan: CallPlan, policies: PolicySet, traffic: TrafficSettings): CallPlan {
  return {
    ...plan,
    retries: 0,
    retry: retryNever,
    hedge: false,
    latency: undefined,
    waitForReady: false,
    inheritedAttempts: 0,
    way: { policies, rule: undefined, destination: undefined, traffic },
  };
}

/** A service as copies of calls see it: the calls of others keep their budget. */
export function mirrorService({ key, name, nodes, ejections }: Service): Service {
  const budget = new RetryTokens(NO_BUDGET, nodes.clock);
  return { key, name, nodes, budget, ...(ejections && { ejections }) };
}

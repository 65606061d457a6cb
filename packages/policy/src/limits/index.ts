// What counts calls; without the schema, which takes longer to load than all else that a call needs.
export { wouldRefuse } from './dry-run-limits.js';
export {
  LimitCounters,
  type LimitPolicies,
  type LimitPolicyView,
  type MethodCounters,
} from './limit-counters.js';
export type { ConcurrencyLimitRule, LimitRule, LimitSide, RateLimitRule } from './limit-rules.js';
export { PlaceEntry, type PlaceRefusal } from './place-entry.js';
export { type LimitedCall, type RateRefusal, takeTokens } from './rate-counter.js';
export { describePlaces, describeRate } from './refusal-words.js';
export type { MethodLimits, ServiceLimits } from './service-limits.js';

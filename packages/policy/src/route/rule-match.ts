import type { MatchBlock, RouteRule } from './route-rule.js';

/** A rule took the call, by one of its matches. */
export interface RuleMatch {
  readonly kind: 'rule';
  readonly rule: RouteRule;
  readonly match: MatchBlock;
}

import { describeFailure, readSubject, type Source } from './condition.js';
import type { RouteRequest } from './route-request.js';
import type { MatchBlock, RouteRule } from './route-rule.js';
import type { RouteMatch, RouteTable } from './route-table.js';

/** One match of a rule, and the first of its conditions that does not hold, in words: `header x-user is "b", wants prefix "a"`. */
export interface MatchExplanation {
  readonly match: MatchBlock;
  /** Undefined: it matches. */
  readonly failure: string | undefined;
}

/** One rule, and why it takes the call or not. */
export interface RuleExplanation {
  readonly rule: RouteRule;
  /** `taken`: the first that matches; `later`: it matches, and one before it takes the call; `failed`: none of its matches holds. */
  readonly verdict: 'taken' | 'later' | 'failed';
  readonly matches: readonly MatchExplanation[];
}

/** Where a call goes, and why. */
export interface RouteExplanation {
  /** What {@link RouteTable.find} says. */
  readonly found: RouteMatch;
  readonly rules: readonly RuleExplanation[];
}

/** Explains where a call goes: each rule in order, whether it matches, and the first condition that does not hold. */
export function explainRoute(table: RouteTable, request: RouteRequest): RouteExplanation {
  const found = table.find(request);
  const rules = table.rules.map((rule): RuleExplanation => {
    const matches = rule.matches.map((match) => ({
      match,
      failure: failureOf(match, table.source, request),
    }));
    const isTaken = found.kind === 'rule' && found.rule === rule;
    const matched = matches.some(({ failure }) => failure === undefined);
    return { rule, verdict: isTaken ? 'taken' : matched ? 'later' : 'failed', matches };
  });
  return { found, rules };
}

function failureOf({ conditions }: MatchBlock, source: Source, request: RouteRequest): string | undefined {
  for (const condition of conditions) {
    const value = readSubject(condition.subject, source, request);
    if (!condition.holds(value)) return describeFailure(condition, value);
  }
  return undefined;
}

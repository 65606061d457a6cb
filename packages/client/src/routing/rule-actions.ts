import {
  type FaultRule,
  type HeaderEdits,
  type Mirror,
  NO_EDITS,
  type RouteDestination,
  type RouteMatch,
  type RouteRule,
} from '@micromesh/policy/route';
import { filterKey, type NodeFilter, type Strategy } from '@micromesh/selector';

/** A rule that took a call, and the match by which it did. */
export type FoundRule = Extract<RouteMatch, { readonly kind: 'rule' }>;

/** What a rule makes of requests and responses. */
export interface RuleEdits {
  /** Those of the rule, then of the destination; empty: none. */
  readonly request: readonly HeaderEdits[];
  readonly response: readonly HeaderEdits[];
  /** On the wire; undefined: it stays. */
  readonly path: string | undefined;
  /** That nodes see; undefined: it stays. */
  readonly authority: string | undefined;
}

/** Nodes of a filter, and the filter as one string. */
export interface RetryNodes {
  readonly filter: NodeFilter;
  readonly filterKey: string;
}

/** Which nodes calls go to, and how one is chosen. */
interface NodeChoice {
  readonly filter: NodeFilter;
  readonly strategy: Strategy;
}

/** What a rule does with a call beside saying where it goes: made once for a plan and a destination, and the same for all their calls. */
export interface RuleActions {
  /** What the draws of the rule are made with. */
  readonly chance: RouteRule['chance'];
  /** Of the call as a whole. */
  readonly callFault: FaultRule | undefined;
  /** Of each attempt, as if its node had made it. */
  readonly attemptFault: FaultRule | undefined;
  /** Empty: no copies are made. */
  readonly mirrors: readonly Mirror[];
  readonly edits: RuleEdits | undefined;
  /** Whether a retry may go to a node that was tried, as if it had not been. */
  readonly revisits: boolean;
  /** Nodes that a retry keeps to while one is left that was not tried; undefined: all. */
  readonly retryNodes: RetryNodes | undefined;
  /** Whether an attempt may take no longer than the method's answers lately suggest. */
  readonly adaptsTimeout: boolean;
}

/**
 * What a rule does with the calls of a plan; undefined: nothing beside saying where they go.
 *
 * @param nodes - of the calls, by the code and the operator.
 * @param path - of the method.
 */
export function ruleActions(
  { rule, match }: FoundRule,
  destination: RouteDestination,
  nodes: NodeChoice,
  path: string,
): RuleActions | undefined {
  const { fault, annotations, mirrors, chance, retry } = rule;
  const isOfAttempt = annotations.faultScope.value === 'attempt';
  const edits = ruleEdits(rule, destination, match.rewritePath?.(path));
  const revisits = retry?.ignorePreviousHosts.value === false;
  const retryNodes = nearForRetries(rule, nodes);
  const adaptsTimeout = annotations.adaptiveAttemptTimeout.value;
  const does = fault !== undefined || mirrors.length > 0 || edits !== undefined;
  if (!does && !revisits && retryNodes === undefined && !adaptsTimeout) return undefined;
  return {
    chance,
    callFault: isOfAttempt ? undefined : fault,
    attemptFault: isOfAttempt ? fault : undefined,
    mirrors,
    edits,
    revisits,
    retryNodes,
    adaptsTimeout,
  };
}

function ruleEdits(
  rule: RouteRule,
  destination: RouteDestination,
  path: string | undefined,
): RuleEdits | undefined {
  const isEdit = (edits: HeaderEdits) => edits !== NO_EDITS;
  const request = [rule.request.value, destination.request].filter(isEdit);
  const response = [rule.response.value, destination.response].filter(isEdit);
  const authority = destination.authority ?? rule.authority?.value;
  const changes = request.length > 0 || response.length > 0 || path !== undefined || authority !== undefined;
  return changes ? { request, response, path, authority } : undefined;
}

/** Where the code prefers near nodes, and no operator has a rule of localities, a retry is not drawn away from them, unless the rule lets it. */
function nearForRetries({ retry }: RouteRule, { filter, strategy }: NodeChoice): RetryNodes | undefined {
  if (retry === undefined || retry.remoteLocalities.value) return undefined;
  if (filter.locality !== 'prefer' || strategy.locality !== undefined) return undefined;
  const near = { ...filter, locality: 'require' } as const;
  return { filter: near, filterKey: filterKey(near) };
}

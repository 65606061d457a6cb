import type { PolicySet, TrafficSettings } from '@micromesh/policy';
import type { RouteDestination, RouteRule } from '@micromesh/policy/route';
import type { RuleActions } from '../routing/rule-actions.js';

/** What one version of the operator's policies has decided about a call: what the layers below read instead of asking again. */
export interface Way {
  readonly policies: PolicySet;
  /** The rule that took the call; undefined: no VirtualService is about its service, or none for this caller. */
  readonly rule: RouteRule | undefined;
  /** Where the rule sends it; undefined: to the service that it was made for. */
  readonly destination: RouteDestination | undefined;
  /** How calls to the destination are made. */
  readonly traffic: TrafficSettings;
  /** What the rule does beside choosing the way; undefined: nothing. */
  readonly actions?: RuleActions | undefined;
}

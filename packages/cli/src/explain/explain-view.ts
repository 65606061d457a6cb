import { formatServiceKey, type ServiceKey } from '@micromesh/core';
import {
  explainRoute,
  type PolicySet,
  type RouteExplanation,
  type RouteRule,
  type ServicePolicy,
} from '@micromesh/policy';
import { type EffectiveValue, limitValues, ruleValues } from './effective-values.js';
import type { ExplainedCall } from './explained-call.js';
import type { PolicyPlaceFacts } from './explained-policies.js';
import { type FindNames, serviceMeantBy } from './named-services.js';
import {
  abortOfAll,
  type CallerView,
  type DroppedView,
  destinationsOf,
  droppedOf,
  type FindCandidates,
  ruleView,
  serviceAsItIs,
  type WayView,
} from './way-view.js';

/** What `micromesh explain` prints of a call with `--json`. */
export interface ExplainView extends WayView {
  readonly service: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly from: CallerView;
  readonly hashKey: string | null;
  /** The service that is probably meant, where neither a resource nor the registry names this one; null: one does, or no name is near. */
  readonly didYouMean: string | null;
  readonly policies: readonly PolicyPlaceFacts[];
  readonly dropped: readonly DroppedView[];
  /** What would be if resources in dry-run counted; null: none is about the service. */
  readonly dryRun: WayView | null;
}

/**
 * Explains a call under a set of policies.
 *
 * @param registered - the names of the services in the registry.
 */
export async function explainView(
  set: PolicySet,
  call: ExplainedCall,
  places: readonly PolicyPlaceFacts[],
  find: FindCandidates,
  registered: FindNames,
): Promise<ExplainView> {
  const policy = set.of(call.service);
  const way = await wayView(set, policy, call, find);
  const hasNodes = way.destinations.some(({ candidates }) => (candidates?.registered ?? 0) > 0);
  return {
    service: formatServiceKey(call.service),
    method: call.request.path,
    headers: call.headers,
    from: { labels: call.caller.labels, namespace: call.caller.namespace ?? 'default' },
    hashKey: call.hashKey ?? null,
    didYouMean: hasNodes ? null : ((await serviceMeantBy(call.service, set, registered)) ?? null),
    policies: places,
    ...way,
    dropped: droppedOf(set),
    dryRun: policy?.dryRun === undefined ? null : await wayView(set, policy.dryRun, call, find),
  };
}

async function wayView(
  set: PolicySet,
  policy: ServicePolicy | undefined,
  call: ExplainedCall,
  find: FindCandidates,
): Promise<WayView> {
  const { service, request, hashKey } = call;
  const explained = policy?.routes && explainRoute(policy.routes, request);
  const found = explained?.found ?? { kind: 'unrouted' };
  const { rule, match } = found.kind === 'rule' ? found : { rule: undefined, match: undefined };
  const ends = endOf(found, rule, policy);
  const common = {
    route: found.kind,
    rule: rule?.name ?? null,
    rules: (explained?.rules ?? []).map(ruleView),
    ends,
  };
  const isAnswered = found.kind === 'none' || (rule !== undefined && rule.action.kind !== 'route');
  if (isAnswered) return { ...common, values: [], destinations: [] };
  const values = [...ruleValues(rule, match, request.path), ...limitsOf(set, call)];
  if (ends !== null) return { ...common, values, destinations: [] };
  const name = formatServiceKey(service);
  // Its own resources count for the service that the call is for, in dry-run too; those in force for others.
  const policyOf = (to: ServiceKey) => (formatServiceKey(to) === name ? policy : set.of(to));
  const parts = { hashKey, policyOf, find };
  return {
    ...common,
    values,
    destinations:
      rule === undefined ? [await serviceAsItIs(service, parts)] : await destinationsOf(rule, parts),
  };
}

function limitsOf(set: PolicySet, { service, request }: ExplainedCall): readonly EffectiveValue[] {
  return (['client', 'server'] as const).flatMap((side) => {
    const limits = set.limitsOf(service, side)?.of(request.path);
    return limits === undefined ? [] : limitValues(side, [...limits.rates, ...limits.concurrency]);
  });
}

/** What a call ends with that goes to no node. */
function endOf(
  found: RouteExplanation['found'],
  rule: RouteRule | undefined,
  policy: ServicePolicy | undefined,
): string | null {
  if (found.kind === 'none') {
    return `UNIMPLEMENTED: no rule of ${policy?.routes?.origin.resource ?? ''} takes it; add a rule without a match as the last one`;
  }
  if (rule === undefined) return null;
  const { action } = rule;
  switch (action.kind) {
    case 'redirect':
      return `UNKNOWN: it is redirected with ${action.httpStatus}, which gRPC does not follow`;
    case 'directResponse':
      return `it is answered with ${action.httpStatus}, in gRPC ${action.grpcCode}, by no node${action.message === '' ? '' : `: ${action.message}`}`;
    case 'route':
      return abortOfAll(rule);
  }
}

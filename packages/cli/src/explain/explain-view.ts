import { formatServiceKey, type PolicyWordOrigin, type ServiceKey } from '@micromesh/core';
import {
  explainRoute,
  NO_TRAFFIC_SETTINGS,
  type PolicyOrigin,
  type PolicySet,
  type RouteAction,
  type RouteDestination,
  type RouteExplanation,
  type RuleExplanation,
  type ServicePolicy,
} from '@micromesh/policy';
import type { CandidatesView } from './candidate-nodes.js';
import {
  destinationValues,
  type EffectiveValue,
  limitValues,
  ruleValues,
  trafficValues,
} from './effective-values.js';
import type { ExplainedCall } from './explained-call.js';
import type { PolicyPlaceFacts } from './explained-policies.js';

/** Where something is written. */
export type Place = Omit<PolicyWordOrigin, 'kind' | 'isDefault'>;

/** A rule, and why it takes the call or not. */
export interface RuleView {
  readonly name: string;
  /** `taken`: the first that matches; `later`: it matches, and one before it takes the call; `failed`: none of its matches holds. */
  readonly verdict: RuleExplanation['verdict'];
  readonly at: Place;
  readonly matches: readonly {
    readonly name: string;
    readonly at: Place;
    /** The first condition that does not hold, in words; null: all do. */
    readonly failure: string | null;
  }[];
}

/** A place that calls go to. */
export interface DestinationView {
  readonly service: string;
  readonly subset: string | null;
  /** What its nodes have; null: it is all nodes, or nobody defines the subset. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly port: number | null;
  /** Its share of the calls of the rule, in [0, 1]. */
  readonly ratio: number;
  /** Whether this call goes there; null: chance decides, as it has no hash key. */
  readonly taken: boolean | null;
  readonly at: Place | null;
  /** Why calls that go there fail; null: nothing that the policies tell. */
  readonly problem: string | null;
  readonly values: readonly EffectiveValue[];
  /** Null: no registry was asked. */
  readonly candidates: CandidatesView | null;
}

/** What a call would meet under some resources. */
export interface WayView {
  /** `rule`: one takes it; `none`: none of its service's rules does; `unrouted`: there is none for it, and it goes to its service. */
  readonly route: 'rule' | 'none' | 'unrouted';
  /** The name of the rule that takes it. */
  readonly rule: string | null;
  readonly rules: readonly RuleView[];
  /** What the call ends with where it goes to no node, in words; null: it goes to one. */
  readonly ends: string | null;
  /** Of the call, wherever it goes. */
  readonly values: readonly EffectiveValue[];
  readonly destinations: readonly DestinationView[];
}

/** What `micromesh explain` prints with `--json`. */
export interface ExplainView extends WayView {
  readonly service: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly from: { readonly labels: Readonly<Record<string, string>>; readonly namespace: string };
  readonly hashKey: string | null;
  readonly policies: readonly PolicyPlaceFacts[];
  /** Rules that are left out, since the rule that delegates to them does not take what they match. */
  readonly dropped: readonly (Place & { readonly reason: string })[];
  /** What would be if resources in dry-run counted; null: none is about the service. */
  readonly dryRun: WayView | null;
}

/** Gives the candidates of a destination; null: no registry was asked. */
export type FindCandidates = (
  service: ServiceKey,
  policy: ServicePolicy | undefined,
  subset: string | undefined,
  port: number | undefined,
) => Promise<CandidatesView | null>;

/** Explains a call under a set of policies. */
export async function explainView(
  set: PolicySet,
  call: ExplainedCall,
  places: readonly PolicyPlaceFacts[],
  find: FindCandidates,
): Promise<ExplainView> {
  const policy = set.of(call.service);
  return {
    service: formatServiceKey(call.service),
    method: call.request.path,
    headers: call.headers,
    from: { labels: call.caller.labels, namespace: call.caller.namespace ?? 'default' },
    hashKey: call.hashKey ?? null,
    policies: places,
    ...(await wayView(set, policy, call, find)),
    dropped: set.dropped.map(({ place, reason }) => ({ ...placeOf(place.origin()), reason })),
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
  const ends = endOf(found, rule?.action, policy);
  const values = [...ruleValues(rule, match, request.path), ...limitsOf(set, call)];
  const common = {
    route: found.kind,
    rule: rule?.name ?? null,
    rules: (explained?.rules ?? []).map(ruleView),
    ends,
    values: ends === null ? values : [],
  };
  if (ends !== null) return { ...common, destinations: [] };
  const to = async (destination: RouteDestination | undefined, taken: boolean | null) => {
    const where = destination?.service ?? service;
    // Its own resources count for the service that the call is for, in dry-run too; those in force for others.
    const about = formatServiceKey(where) === formatServiceKey(service) ? policy : set.of(where);
    const traffic = about?.traffic(destination?.subset, destination?.port) ?? NO_TRAFFIC_SETTINGS;
    const subset = destination?.subset === undefined ? undefined : about?.subset(destination.subset);
    const isMissing = destination?.subset !== undefined && subset === undefined;
    return {
      service: formatServiceKey(where),
      subset: destination?.subset ?? null,
      labels: subset?.labels ?? null,
      port: destination?.port ?? null,
      ratio: destination?.ratio ?? 1,
      taken,
      at: destination === undefined ? null : placeOf(destination.origin),
      problem: isMissing
        ? `no DestinationRule defines the subset ${destination.subset}: calls end with UNAVAILABLE`
        : null,
      values: [...destinationValues(destination), ...trafficValues(traffic)],
      candidates: isMissing ? null : await find(where, about, destination?.subset, destination?.port),
    };
  };
  if (rule?.action.kind !== 'route') return { ...common, destinations: [await to(undefined, true)] };
  const { destinations } = rule.action;
  const certain = destinations.all.filter(({ ratio }) => ratio === 1);
  const taken = hashKey === undefined ? certain[0] : destinations.of(hashKey);
  const all = destinations.all.map((each) => to(each, taken === undefined ? null : each === taken));
  return { ...common, destinations: await Promise.all(all) };
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
  action: RouteAction | undefined,
  policy: ServicePolicy | undefined,
): string | null {
  if (found.kind === 'none') {
    return `UNIMPLEMENTED: no rule of ${policy?.routes?.origin.resource ?? ''} takes it; add a rule without a match as the last one`;
  }
  switch (action?.kind) {
    case 'redirect':
      return `UNKNOWN: it is redirected with ${action.httpStatus}, which gRPC does not follow`;
    case 'directResponse':
      return `it is answered with ${action.httpStatus}, in gRPC ${action.grpcCode}, by no node${action.message === '' ? '' : `: ${action.message}`}`;
    default:
      return null;
  }
}

function ruleView({ rule, verdict, matches }: RuleExplanation): RuleView {
  return {
    name: rule.name,
    verdict,
    at: placeOf(rule.origin),
    matches: matches.map(({ match, failure }) => ({
      name: match.name,
      at: placeOf(match.origin),
      failure: failure ?? null,
    })),
  };
}

function placeOf({ resource, path, file, line }: PolicyOrigin): Place {
  return { resource, path, file, line };
}

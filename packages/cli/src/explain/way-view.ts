import { formatServiceKey, type PolicyWordOrigin, type ServiceKey, statusName } from '@micromesh/core';
import {
  type FaultAbort,
  type HeaderEdits,
  NO_TRAFFIC_SETTINGS,
  type PolicyOrigin,
  type PolicySet,
  type RouteDestination,
  type RouteRule,
  type RuleExplanation,
  type ServicePolicy,
} from '@micromesh/policy';
import type { CandidatesView, WantedNodes } from './candidate-nodes.js';
import { destinationValues, type EffectiveValue, trafficValues } from './effective-values.js';

/** Where something is written. */
export type Place = Omit<PolicyWordOrigin, 'kind' | 'isDefault'>;

/** The process that calls. */
export interface CallerView {
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string;
}

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
  /** `rule`: one takes it; `none`: there are rules for it, and none of them does; `unrouted`: there is none for it. */
  readonly route: 'rule' | 'none' | 'unrouted';
  /** The name of the rule that takes it. */
  readonly rule: string | null;
  readonly rules: readonly RuleView[];
  /** What it ends with where it goes to no node, in words; null: it goes to one. */
  readonly ends: string | null;
  /** Of the call, wherever it goes; empty where its rule answers it, or there is none. */
  readonly values: readonly EffectiveValue[];
  readonly destinations: readonly DestinationView[];
}

/** Gives the candidates of a destination; null: no registry was asked. */
export type FindCandidates = (wanted: WantedNodes) => Promise<CandidatesView | null>;

/** What the destinations of a call are found with. */
export interface DestinationParts {
  readonly hashKey: string | undefined;
  /** What is said of a service that calls are sent to. */
  readonly policyOf: (service: ServiceKey) => ServicePolicy | undefined;
  readonly find: FindCandidates;
}

/** Where a rule sends calls. */
export function destinationsOf(
  { action, request }: RouteRule,
  parts: DestinationParts,
): Promise<readonly DestinationView[]> {
  if (action.kind !== 'route') return Promise.resolve([]);
  const { all } = action.destinations;
  const certain = all.find(({ ratio }) => ratio === 1);
  const taken = parts.hashKey === undefined ? certain : action.destinations.of(parts.hashKey);
  return Promise.all(
    all.map((each) => {
      const edits = [request.value, each.request];
      return destinationView(each, taken === undefined ? null : each === taken, edits, parts);
    }),
  );
}

/** The service itself, where no rule names a destination. */
export function serviceAsItIs(service: ServiceKey, parts: DestinationParts): Promise<DestinationView> {
  return destinationView({ service }, true, [], parts);
}

async function destinationView(
  destination: RouteDestination | { readonly service: ServiceKey },
  taken: boolean | null,
  edits: readonly HeaderEdits[],
  { policyOf, find }: DestinationParts,
): Promise<DestinationView> {
  const { service } = destination;
  const named = 'origin' in destination ? destination : undefined;
  const policy = policyOf(service);
  const wanted = { service, policy, subset: named?.subset, port: named?.port, edits };
  const traffic = policy?.traffic(named?.subset, named?.port) ?? NO_TRAFFIC_SETTINGS;
  const subset = named?.subset === undefined ? undefined : policy?.subset(named.subset);
  const isMissing = named?.subset !== undefined && subset === undefined;
  return {
    service: formatServiceKey(service),
    subset: named?.subset ?? null,
    labels: subset?.labels ?? null,
    port: named?.port ?? null,
    ratio: named?.ratio ?? 1,
    taken,
    at: named === undefined ? null : placeOf(named.origin),
    problem: isMissing
      ? `no DestinationRule defines the subset ${named.subset}: calls end with UNAVAILABLE`
      : null,
    values: [...destinationValues(named), ...trafficValues(traffic)],
    candidates: isMissing ? null : await find(wanted),
  };
}

/**
 * What a rule ends all of its calls with on purpose; null: some go on.
 *
 * @param statusOf - how the status of an abort is told.
 */
export function abortOfAll(
  { fault, annotations }: RouteRule,
  statusOf: (abort: FaultAbort) => string = ({ code }) => statusName(code),
): string | null {
  const abort = fault?.abort;
  if (abort === undefined || abort.ratio.value < 1) return null;
  const { resource, path } = abort.origin;
  return `${statusOf(abort)}: ${resource} ${path} ends every ${annotations.faultScope.value} on purpose`;
}

/** A rule as it is shown. */
export function ruleView({ rule, verdict, matches }: RuleExplanation): RuleView {
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

/** A rule that is left out, since the rule that delegates to it does not take what it matches. */
export type DroppedView = Place & { readonly reason: string };

/** The rules of a set that are left out. */
export function droppedOf({ dropped }: PolicySet): readonly DroppedView[] {
  return dropped.map(({ place, reason }) => ({ ...placeOf(place.origin()), reason }));
}

function placeOf({ resource, path, file, line }: PolicyOrigin): Place {
  return { resource, path, file, line };
}

import { ConfigError, nearestName, type ServiceKey, statusName } from '@micromesh/core';
import {
  explainRoute,
  type FaultAbort,
  type PolicySet,
  type Resource,
  type RouteAction,
  type RouteRequest,
  type RouteTable,
  type ServicePolicy,
} from '@micromesh/policy';
import { corsValues, type EffectiveValue, ruleValues } from './effective-values.js';
import type { PolicyPlaceFacts } from './explained-policies.js';
import type { ExplainedRequest } from './explained-request.js';
import type { GatewayAnswer } from './gateway-answer.js';
import {
  abortOfAll,
  type CallerView,
  type DroppedView,
  destinationsOf,
  droppedOf,
  type FindCandidates,
  ruleView,
  type WayView,
} from './way-view.js';

/** What a request would meet at a gateway under some resources. `unrouted`: there are no rules for its host. */
export interface GatewayWayView extends WayView {
  /** What the gateway answers without a call; null: it makes one. */
  readonly answer: GatewayAnswer | null;
  /** By which the method of the call is found; null: there is no call. */
  readonly methodPath: string | null;
}

/** What `micromesh explain --gateway` prints with `--json`. */
export interface GatewayView extends GatewayWayView {
  readonly gateway: string;
  /** As it is in `Host`. */
  readonly host: string;
  readonly verb: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The process of the gateway. */
  readonly from: CallerView;
  readonly policies: readonly PolicyPlaceFacts[];
  readonly dropped: readonly DroppedView[];
  /** What would be if resources in dry-run counted; null: none of them has a part in it. */
  readonly dryRun: GatewayWayView | null;
}

/** Asks a gateway under some resources. */
export type AskGateway = (resources: readonly Resource[]) => Promise<GatewayAnswer>;

/** What the way of a request is found with. */
interface WayParts {
  readonly table: RouteTable | undefined;
  readonly answer: GatewayAnswer;
  readonly policyOf: (service: ServiceKey) => ServicePolicy | undefined;
  readonly find: FindCandidates;
}

const MESH = 'mesh';
const NOT_FOUND = 404;

/**
 * Explains a request at a gateway under a set of policies.
 *
 * @throws ConfigError for a gateway that no VirtualService names.
 */
export async function gatewayView(
  set: PolicySet,
  gateway: string,
  asked: ExplainedRequest,
  places: readonly PolicyPlaceFacts[],
  find: FindCandidates,
  ask: AskGateway,
): Promise<GatewayView> {
  checkGateway(gateway, set.gateways);
  const { request, host, target, headers, caller } = asked;
  const { authority } = request;
  const table = set.atHost(authority, gateway);
  // Destinations have rules of their own, whoever's call it is.
  const dryTable =
    set.dryRunAtHost(authority, gateway) ?? (hasDryDestination(set, table, request) ? table : undefined);
  const way = await wayView(asked, {
    table,
    answer: await ask(set.resources),
    policyOf: (service) => set.of(service),
    find,
  });
  return {
    gateway,
    host,
    verb: request.verb,
    path: target,
    headers,
    from: { labels: caller.labels, namespace: caller.namespace ?? 'default' },
    policies: places,
    ...way,
    dropped: droppedOf(set),
    dryRun:
      dryTable === undefined
        ? null
        : await wayView(asked, {
            table: dryTable,
            answer: await ask(ifAllCounted(set.resources)),
            policyOf: (service) => set.of(service)?.dryRun ?? set.of(service),
            find,
          }),
  };
}

function hasDryDestination(set: PolicySet, table: RouteTable | undefined, request: RouteRequest): boolean {
  const found = table?.find(request);
  if (found?.kind !== 'rule' || found.rule.action.kind !== 'route') return false;
  return found.rule.action.destinations.all.some(({ service }) => set.of(service)?.dryRun !== undefined);
}

/** Those in dry-run count before the others. */
function ifAllCounted(resources: readonly Resource[]): readonly Resource[] {
  const dry = resources.filter(({ annotations }) => annotations.dryRun === true);
  const others = resources.filter((resource) => !dry.includes(resource));
  const counted = dry.map((resource) => ({
    ...resource,
    annotations: { ...resource.annotations, dryRun: false },
  }));
  return [...counted, ...others];
}

async function wayView(
  { request }: ExplainedRequest,
  { table, answer, policyOf, find }: WayParts,
): Promise<GatewayWayView> {
  const explained = table && explainRoute(table, request);
  const taken = explained?.found.kind === 'rule' ? explained.found : undefined;
  const { rule, match } = taken ?? {};
  const makesCall = table === undefined || rule?.action.kind === 'route';
  // The one that was asked has no methods to call.
  const isAnswered = !makesCall || answer.status !== NOT_FOUND;
  const common = {
    route: table === undefined ? 'unrouted' : rule === undefined ? 'none' : 'rule',
    rule: rule?.name ?? null,
    rules: (explained?.rules ?? []).map(ruleView),
  } as const;
  if (isAnswered) {
    const ends = endOf(table, rule?.action, answer);
    return { ...common, ends, answer, methodPath: null, values: [], destinations: [] };
  }
  const methodPath = match?.rewritePath?.(request.path) ?? request.path;
  const goesOn = { ...common, ends: null, answer: null, methodPath };
  if (rule === undefined) return { ...goesOn, values: [], destinations: [] };
  // Of an attempt it is as if the node had answered, which has gRPC's statuses alone.
  const isOfCall = rule.annotations.faultScope.value === 'call';
  const ends = abortOfAll(rule, isOfCall ? httpStatusOf : undefined);
  const values: readonly EffectiveValue[] = [
    ...ruleValues(rule, match, request.path),
    ...corsValues(rule.cors),
  ];
  if (ends !== null) return { ...goesOn, ends, values, destinations: [] };
  // Its code gives calls no keys.
  const parts = { hashKey: undefined, policyOf, find };
  return { ...goesOn, values, destinations: await destinationsOf(rule, parts) };
}

/** The gateway answers with the status that the rule says. */
function httpStatusOf({ httpStatus, code }: FaultAbort): string {
  return httpStatus === undefined ? statusName(code) : `${httpStatus}, in gRPC ${statusName(code)}`;
}

/** Whose answer it is. */
function endOf(
  table: RouteTable | undefined,
  action: RouteAction | undefined,
  { status }: GatewayAnswer,
): string {
  if (table !== undefined && action === undefined && status === NOT_FOUND) {
    return `no rule of ${table.origin.resource} takes it; add a rule without a match as the last one`;
  }
  if (action !== undefined && action.kind !== 'route' && action.httpStatus === status) {
    return action.kind === 'redirect' ? 'its rule redirects it' : 'its rule answers it';
  }
  return status < 300 ? 'the corsPolicy of its rule answers the preflight' : 'the gateway refuses it';
}

function checkGateway(gateway: string, names: readonly string[]): void {
  if (gateway === MESH) {
    const mend = 'leave --gateway out: micromesh explain SERVICE METHOD';
    throw new ConfigError('--gateway', gateway, 'means the calls of processes', mend);
  }
  if (names.includes(gateway)) return;
  const near = nearestName(gateway, names);
  throw new ConfigError(
    '--gateway',
    gateway,
    'is named by no VirtualService',
    names.length === 0
      ? `no gateway is; write gateways: [${gateway}] in those that are meant for it`
      : `${near === undefined ? '' : `did you mean ${near}? `}those named are ${names.join(', ')}`,
  );
}

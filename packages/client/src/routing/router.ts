import { status } from '@grpc/grpc-js';
import {
  DIRECT_RESPONSE,
  formatServiceKey,
  MESH_REASON,
  type Method,
  type Outcome,
  type Random,
  type ServiceKey,
} from '@micromesh/core';
import type { PolicySet, ServicePolicy, TrafficSettings } from '@micromesh/policy';
import {
  drawDestination,
  type MatchBlock,
  type Mirror,
  NO_TRAFFIC_SETTINGS,
  type RouteAction,
  type RouteDestination,
} from '@micromesh/policy/route';
import { filterKey, type Strategy } from '@micromesh/selector';
import type { CallPlan } from '../call/call-plan.js';
import type { Call, PlannedCall } from '../call/client-call.js';
import { localOutcome } from '../chain/local-outcome.js';
import { DryRun, wouldRoute } from '../dry-run/dry-run.js';
import type { WatchedCall, WouldBeRoute, WouldBeRule } from '../dry-run/watched-call.js';
import type { Service } from '../nodes/service.js';
import type { MethodLatencies } from '../retry/method-latencies.js';
import type { DestinationLimits } from './destination-limits.js';
import type { DestinationStrategies, DestinationStrategy } from './destination-strategy.js';
import { gatewayRuleOf } from './gateway-rule.js';
import { type MirrorWay, mirrorPlan, mirrorService } from './mirror-plan.js';
import { PairMap } from './pair-map.js';
import type { PolicyView } from './policy-view.js';
import { CallRequest } from './route-request.js';
import { underRule } from './routed-plan.js';
import { type FoundRule, type RuleActions, ruleActions } from './rule-actions.js';
import { narrowTo } from './subset-filter.js';

/** A service that a rule sends calls to, and what is kept of it for a client. */
export interface Destination {
  readonly service: Service;
  readonly strategy: Strategy;
  readonly latencies: MethodLatencies;
  /** What operators' rules ask for in place of the client's strategy. */
  readonly ruled: DestinationStrategies;
}

/** Where a call goes and how, or what it ends with for want of a way. */
export type Routed =
  | { readonly kind: 'routed'; readonly plan: CallPlan; readonly to: Service }
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly details: string;
      /** Whether the words are an operator's, for who calls; default false. */
      readonly areForCallers?: boolean;
    };

type Refused = Extract<Routed, { readonly kind: 'refused' }>;

/** The same, of a target that is no way yet. */
type Targeted = Refused | (Exclude<Routed, Refused> & { readonly traffic: TrafficSettings });

/** Finds the rule of a call, once, and applies it to the call's plan. */
export class Router {
  readonly #policies: PolicyView;
  readonly #destinationOf: (service: ServiceKey) => Destination;
  readonly #random: Random;
  readonly #limits: DestinationLimits;
  readonly #dryRun: DryRun;
  /** What was made for a plan, by the destination or, where no rule names one, the settings: all are the same objects for most calls. */
  readonly #made = new PairMap<object, CallPlan, Routed>();
  /** A match that rewrites the path makes of its calls what no other does. */
  readonly #rewritten = new PairMap<MatchBlock, RouteDestination, object>();
  /** The plans of all calls that do the same share what is done. */
  readonly #mirrorWays = new PairMap<RuleActions, Mirror['target'], MirrorWay>();

  /** @param limits, dryRun - shared by all clients of a mesh. */
  constructor(
    policies: PolicyView,
    destinationOf: (service: ServiceKey) => Destination,
    random: Random,
    limits: DestinationLimits,
    dryRun = new DryRun(random),
  ) {
    this.#policies = policies;
    this.#destinationOf = destinationOf;
    this.#random = random;
    this.#limits = limits;
    this.#dryRun = dryRun;
  }

  /** Resolves when the policies are known; undefined: they are. */
  get ready(): Promise<void> | undefined {
    return this.#policies.ready;
  }

  /** The way of a call; undefined: no policy is about its service, and the plan holds as it is. */
  route(call: Call, plan: CallPlan): Routed | undefined {
    const given = gatewayRuleOf(call.options);
    if (given?.found !== undefined) return this.#underRule(given.found, call, plan, given.policies);
    const set = this.#policies.current;
    const policy = set?.of(call.service);
    if (set === undefined || policy === undefined) return undefined;
    const found = policy.routes?.find(new CallRequest(call));
    if (found === undefined || found.kind === 'unrouted') return this.#unrouted(policy, call, plan, set);
    return found.kind === 'none' ? noRule(policy) : this.#underRule(found, call, plan, set);
  }

  #underRule(found: FoundRule, call: Call, plan: CallPlan, set: PolicySet): Routed {
    const { action, chance } = found.rule;
    if (action.kind !== 'route') return answered(action);
    const destination = drawDestination(action.destinations, chance, this.#random, plan.hashKey);
    const key =
      found.match.rewritePath === undefined
        ? destination
        : this.#rewritten.of(found.match, destination, () => ({}));
    return this.#made.of(key, plan, () => this.#wayTo(destination, found, call, plan, set));
  }

  /** What rules in dry-run would have made of a call, now that its way is known; undefined: there are none, or nothing is left to look at. */
  watch(call: PlannedCall): WatchedCall | undefined {
    const set = gatewayRuleOf(call.options)?.policies ?? this.#policies.current;
    if (set === undefined || set.dryRunTitles.size === 0) return undefined;
    const would = this.wouldRoute(call, call.plan);
    const ejections = this.#dryRun.ejectionsOf(call, set);
    return would === undefined && ejections === undefined ? undefined : { would, ejections };
  }

  /** The same of its way alone; `taken` undefined: a rule in force has ended the call. */
  wouldRoute(call: Call, taken: CallPlan | undefined): WouldBeRule | undefined {
    const would = this.#wouldBeRoute(call);
    return would && this.#dryRun.begin(call, would, taken);
  }

  /** Of a gateway's call the gateway has found it. */
  #wouldBeRoute(call: Call): WouldBeRoute | undefined {
    const given = gatewayRuleOf(call.options);
    if (given !== undefined) return given.would;
    const set = this.#policies.current;
    const would = set?.of(call.service)?.dryRun;
    return set && would && wouldRoute(call, would, set);
  }

  /** No rule takes it, and the settings of its service hold. */
  #unrouted(policy: ServicePolicy, call: Call, plan: CallPlan, policies: PolicySet): Routed | undefined {
    const traffic = policy.traffic(undefined, undefined);
    if (traffic === NO_TRAFFIC_SETTINGS) return undefined;
    return this.#made.of(traffic, plan, () => {
      const refused = this.#clearTextRefusal(traffic, call.service);
      if (refused !== undefined) return refused;
      const way = { policies, rule: undefined, destination: undefined, traffic };
      const target = { service: call.service, subset: undefined, port: undefined };
      const { service, ruled } = this.#destinationOf(call.service);
      const to = this.#limits.limited(service, target, traffic);
      return { kind: 'routed', plan: { ...plan, ...balancing(traffic, ruled), way }, to };
    });
  }

  #wayTo(
    destination: RouteDestination,
    found: FoundRule,
    { method }: Call,
    plan: CallPlan,
    policies: PolicySet,
  ): Routed {
    const ruled = underRule(plan, found.rule, method.kind === 'unary');
    const routed = this.#planTo(destination, ruled, method, policies);
    if (routed.kind === 'refused') return routed;
    const { traffic } = routed;
    const actions = ruleActions(found, destination, routed.plan, method.path);
    const way = { policies, rule: found.rule, destination, traffic, actions };
    return { kind: 'routed', plan: { ...routed.plan, way }, to: routed.to };
  }

  /**
   * Where copies of a call go. They go where the operator says, whatever nodes the code wants for its calls. Found when the first is
   * drawn, so that a mirror that gets none opens nothing.
   */
  mirrorWay({ plan, method }: PlannedCall, target: Mirror['target']): MirrorWay | undefined {
    const { policies, actions } = plan.way ?? {};
    if (policies === undefined || actions === undefined) return undefined;
    return this.#mirrorWays.of(actions, target, () => this.#mirrorTo(target, plan, method, policies));
  }

  #mirrorTo(target: Mirror['target'], plan: CallPlan, method: Method, policies: PolicySet): MirrorWay {
    const { locality } = plan.filter;
    const filter = locality === undefined ? {} : { locality };
    const own = { ...plan, filter, filterKey: filterKey(filter), keyOf: undefined };
    const routed = this.#planTo(target, own, method, policies);
    if (routed.kind === 'refused') return routed;
    const copied = mirrorPlan(routed.plan, policies, routed.traffic);
    return { kind: 'routed', plan: copied, to: mirrorService(routed.to) };
  }

  /** The nodes of a target, and how calls to them are made. */
  #planTo(target: Mirror['target'], plan: CallPlan, method: Method, policies: PolicySet): Targeted {
    const { service, strategy, latencies, ruled } = this.#destinationOf(target.service);
    const latency = method.kind === 'unary' ? latencies.of(method.path) : undefined;
    const policy = policies.of(target.service);
    const traffic = policy?.traffic(target.subset, target.port) ?? NO_TRAFFIC_SETTINGS;
    const refused = this.#clearTextRefusal(traffic, target.service);
    if (refused !== undefined) return refused;
    const routed: CallPlan = { ...plan, strategy, ...balancing(traffic, ruled), latency };
    if (target.subset === undefined) {
      return { kind: 'routed', plan: routed, to: this.#limits.limited(service, target, traffic), traffic };
    }
    const subset = policy?.subset(target.subset);
    if (subset === undefined) {
      const name = formatServiceKey(target.service);
      const details = `no DestinationRule defines the subset ${target.subset} of ${name} that ${placeOf(target)} sends calls to; define it, or name another`;
      return { kind: 'refused', code: status.UNAVAILABLE, details };
    }
    const narrowed = narrowTo(subset, plan.filter);
    if (narrowed.kind === 'conflict') {
      return { kind: 'refused', code: status.UNAVAILABLE, details: narrowed.details };
    }
    const { filter } = narrowed;
    const filtered = { ...routed, filter, filterKey: filterKey(filter) };
    const to = this.#limits.limited(service, target, traffic, subset);
    return { kind: 'routed', plan: filtered, to, traffic };
  }

  /** Where a rule asks for TLS that the connections do not have: nothing is sent in clear text. */
  #clearTextRefusal({ tls }: TrafficSettings, service: ServiceKey): Refused | undefined {
    if (tls === undefined || tls.mode.value === 'DISABLE') return undefined;
    if (this.#destinationOf(service).service.nodes.transport.secure) return undefined;
    const { resource, path } = tls.origin;
    const details = `${resource} ${path} asks for TLS (${tls.mode.value}), and connections to ${formatServiceKey(service)} are in clear text; nothing is sent: take the block out, or set mode: DISABLE`;
    return { kind: 'refused', code: status.UNAVAILABLE, details };
  }
}

/** How the operator has nodes chosen; undefined: as the client does. */
function balancing(
  { loadBalancer }: TrafficSettings,
  ruled: DestinationStrategies,
): DestinationStrategy | undefined {
  return loadBalancer && ruled.of(loadBalancer);
}

/** Istio makes a route for a port and a host; what none of its rules takes is a 404 there. */
function noRule({ routes, service }: ServicePolicy): Routed {
  const resource = routes?.origin.resource ?? '';
  const details = `no rule of ${resource} takes the call to ${formatServiceKey(service)}; add a rule without a match as the last one`;
  return { kind: 'refused', code: status.UNIMPLEMENTED, details };
}

function answered(action: Exclude<RouteAction, { readonly kind: 'route' }>): Routed {
  const { resource, path } = action.origin;
  if (action.kind === 'directResponse') {
    const { grpcCode: code, httpStatus, message } = action;
    return message === ''
      ? { kind: 'refused', code, details: `${resource} ${path} answers ${httpStatus}` }
      : { kind: 'refused', code, details: message, areForCallers: true };
  }
  const details = `${resource} ${path} redirects the call with ${action.httpStatus}, which gRPC does not follow`;
  return { kind: 'refused', code: status.UNKNOWN, details };
}

function placeOf({ origin: { resource, path } }: Mirror['target']): string {
  return `${resource} ${path}`;
}

/** What a refused call ends with. */
export function refusal({ code, details, areForCallers = false }: Refused): Outcome {
  const outcome = localOutcome(code, 'route', 'unsent', details);
  if (areForCallers) outcome.trailers.set(MESH_REASON, DIRECT_RESPONSE);
  return outcome;
}

import { events, formatServiceKey, type Outcome, type Random } from '@micromesh/core';
import type { OutlierRule, PolicySet, ServicePolicy } from '@micromesh/policy';
import {
  drawDestination,
  drawFault,
  drawMirrors,
  type RouteDestination,
  retries,
} from '@micromesh/policy/route';
import type { CallPlan } from '../call/call-plan.js';
import type { Call, PlannedCall } from '../call/client-call.js';
import type { ServiceNodes } from '../nodes/service-nodes.js';
import { PairMap } from '../routing/pair-map.js';
import { CallRequest } from '../routing/route-request.js';
import { nodesOf } from '../routing/subset-filter.js';
import type { DryRunEffect, WatchedCall, WouldBeRoute, WouldBeRule } from './watched-call.js';
import { WouldEject } from './would-eject.js';

/** Looks what resources in dry-run would have made of the calls of a mesh, and tells it; nothing comes of it. */
export class DryRun {
  readonly #random: Random;
  /** By subset and port; a version that is new begins to count anew. */
  readonly #ejections = new PairMap<OutlierRule, ServiceNodes, Map<string, WouldEject>>();

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Looks at a call when its way is known.
   *
   * @param taken - its plan; undefined: a rule in force has ended it.
   * @returns what is to be looked at further; undefined: nothing.
   */
  begin(call: Call, { resource, rule }: WouldBeRoute, taken: CallPlan | undefined): WouldBeRule | undefined {
    if (rule?.action.kind !== 'route') {
      tell(resource, 'route', call);
      return undefined;
    }
    const { destinations } = rule.action;
    const destination = drawDestination(destinations, rule.chance, this.#random, taken?.hashKey);
    if (taken === undefined || targetOf(destination) !== targetNow(call, taken))
      tell(resource, 'route', call);
    const { delay, abort } = drawFault(rule.fault, rule.chance, this.#random);
    if (delay !== undefined || abort !== undefined) tell(resource, 'fault', call);
    const copies = drawMirrors(rule.mirrors, rule.chance, this.#random).length;
    for (let copy = 0; copy < copies; copy++) tell(resource, 'mirror', call);
    return { resource, rule };
  }

  /** The nodes that an outlier detection in dry-run would have taken out of where the call goes; undefined: there is none. */
  ejectionsOf(call: PlannedCall, policies: PolicySet): WouldEject | undefined {
    const destination = call.plan.way?.destination;
    const would = policies.of(call.to.key)?.dryRun;
    const { subset, port } = destination ?? {};
    const rule = would?.traffic(subset, port).outlier;
    if (rule === undefined || !policies.dryRunTitles.has(rule.origin.resource)) return undefined;
    const { nodes } = call.to;
    const ofNodes = this.#ejections.of(rule, nodes, () => new Map());
    const name = `${subset ?? ''} ${port ?? ''}`;
    let ejections = ofNodes.get(name);
    if (ejections === undefined) {
      ejections = new WouldEject(
        rule,
        nodes,
        nodesOf(subset === undefined ? undefined : would?.subset(subset)),
      );
      ofNodes.set(name, ejections);
    }
    return ejections;
  }
}

/**
 * What the rules of a service would make of a call.
 *
 * @param would - the policies of its service, if those in dry-run counted.
 * @returns undefined: no rule is for it, or it is one in force that would take it.
 */
export function wouldRoute(
  call: Call,
  { routes }: ServicePolicy,
  policies: PolicySet,
): WouldBeRoute | undefined {
  const found = routes?.find(new CallRequest(call));
  if (routes === undefined || found === undefined || found.kind === 'unrouted') return undefined;
  const resource = policies.dryRunTitleOf(routes, found);
  return resource === undefined
    ? undefined
    : { resource, rule: found.kind === 'rule' ? found.rule : undefined };
}

/** Looks at what a call came to. */
export function endDryRun(call: PlannedCall, { would }: WatchedCall, outcome: Outcome, tookMs: number): void {
  if (would === undefined) return;
  const { resource, rule } = would;
  const { timeoutMs, retry } = rule;
  if (call.method.kind === 'unary' && timeoutMs !== undefined && tookMs > timeoutMs.value) {
    tell(resource, 'timeout', call);
  }
  if (retry === undefined || outcome.code === 0) return;
  const isLeft = call.attempts > 0 && call.attempts <= retry.attempts.value;
  if (isLeft && retries(retry.conditions.value, outcome)) tell(resource, 'retry', call);
}

function tell(resource: string, effect: DryRunEffect, { service, method }: Call): void {
  if (events.dryRun.heard) events.dryRun.publish({ service, method: method.path, resource, effect });
}

function targetOf({ service, subset }: RouteDestination): string {
  return `${formatServiceKey(service)} ${subset ?? ''}`;
}

function targetNow(call: Call, { way }: CallPlan): string {
  const destination = way?.destination;
  return destination === undefined ? `${formatServiceKey(call.service)} ` : targetOf(destination);
}

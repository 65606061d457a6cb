import { formatServiceKey, type Outcome, type Random } from '@micromesh/core';
import type { PolicySet, ServicePolicy } from '@micromesh/policy';
import {
  drawDestination,
  drawFault,
  drawMirrors,
  type RouteDestination,
  type RouteRule,
  retries,
} from '@micromesh/policy/route';
import type { CallPlan } from '../call/call-plan.js';
import type { Call, PlannedCall } from '../call/client-call.js';
import { CallRequest } from '../routing/route-request.js';
import type { DryRunCounts } from './dry-run-counts.js';

/** What a rule in dry-run would have made of calls: looked at, counted, and without effect. */
export class DryRun {
  readonly #counts: DryRunCounts;
  readonly #random: Random;

  constructor(counts: DryRunCounts, random: Random) {
    this.#counts = counts;
    this.#random = random;
  }

  /**
   * Looks at a call when it has its plan.
   *
   * @param would - the policies of its service, if those in dry-run counted.
   * @param taken - its plan; undefined: a rule in force has ended it.
   * @returns the rule to look at again when the call ends; undefined: it would be the one in force, or none.
   */
  begin(
    call: Call,
    would: ServicePolicy,
    policies: PolicySet,
    taken: CallPlan | undefined,
  ): RouteRule | undefined {
    const found = would.routes?.find(new CallRequest(call));
    if (found === undefined || found.kind === 'unrouted') return undefined;
    if (found.kind === 'none') {
      const resource = would.routes?.origin.resource;
      if (resource !== undefined && policies.dryRunTitles.has(resource)) this.#count(resource, 'route', call);
      return undefined;
    }
    const { rule } = found;
    const { resource } = rule.origin;
    if (!policies.dryRunTitles.has(resource)) return undefined;
    if (rule.action.kind !== 'route') {
      this.#count(resource, 'route', call);
      return undefined;
    }
    const { destinations } = rule.action;
    const destination = drawDestination(destinations, rule.chance, this.#random, taken?.hashKey);
    if (taken === undefined || targetOf(destination) !== targetNow(call, taken))
      this.#count(resource, 'route', call);
    const { delay, abort } = drawFault(rule.fault, rule.chance, this.#random);
    if (delay !== undefined || abort !== undefined) this.#count(resource, 'fault', call);
    const copies = drawMirrors(rule.mirrors, rule.chance, this.#random).length;
    for (let copy = 0; copy < copies; copy++) this.#count(resource, 'mirror', call);
    return rule;
  }

  /** Looks at what the call came to. */
  end(call: PlannedCall, rule: RouteRule, outcome: Outcome, tookMs: number): void {
    const { resource } = rule.origin;
    const { timeoutMs, retry } = rule;
    if (call.method.kind === 'unary' && timeoutMs !== undefined && tookMs > timeoutMs.value) {
      this.#count(resource, 'timeout', call);
    }
    if (retry === undefined || outcome.code === 0) return;
    const isLeft = call.attempts > 0 && call.attempts <= retry.attempts.value;
    if (isLeft && retries(retry.conditions.value, outcome)) this.#count(resource, 'retry', call);
  }

  #count(resource: string, effect: 'route' | 'timeout' | 'retry' | 'fault' | 'mirror', call: Call): void {
    this.#counts.add(resource, effect, call.service, call.method.path);
  }
}

function targetOf({ service, subset }: RouteDestination): string {
  return `${formatServiceKey(service)} ${subset ?? ''}`;
}

function targetNow(call: Call, { way }: CallPlan): string {
  const destination = way?.destination;
  return destination === undefined ? `${formatServiceKey(call.service)} ` : targetOf(destination);
}

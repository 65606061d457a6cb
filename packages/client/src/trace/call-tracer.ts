import {
  type AttemptTrace,
  type CallContext,
  type CallTrace,
  type CandidateTrace,
  type Clock,
  currentCallContext,
  type Outcome,
  type PolicyWordOrigin,
  type RouteTrace,
} from '@micromesh/core';
import type { PolicyOrigin } from '@micromesh/policy';
import type { RouteDestination, RouteRule } from '@micromesh/policy/route';
import type { CallPlan } from '../call/call-plan.js';
import type { CallNotes, ClientCall } from '../call/client-call.js';
import { explainPlan } from '../call/plan-origins.js';
import type { NodeHandle } from '../nodes/node-handle.js';
import { pickerFor } from '../selection/pick-for.js';

/** Of a service with more nodes, those are told that the strategy compares as the best, and the one that was picked. */
const MAX_CANDIDATES = 100;

/** What a call that is traced notes on its way. */
export class CallTracer implements CallNotes {
  readonly #tell: (trace: CallTrace) => void;
  readonly #clock: Clock;
  readonly #parent: CallContext | undefined = currentCallContext();
  readonly #attempts = new Map<number, AttemptTrace>();

  /** @param tell - never throws. */
  constructor(tell: (trace: CallTrace) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  began(call: ClientCall, attempt: number, handle: NodeHandle): void {
    const now = this.#clock.now();
    const tried = new Set([...this.#attempts.values()].map(({ nodeId }) => nodeId));
    this.#attempts.set(attempt, {
      attempt,
      nodeId: handle.node.id,
      address: handle.address,
      candidates: candidatesOf(call, handle, tried, now),
      startedMs: now - call.startedAt,
      ended: undefined,
    });
  }

  ended(call: ClientCall, attempt: number, { code, details, origin, delivery, reason }: Outcome): void {
    const begun = this.#attempts.get(attempt);
    if (begun === undefined) return;
    const ms = this.#clock.now() - call.startedAt - begun.startedMs;
    this.#attempts.set(attempt, { ...begun, ended: { code, details, origin, delivery, reason, ms } });
  }

  /** The call has ended. */
  end(call: ClientCall, { code, details, origin, reason }: Outcome): void {
    const { service, method, options, hashKey, startedAt, planIfAny: plan } = call;
    const about = { method, options, hashKey, startedAt, parent: this.#parent };
    const ms = this.#clock.now() - startedAt;
    this.#tell({
      service,
      method: method.path,
      route: plan && routeOf(plan),
      plan: plan && explainPlan(plan, about),
      attempts: [...this.#attempts.values()],
      outcome: { code, details, origin, reason, ms },
    });
  }
}

function routeOf({ way }: CallPlan): RouteTrace | undefined {
  if (way === undefined) return undefined;
  const { policies, rule, destination, traffic } = way;
  return {
    version: policies.version,
    rule: rule && ruleOf(rule),
    destination: destination && destinationOf(destination),
    traffic: {
      loadBalancer: traffic.loadBalancer && originOf(traffic.loadBalancer),
      outlierDetection: traffic.outlier && originOf(traffic.outlier),
      connectionPool: traffic.connectionPool && originOf(traffic.connectionPool),
      retryBudget: traffic.retryBudget && originOf(traffic.retryBudget),
      tls: traffic.tls && originOf(traffic.tls),
    },
  };
}

function originOf({ origin }: { readonly origin: PolicyOrigin }): PolicyWordOrigin {
  const { resource, path, file, line, isDefault } = origin;
  return { kind: 'policy', resource, path, file, line, isDefault };
}

function ruleOf({ name, origin: { resource, path, file, line } }: RouteRule): RouteTrace['rule'] {
  return { name, resource, path, file, line };
}

function destinationOf({ service, subset, port, ratio }: RouteDestination): RouteTrace['destination'] {
  return { service, subset, port, ratio };
}

/** As they are before the attempt is under way on its node. */
function candidatesOf(
  call: ClientCall,
  handle: NodeHandle,
  tried: ReadonlySet<string>,
  now: number,
): readonly CandidateTrace[] {
  const { strategy } = call.plan;
  const all = pickerFor(call).matching.map((candidate): CandidateTrace => {
    const { node, address, standing, cause, inFlight } = candidate;
    const score = strategy.score?.(candidate, now);
    const { id, version } = node;
    return { id, address, version, standing, cause, inFlight, score, tried: tried.has(id) };
  });
  if (all.length <= MAX_CANDIDATES) return all;
  const isPicked = ({ id }: CandidateTrace) => id === handle.node.id;
  const others = all.filter((each) => !isPicked(each)).sort((a, b) => (a.score ?? 0) - (b.score ?? 0));
  return [...all.filter(isPicked), ...others].slice(0, MAX_CANDIDATES);
}

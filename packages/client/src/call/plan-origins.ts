import type { CallContext, Method, PlanTrace, TracedValue, ValueOrigin } from '@micromesh/core';
import type { PolicyOrigin } from '@micromesh/policy';
import type { RetryRule, RouteRule } from '@micromesh/policy/route';
import type { CallOptions } from './call-options.js';
import type { CallPlan } from './call-plan.js';
import type { CodeWord } from './code-word.js';
import type { CodeSettings } from './plan-defaults.js';
import { DEFAULT_TIMEOUT_MS } from './planner.js';

/** What a plan was made for, and does not hold itself. */
export interface PlannedFor {
  readonly method: Method;
  readonly options: CallOptions;
  /** That placed it; undefined: it has none. */
  readonly hashKey: string | undefined;
  /** On the mesh's monotonic clock, as the parent's deadline is. */
  readonly startedAt: number;
  /** The server call that the call works for; undefined: none. */
  readonly parent: CallContext | undefined;
}

const DEFAULT: ValueOrigin = { kind: 'default' };
const PARENT: ValueOrigin = { kind: 'parent' };
const CALL: ValueOrigin = { kind: 'call' };

/** What all three layers of code may say. */
type Said = keyof CallOptions & keyof CodeSettings;

/** Tells of each value of a plan whose word it is. Derived when somebody asks: a plan keeps what it was made of, and nothing else for it. */
export function explainPlan(plan: CallPlan, call: PlannedFor): PlanTrace {
  const { said, way } = plan;
  const of = (name: Said) => [layerOf(said, name)];
  const { rule, traffic, destination } = way ?? {};
  const retry = rule?.retry;
  const hedge = said.call.hedge ?? said.client.hedge ?? said.mesh.hedge ?? false;
  const ruledHedge = plan.hedge === hedge ? undefined : rule?.annotations.hedge;
  const balancer = traffic?.loadBalancer?.strategy;
  const subset = destination?.subset && way?.policies.of(destination.service)?.subset(destination.subset);
  return {
    timeoutMs: timeoutOf(plan, call),
    retries: { value: plan.retries, from: [retriesFrom(plan, retry, ruledHedge)] },
    retry: conditionOf(plan, retry),
    idempotent: { value: plan.idempotent, from: [idempotencyFrom(said, call.method)] },
    attemptTimeoutMs: { value: plan.attemptTimeoutMs, from: [attemptTimeFrom(plan)] },
    backoff: {
      value: plan.backoff,
      from: retry ? [policy(retry.baseBackoffMs.origin)] : backoffFrom(said),
    },
    hedge: { value: plan.hedge, from: ruledHedge ? [policy(ruledHedge.origin)] : of('hedge') },
    strategy: {
      value: plan.strategy.name,
      from: [balancer ? policy(balancer.origin) : layerOfSettings(said, 'strategy')],
    },
    filter: {
      value: plan.filter,
      from: orDefault([...filterFrom(said), ...(subset ? [policy(subset.origin)] : [])]),
    },
    hashKey: {
      value: call.hashKey,
      from: [
        plan.hashKey !== undefined ? CALL : call.hashKey && balancer ? policy(balancer.origin) : DEFAULT,
      ],
    },
    waitForReady: { value: plan.waitForReady, from: of('waitForReady') },
    idempotencyKey: { value: plan.idempotencyKey, from: of('idempotencyKey') },
  };
}

/** The smallest of what is said, whoever says it. */
function timeoutOf(
  { said, way, limitMs }: CallPlan,
  { options, parent, startedAt, method }: PlannedFor,
): TracedValue<number | undefined> {
  const words: [ms: number, from: ValueOrigin][] = [];
  if (parent !== undefined && Number.isFinite(parent.deadline)) {
    words.push([parent.deadline - startedAt, PARENT]);
  }
  const isUnary = method.kind === 'unary';
  if (options.timeoutMs !== undefined) words.push([options.timeoutMs, CALL]);
  else if (isUnary && said.client.timeoutMs !== undefined) {
    words.push([said.client.timeoutMs, { kind: 'client' }]);
  }
  const ruled = way?.rule?.timeoutMs;
  if (limitMs !== undefined && ruled !== undefined) words.push([limitMs, policy(ruled.origin)]);
  if (words.length === 0 && isUnary) {
    words.push([said.mesh.timeoutMs ?? DEFAULT_TIMEOUT_MS, layerOf(said, 'timeoutMs')]);
  }
  const [least, from] = words.reduce(
    (a, b) => (b[0] < a[0] ? b : a),
    [Number.POSITIVE_INFINITY, words[0]?.[1] ?? DEFAULT],
  );
  return { value: Number.isFinite(least) ? least : undefined, from: [from] };
}

function retriesFrom(
  { said, inheritedAttempts }: CallPlan,
  rule: RetryRule | undefined,
  hedge: RouteRule['annotations']['hedge'],
): ValueOrigin {
  // What serves a retry makes none of its own, whoever says how many.
  if (inheritedAttempts > 0) return PARENT;
  if (rule === undefined) {
    // A hedge that the operator asks for is an attempt more than none.
    const isForHedge = hedge !== undefined && said.retries === undefined && said.mesh.retries === 0;
    return isForHedge ? policy(hedge.origin) : layerOf(said, 'retries');
  }
  const own = said.retries;
  return own !== undefined && own < rule.attempts.value
    ? layerOf(said, 'retries')
    : policy(rule.attempts.origin);
}

function attemptTimeFrom({ said, way, attemptTimeoutMs, idempotent }: CallPlan): ValueOrigin {
  const { retry, annotations } = way?.rule ?? {};
  if (retry?.perTryTimeoutMs !== undefined) return policy(retry.perTryTimeoutMs.origin);
  // It follows what the method takes, and is worked out for each attempt.
  const adaptive = annotations?.adaptiveAttemptTimeout;
  const isAdaptive = attemptTimeoutMs === undefined && idempotent && adaptive?.value === true;
  return isAdaptive ? policy(adaptive.origin) : layerOf(said, 'attemptTimeoutMs');
}

/** Where a rule and code both have one, both must agree. */
function conditionOf(plan: CallPlan, rule: RetryRule | undefined): TracedValue<string> {
  const own = plan.said.retry;
  if (rule === undefined) {
    return { value: nameOf(plan.retry), from: [layerOf(plan.said, 'retry')] };
  }
  const { words, statuses } = rule.conditions.value;
  const named = [...words, ...statuses].join(',');
  const ruled = policy(rule.conditions.origin);
  if (own === undefined) return { value: named, from: [ruled] };
  return { value: `${named} and ${nameOf(own)}`, from: [ruled, layerOf(plan.said, 'retry')] };
}

function nameOf({ name }: { readonly name: string }): string {
  return name === '' ? 'a function' : name;
}

function idempotencyFrom({ call, client, mesh }: CodeWord, method: Method): ValueOrigin {
  if (call.idempotent !== undefined) return CALL;
  for (const [kind, { idempotent }] of [
    ['client', client],
    ['mesh', mesh],
  ] as const) {
    if (typeof idempotent === 'boolean') return { kind };
    if (idempotent === undefined) continue;
    if (idempotent.some((name) => name.toLowerCase() === method.name.toLowerCase())) return { kind };
    // A list of names says nothing of the others, and stands in the place of the mesh's.
    break;
  }
  return method.idempotency === 'idempotent' ? { kind: 'proto' } : DEFAULT;
}

/** The first layer that says it. */
function layerOf({ call, client, mesh }: CodeWord, name: Said): ValueOrigin {
  if (call[name] !== undefined) return CALL;
  if (client[name] !== undefined) return { kind: 'client' };
  return mesh[name] !== undefined ? { kind: 'mesh' } : DEFAULT;
}

function layerOfSettings({ client, mesh }: CodeWord, name: keyof CodeSettings): ValueOrigin {
  if (client[name] !== undefined) return { kind: 'client' };
  return mesh[name] !== undefined ? { kind: 'mesh' } : DEFAULT;
}

/** The call's is laid over the client's field by field; the client's stands in the place of the mesh's. */
function backoffFrom(said: CodeWord): readonly ValueOrigin[] {
  const { call, client, mesh } = said;
  const below = client.backoff ?? mesh.backoff;
  const from = new Set<ValueOrigin>();
  const layer = layerOfSettings(said, 'backoff');
  for (const name of ['baseMs', 'maxMs'] as const) {
    from.add(call.backoff?.[name] !== undefined ? CALL : below?.[name] !== undefined ? layer : DEFAULT);
  }
  return [...from];
}

function filterFrom(said: CodeWord): readonly ValueOrigin[] {
  const { call, client, mesh } = said;
  const from: ValueOrigin[] = [];
  const own = call.filter ?? {};
  const below = client.filter ?? mesh.filter ?? {};
  if (says(own)) from.push(CALL);
  // What the call says of a field stands in the place of what is below.
  if (says(below) && Object.keys(below).some((name) => !Object.hasOwn(own, name))) {
    from.push(layerOfSettings(said, 'filter'));
  }
  return from;
}

function says(filter: object): boolean {
  return Object.keys(filter).length > 0;
}

function orDefault(from: readonly ValueOrigin[]): readonly ValueOrigin[] {
  return from.length === 0 ? [DEFAULT] : from;
}

function policy({ resource, path, file, line, isDefault }: PolicyOrigin): ValueOrigin {
  return { kind: 'policy', resource, path, file, line, isDefault };
}

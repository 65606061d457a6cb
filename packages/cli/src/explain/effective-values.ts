import { BACKOFF_DEFAULTS, BUDGET_DEFAULTS, DEFAULT_TIMEOUT_MS } from '@micromesh/client';
import { formatServiceKey, type ValueOrigin } from '@micromesh/core';
import type {
  CorsRule,
  HeaderEdits,
  LimitRule,
  MatchBlock,
  PolicyOrigin,
  RouteDestination,
  RouteRule,
  Sourced,
  TrafficSettings,
} from '@micromesh/policy';

/** A value that holds, and whose word it is. Null: none. */
export interface EffectiveValue {
  /** `retries.attempts`, `outlierDetection.intervalMs`. */
  readonly name: string;
  readonly value: unknown;
  readonly from: ValueOrigin;
}

const DEFAULT: ValueOrigin = { kind: 'default' };

/** What a rule says of its calls, and what holds where it is silent; undefined: there is none. */
export function ruleValues(
  rule: RouteRule | undefined,
  match: MatchBlock | undefined,
  path: string,
): readonly EffectiveValue[] {
  const values = [
    byDefault('timeoutMs', rule?.timeoutMs, DEFAULT_TIMEOUT_MS),
    ...retryValues(rule),
    ...blockValues('hedge', rule?.annotations.hedge),
  ];
  if (rule === undefined) return values;
  const { fault, mirrors, request, response, authority, annotations } = rule;
  values.push(...blockValues('fault', fault));
  if (fault !== undefined) values.push(...blockValues('fault.scope', annotations.faultScope));
  for (const [index, { target, ratio }] of mirrors.entries()) {
    const { service, subset, port } = target;
    const name = `mirrors[${index}]`;
    values.push({
      name,
      value: { service: formatServiceKey(service), subset, port, ratio: ratio.value },
      from: policy(target.origin),
    });
  }
  if (match?.rewritePath !== undefined) {
    values.push({ name: 'rewrite.uri', value: match.rewritePath(path), from: policy(rule.origin) });
  }
  values.push(...blockValues('authority', authority));
  values.push(...editValues('headers.request', request.value, request.origin));
  values.push(...editValues('headers.response', response.value, response.origin));
  values.push(...blockValues('seed', annotations.seed));
  if (!annotations.adaptiveAttemptTimeout.origin.isDefault) {
    values.push(...blockValues('adaptiveAttemptTimeout', annotations.adaptiveAttemptTimeout));
  }
  return values;
}

function retryValues(rule: RouteRule | undefined): readonly EffectiveValue[] {
  const retry = rule?.retry;
  if (retry === undefined) {
    return [
      { name: 'retries.attempts', value: 1, from: DEFAULT },
      { name: 'retries.perTryTimeoutMs', value: null, from: DEFAULT },
      { name: 'retries.retryOn', value: 'retryOnError', from: DEFAULT },
      { name: 'retries.baseBackoffMs', value: BACKOFF_DEFAULTS.baseMs, from: DEFAULT },
    ];
  }
  const { conditions, perTryTimeoutMs, maxBackoffMs: _max, ...others } = retry;
  const { words, statuses } = conditions.value;
  return [
    ...blockValues('retries', others),
    byDefault('retries.perTryTimeoutMs', perTryTimeoutMs, null),
    { name: 'retries.retryOn', value: [...words, ...statuses].join(','), from: policy(conditions.origin) },
  ];
}

/** What a rule says of pages of other origins; undefined: nothing. */
export function corsValues(rule: CorsRule | undefined): readonly EffectiveValue[] {
  if (rule === undefined) return [];
  const { allowsOrigin: _test, ...said } = rule;
  const isSaid = ({ value }: EffectiveValue) => !Array.isArray(value) || value.length > 0;
  return blockValues('corsPolicy', said).filter(isSaid);
}

/** What one of the destinations of a rule adds. */
export function destinationValues(destination: RouteDestination | undefined): readonly EffectiveValue[] {
  if (destination === undefined) return [];
  const { request, response, authority, origin } = destination;
  return [
    ...editValues('headers.request', request, origin),
    ...editValues('headers.response', response, origin),
    ...(authority === undefined ? [] : [{ name: 'authority', value: authority, from: policy(origin) }]),
  ];
}

/** How calls to a destination are made. */
export function trafficValues(traffic: TrafficSettings): readonly EffectiveValue[] {
  const { loadBalancer, connectionPool, outlier, retryBudget, tls } = traffic;
  const orDefault = (name: string, block: object | undefined, value: unknown) =>
    block === undefined ? [{ name, value, from: DEFAULT }] : blockValues(name, block);
  return [
    ...orDefault('loadBalancer', loadBalancer, 'hash-random'),
    ...orDefault('outlierDetection', outlier, "micromesh's, which compares nodes with their peers"),
    ...orDefault('connectionPool', connectionPool, 'no bounds; connectTimeoutMs 1000'),
    ...orDefault('retryBudget', retryBudget, BUDGET_DEFAULTS),
    ...orDefault('tls', tls, 'DISABLE'),
  ];
}

/** How many calls there may be. */
export function limitValues(
  side: 'client' | 'server',
  limits: readonly LimitRule[],
): readonly EffectiveValue[] {
  return limits.flatMap(({ key: _key, resource, kind, ...rule }) =>
    blockValues(`limits.${side}.${resource}`, rule).map((value) =>
      // Resources of micromesh's own kind.
      value.from.kind === 'policy' && value.from.isDefault ? { ...value, from: DEFAULT } : value,
    ),
  );
}

function byDefault<T>(name: string, said: Sourced<T> | undefined, value: T | null): EffectiveValue {
  return said === undefined
    ? { name, value, from: DEFAULT }
    : { name, value: said.value, from: policy(said.origin) };
}

function editValues(
  name: string,
  { remove, set, add }: HeaderEdits,
  origin: PolicyOrigin,
): readonly EffectiveValue[] {
  if (remove.length + set.length + add.length === 0) return [];
  const value = {
    ...(remove.length === 0 ? {} : { remove }),
    ...(set.length === 0 ? {} : { set: Object.fromEntries(set) }),
    ...(add.length === 0 ? {} : { add: Object.fromEntries(add) }),
  };
  return [{ name, value, from: policy(origin) }];
}

/**
 * All values of a block, one by one: what is {@link Sourced} has an origin of its own, the rest that of the block. So that a field which a
 * block gets later is shown too.
 */
function blockValues(
  name: string,
  block: object | undefined,
  around?: PolicyOrigin,
): readonly EffectiveValue[] {
  if (block === undefined) return [];
  if (isSourced(block)) return [{ name, value: block.value, from: policy(block.origin) }];
  const origin = 'origin' in block && isOrigin(block.origin) ? block.origin : around;
  return Object.entries(block).flatMap(([field, value]: [string, unknown]): readonly EffectiveValue[] => {
    if (field === 'origin' || value === undefined) return [];
    const full = `${name}.${field}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return blockValues(full, value, origin);
    }
    return [{ name: full, value, from: origin === undefined ? DEFAULT : policy(origin) }];
  });
}

function isSourced(block: object): block is Sourced<unknown> {
  return 'value' in block && 'origin' in block && isOrigin(block.origin);
}

function isOrigin(value: unknown): value is PolicyOrigin {
  return typeof value === 'object' && value !== null && 'resource' in value && 'isDefault' in value;
}

function policy({ resource, path, file, line, isDefault }: PolicyOrigin): ValueOrigin {
  return { kind: 'policy', resource, path, file, line, isDefault };
}

import { readHost } from '../hosts/read-host.js';
import type { ServicePattern } from '../hosts/service-pattern.js';
import { ResourcePlace, resourceTitle } from '../origin/resource-place.js';
import type { ConcurrencyLimit, RateLimit } from '../validate/resource.js';
import type { ConcurrencyLimitRule, LimitRule, LimitSide, RateLimitRule } from './limit-rules.js';

/** A limit, and whose calls it counts. */
export interface CompiledLimit {
  readonly pattern: ServicePattern;
  readonly side: LimitSide;
  readonly rule: LimitRule;
}

const DEFAULT_MAX_KEYS = 10_000;
const DEFAULT_QUEUE_TIMEOUT_MS = 1000;

/** Undefined: its host is no service, which validation refuses. */
export function compileLimit(resource: RateLimit | ConcurrencyLimit): CompiledLimit | undefined {
  const { host, side = 'server' } = resource.spec;
  const read = readHost(host, resource.namespace);
  if (read.kind !== 'service') return undefined;
  const rule = resource.kind === 'RateLimit' ? rateLimit(resource, side) : concurrencyLimit(resource, side);
  return { pattern: read.pattern, side, rule };
}

function rateLimit(resource: RateLimit, side: LimitSide): RateLimitRule {
  const place = new ResourcePlace(resource, ['spec']);
  const { spec } = resource;
  const bucket = place.at('tokenBucket');
  const { maxTokens, tokensPerFill, fillInterval } = spec.tokenBucket;
  const said = {
    ...targetOf(resource, place),
    perHeaders: place.orDefault('perHeaders', spec.perHeaders, []),
    maxKeys: place.orDefault('maxKeys', spec.maxKeys, DEFAULT_MAX_KEYS),
    maxTokens: bucket.orDefault('maxTokens', maxTokens, maxTokens),
    tokensPerFill: bucket.orDefault('tokensPerFill', tokensPerFill, 1),
    fillIntervalMs: bucket.orDefault('fillInterval', fillInterval.ms, fillInterval.ms),
  };
  const content = [
    said.perHeaders.value,
    said.maxKeys.value,
    said.maxTokens.value,
    said.tokensPerFill.value,
    said.fillIntervalMs.value,
  ];
  return { kind: 'rate', key: keyOf(resource, side, content), ...said };
}

function concurrencyLimit(resource: ConcurrencyLimit, side: LimitSide): ConcurrencyLimitRule {
  const place = new ResourcePlace(resource, ['spec']);
  const { spec } = resource;
  const said = {
    ...targetOf(resource, place),
    maxConcurrent: place.orDefault('maxConcurrent', spec.maxConcurrent, spec.maxConcurrent),
    maxQueued: place.orDefault('maxQueued', spec.maxQueued, 0),
    queueTimeoutMs: place.orDefault('queueTimeout', spec.queueTimeout?.ms, DEFAULT_QUEUE_TIMEOUT_MS),
  };
  const content = [said.maxConcurrent.value, said.maxQueued.value, said.queueTimeoutMs.value];
  return { kind: 'concurrency', key: keyOf(resource, side, content), ...said };
}

function targetOf(resource: RateLimit | ConcurrencyLimit, place: ResourcePlace) {
  const { methods, perMethod } = resource.spec;
  return {
    resource: resourceTitle(resource),
    origin: place.origin(),
    methods: place.maybe('methods', methods),
    perMethod: place.orDefault('perMethod', perMethod, false),
  };
}

/** Values, not texts: `1s` and `1000ms` are the same limit. */
function keyOf(
  resource: RateLimit | ConcurrencyLimit,
  side: LimitSide,
  content: readonly (number | readonly string[])[],
): string {
  const { host, methods = [], perMethod = false } = resource.spec;
  return `${resourceTitle(resource)} ${JSON.stringify([host, side, methods, perMethod, ...content])}`;
}

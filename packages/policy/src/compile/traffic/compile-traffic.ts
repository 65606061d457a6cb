import type { ResourcePlace } from '../../origin/resource-place.js';
import type { PolicyCaller } from '../../route/route-request.js';
import type { ConnectionPoolSettings } from '../../schema/destination-rule/connection-pool.js';
import type { RetryBudget } from '../../schema/destination-rule/retry-budget.js';
import type { ClientTlsSettings } from '../../schema/destination-rule/tls.js';
import { compileLoadBalancer } from './compile-load-balancer.js';
import { compileOutlier } from './compile-outlier.js';
import type { TrafficBlocks } from './traffic-blocks.js';
import type { ConnectionPoolRule, RetryBudgetRule, TlsRule, TrafficSettings } from './traffic-settings.js';

const IDLE_TIMEOUT_MS = 3_600_000;
const BUDGET_PERCENT = 20;
const MIN_RETRY_CONCURRENCY = 3;

/** Compiles the blocks that are in force somewhere. */
export function compileTraffic(blocks: TrafficBlocks, caller: PolicyCaller): TrafficSettings {
  const { loadBalancer, connectionPool, outlierDetection, tls, retryBudget } = blocks;
  return {
    loadBalancer:
      loadBalancer === undefined
        ? undefined
        : compileLoadBalancer(loadBalancer.spec, loadBalancer.place, caller, outlierDetection !== undefined),
    connectionPool:
      connectionPool === undefined ? undefined : compilePool(connectionPool.spec, connectionPool.place),
    outlier:
      outlierDetection === undefined
        ? undefined
        : compileOutlier(outlierDetection.spec, outlierDetection.place),
    retryBudget: retryBudget === undefined ? undefined : compileBudget(retryBudget.spec, retryBudget.place),
    tls: tls === undefined ? undefined : compileTls(tls.spec, tls.place),
  };
}

function compilePool({ tcp, http }: ConnectionPoolSettings, place: ResourcePlace): ConnectionPoolRule {
  const bound = (name: string, value: number | undefined) =>
    // Istio's Go does not tell 0 from silence.
    place.at('http').maybe(name, value === 0 ? undefined : value);
  const keepalive = http?.http2KeepAlive;
  return {
    origin: place.origin(),
    connectTimeoutMs: place.at('tcp').maybe('connectTimeout', tcp?.connectTimeout?.ms),
    maxPendingRequests: bound('http1MaxPendingRequests', http?.http1MaxPendingRequests),
    maxRequests: bound('http2MaxRequests', http?.http2MaxRequests),
    maxRetries: bound('maxRetries', http?.maxRetries),
    idleTimeoutMs: place.at('http').orDefault('idleTimeout', http?.idleTimeout?.ms, IDLE_TIMEOUT_MS),
    keepalive:
      keepalive === undefined
        ? undefined
        : {
            origin: place.at('http', 'http2KeepAlive').origin(),
            intervalMs: keepalive.interval.ms,
            timeoutMs: keepalive.timeout.ms,
          },
  };
}

function compileBudget(spec: RetryBudget, place: ResourcePlace): RetryBudgetRule {
  const percent = place.orDefault('percent', spec.percent, BUDGET_PERCENT);
  return {
    origin: place.origin(),
    ratio: { value: percent.value / 100, origin: percent.origin },
    minRetryConcurrency: place.orDefault(
      'minRetryConcurrency',
      spec.minRetryConcurrency,
      MIN_RETRY_CONCURRENCY,
    ),
    intervalMs: place.orDefault('budgetInterval', spec.budgetInterval?.ms, 0),
  };
}

function compileTls(settings: ClientTlsSettings, place: ResourcePlace): TlsRule {
  return { origin: place.origin(), mode: place.orDefault('mode', settings.mode, 'DISABLE'), settings };
}

import type { ResourcePlace, Sourced } from '../../origin/resource-place.js';
import type { PolicyCaller } from '../../route/route-request.js';
import type { ConsistentHash } from '../../schema/destination-rule/consistent-hash.js';
import type { LoadBalancerSettings, Warmup } from '../../schema/destination-rule/load-balancer.js';
import { compileLocality } from './compile-locality.js';
import type {
  HashAlgorithm,
  HashSource,
  LoadBalancerRule,
  LoadBalancerStrategy,
  WarmupSettings,
} from './traffic-settings.js';

const RING_SIZE = 1024;
const TABLE_SIZE = 65_537;
const WARMUP_PERCENT = 10;

/**
 * How a node is chosen.
 *
 * @param ejects - whether an outlier detection is in force beside it: locality fails over only then.
 */
export function compileLoadBalancer(
  spec: LoadBalancerSettings,
  place: ResourcePlace,
  caller: PolicyCaller,
  ejects: boolean,
): LoadBalancerRule {
  const { warmup, localityLbSetting } = spec;
  return {
    origin: place.origin(),
    strategy: compileStrategy(spec, place),
    warmup: warmup === undefined ? undefined : compileWarmup(warmup, place.at('warmup')),
    locality:
      localityLbSetting === undefined
        ? undefined
        : compileLocality(localityLbSetting, place.at('localityLbSetting'), caller, ejects),
  };
}

function compileStrategy(
  { simple, consistentHash }: LoadBalancerSettings,
  place: ResourcePlace,
): Sourced<LoadBalancerStrategy> {
  if (consistentHash !== undefined) {
    const source = hashSource(consistentHash);
    if (source !== undefined) {
      const value: LoadBalancerStrategy = {
        kind: 'consistent-hash',
        source,
        algorithm: hashAlgorithm(consistentHash),
      };
      return { value, origin: place.at('consistentHash').origin() };
    }
  }
  switch (simple) {
    case 'ROUND_ROBIN':
      return { value: { kind: 'round-robin' }, origin: place.at('simple').origin() };
    case 'RANDOM':
      return { value: { kind: 'random' }, origin: place.at('simple').origin() };
    default:
      // UNSPECIFIED too; validation refuses LEAST_CONN and PASSTHROUGH.
      return { value: { kind: 'least-request' }, origin: place.at('simple').origin(simple === undefined) };
  }
}

function hashSource(spec: ConsistentHash): HashSource | undefined {
  const { httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName } = spec;
  if (httpHeaderName !== undefined) return { kind: 'header', name: httpHeaderName.toLowerCase() };
  if (httpCookie !== undefined) return { kind: 'cookie', name: httpCookie.name };
  if (httpQueryParameterName !== undefined) return { kind: 'queryParam', name: httpQueryParameterName };
  return useSourceIp === true ? { kind: 'sourceIp' } : undefined;
}

function hashAlgorithm({ ringHash, maglev }: ConsistentHash): HashAlgorithm {
  return maglev === undefined
    ? { kind: 'ringHash', minimumRingSize: ringHash?.minimumRingSize ?? RING_SIZE }
    : { kind: 'maglev', tableSize: maglev.tableSize ?? TABLE_SIZE };
}

function compileWarmup(spec: Warmup, place: ResourcePlace): WarmupSettings {
  const percent = place.orDefault('minimumPercent', spec.minimumPercent, WARMUP_PERCENT);
  return {
    origin: place.origin(),
    durationMs: { value: spec.duration.ms, origin: place.at('duration').origin() },
    minimumRatio: { value: percent.value / 100, origin: percent.origin },
    aggression: place.orDefault('aggression', spec.aggression, 1),
  };
}

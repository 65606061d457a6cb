import { describe, expect, it } from 'vitest';
import type { PolicyCaller } from '../../route/route-request.js';
import { destinationRule, policySet } from '../../testing/policies.js';
import { isInLocality } from './compile-locality.js';
import type { TrafficSettings } from './traffic-settings.js';

function settingsOf(blocks: string, caller?: PolicyCaller): TrafficSettings {
  const set = policySet(destinationRule('hello', `{ host: hello, trafficPolicy: { ${blocks} } }`), caller);
  const settings = set.of({ name: 'hello' })?.traffic(undefined, undefined);
  if (settings === undefined) throw new Error('nothing is said');
  return settings;
}

/** The values of a block by their names, without their origins. */
function valuesOf(block: object | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(block ?? {})
      .filter(([name]) => name !== 'origin')
      .map(([name, each]) => [
        name,
        typeof each === 'object' && each !== null && 'value' in each ? each.value : each,
      ]),
  );
}

describe('a block that is there', () => {
  it('of outlier detection takes the defaults of Istio and Envoy', () => {
    const { outlier } = settingsOf('outlierDetection: {}');
    expect(valuesOf(outlier)).toEqual({
      consecutive5xxErrors: 5,
      consecutiveGatewayErrors: 0,
      splitExternalLocalOriginErrors: false,
      consecutiveLocalOriginFailures: 5,
      intervalMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionMs: 300_000,
      maxEjectionRatio: 0.1,
      minHealthRatio: 0,
      errorStatuses: undefined,
    });
    expect(outlier?.intervalMs.origin).toMatchObject({
      isDefault: true,
      path: 'spec.trafficPolicy.outlierDetection.interval',
      line: 4,
    });
  });

  it('of outlier detection keeps what is written', () => {
    const { outlier } = settingsOf(
      'outlierDetection: { consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, splitExternalLocalOriginErrors: true, ' +
        'consecutiveLocalOriginFailures: 2, interval: 1s, baseEjectionTime: 10m, maxEjectionPercent: 50, minHealthPercent: 30, ' +
        'outlierDetectionHttpErrorCodes: [500, 503] }',
    );
    expect(valuesOf(outlier)).toEqual({
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 3,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 2,
      intervalMs: 1000,
      baseEjectionMs: 600_000,
      maxEjectionMs: 600_000,
      maxEjectionRatio: 0.5,
      minHealthRatio: 0.3,
      errorStatuses: [500, 503],
    });
    expect(outlier?.intervalMs.origin.isDefault).toBe(false);
  });

  it('of outlier detection takes a maxEjectionPercent of 0 for silence, as Istio does', () => {
    const { outlier } = settingsOf('outlierDetection: { maxEjectionPercent: 0 }');
    expect(outlier?.maxEjectionRatio).toMatchObject({ value: 0.1, origin: { isDefault: true } });
  });

  it('of a retry budget', () => {
    expect(valuesOf(settingsOf('retryBudget: {}').retryBudget)).toEqual({
      ratio: 0.2,
      minRetryConcurrency: 3,
      intervalMs: 0,
    });
    const { retryBudget } = settingsOf(
      'retryBudget: { percent: 12.5, minRetryConcurrency: 0, budgetInterval: 10s }',
    );
    expect(valuesOf(retryBudget)).toEqual({ ratio: 0.125, minRetryConcurrency: 0, intervalMs: 10_000 });
  });

  it('of a connection pool has no bound where 0 is written, as in Istio', () => {
    expect(
      valuesOf(settingsOf('connectionPool: { http: { http2MaxRequests: 0, maxRetries: 0 } }').connectionPool),
    ).toEqual({
      connectTimeoutMs: undefined,
      maxPendingRequests: undefined,
      maxRequests: undefined,
      maxRetries: undefined,
      idleTimeoutMs: 3_600_000,
      keepalive: undefined,
    });
    const { connectionPool } = settingsOf(
      'connectionPool: { tcp: { connectTimeout: 2s }, http: { http1MaxPendingRequests: 1, http2MaxRequests: 2, maxRetries: 3, ' +
        'idleTimeout: 0s, http2KeepAlive: { interval: 30s, timeout: 5s } } }',
    );
    expect(valuesOf(connectionPool)).toMatchObject({
      connectTimeoutMs: 2000,
      maxPendingRequests: 1,
      maxRequests: 2,
      maxRetries: 3,
      idleTimeoutMs: 0,
      keepalive: { intervalMs: 30_000, timeoutMs: 5000 },
    });
  });

  it('of TLS tells its mode', () => {
    expect(settingsOf('tls: {}').tls?.mode).toMatchObject({ value: 'DISABLE', origin: { isDefault: true } });
    expect(settingsOf('tls: { mode: SIMPLE, sni: a }').tls).toMatchObject({
      mode: { value: 'SIMPLE' },
      settings: { sni: 'a' },
    });
  });
});

describe('a load balancer', () => {
  it.each<[string, object]>([
    ['simple: ROUND_ROBIN', { kind: 'round-robin' }],
    ['simple: RANDOM', { kind: 'random' }],
    ['simple: LEAST_REQUEST', { kind: 'least-request' }],
    ['simple: UNSPECIFIED', { kind: 'least-request' }],
    ['localityLbSetting: {}', { kind: 'least-request' }],
    [
      'consistentHash: { httpHeaderName: X-User }',
      {
        kind: 'consistent-hash',
        source: { kind: 'header', name: 'x-user' },
        algorithm: { kind: 'ringHash', minimumRingSize: 1024 },
      },
    ],
    [
      'consistentHash: { httpCookie: { name: user }, ringHash: { minimumRingSize: 2048 } }',
      {
        kind: 'consistent-hash',
        source: { kind: 'cookie', name: 'user' },
        algorithm: { kind: 'ringHash', minimumRingSize: 2048 },
      },
    ],
    [
      'consistentHash: { useSourceIp: true, maglev: {} }',
      {
        kind: 'consistent-hash',
        source: { kind: 'sourceIp' },
        algorithm: { kind: 'maglev', tableSize: 65_537 },
      },
    ],
    [
      'consistentHash: { httpQueryParameterName: q, maglev: { tableSize: 101 } }',
      {
        kind: 'consistent-hash',
        source: { kind: 'queryParam', name: 'q' },
        algorithm: { kind: 'maglev', tableSize: 101 },
      },
    ],
  ])('%s', (block, strategy) => {
    expect(settingsOf(`loadBalancer: { ${block} }`).loadBalancer?.strategy.value).toEqual(strategy);
  });

  it('warms nodes up', () => {
    const { loadBalancer } = settingsOf('loadBalancer: { warmup: { duration: 30s } }');
    expect(valuesOf(loadBalancer?.warmup)).toEqual({ durationMs: 30_000, minimumRatio: 0.1, aggression: 1 });
    const written = settingsOf(
      'loadBalancer: { warmup: { duration: 1s, minimumPercent: 0, aggression: 1.5 } }',
    );
    expect(valuesOf(written.loadBalancer?.warmup)).toEqual({
      durationMs: 1000,
      minimumRatio: 0,
      aggression: 1.5,
    });
  });
});

describe('locality', () => {
  const CALLER = { labels: { region: 'eu', zone: 'a', version: 'v1' } };

  it('has the shares for the locality of the caller, of the first that it is in', () => {
    const shares = (from: string) =>
      settingsOf(
        `loadBalancer: { localityLbSetting: { distribute: [{ from: "us", to: { us: 100 } }, { from: "${from}", to: { "eu/*": 80, us: 20 } }] } }`,
        CALLER,
      ).loadBalancer?.locality?.shares?.value;
    const expected = [
      { locality: 'eu/*', ratio: 0.8 },
      { locality: 'us', ratio: 0.2 },
    ];
    for (const from of ['eu', 'eu/*', 'eu/a', 'eu/a/*', '*']) expect(shares(from), from).toEqual(expected);
    for (const from of ['eu/b', 'asia', 'eu/a/x']) expect(shares(from), from).toBeUndefined();
    const ofOthers = settingsOf(
      'loadBalancer: { localityLbSetting: { distribute: [{ from: us, to: { us: 100 } }] } }, outlierDetection: {}',
      CALLER,
    );
    expect(ofOthers.loadBalancer?.locality?.failsOver).toBe(false);
  });

  it('has the region that takes over, and the labels that near nodes share', () => {
    const failover = settingsOf(
      'loadBalancer: { localityLbSetting: { failover: [{ from: us, to: asia }, { from: eu, to: us }] } }, outlierDetection: {}',
      CALLER,
    ).loadBalancer?.locality;
    expect(failover).toMatchObject({
      failoverRegion: { value: 'us' },
      failsOver: true,
      enabled: { value: true },
    });
    const labels = settingsOf(
      'loadBalancer: { localityLbSetting: { failoverPriority: [region, version=v2, rack, "empty="] } }',
      CALLER,
    ).loadBalancer?.locality;
    expect(labels?.failoverLabels?.value).toEqual([
      { name: 'region', value: 'eu' },
      { name: 'version', value: 'v2' },
      { name: 'rack', value: undefined },
      { name: 'empty', value: '' },
    ]);
    expect(labels?.failsOver).toBe(false);
  });

  it('is read of the labels region, zone and subzone', () => {
    const labels = { region: 'eu', zone: 'a', subzone: 'x' };
    for (const locality of ['eu', 'eu/a', 'eu/a/x', 'eu/*', 'eu/a/*', '*'])
      expect(isInLocality(locality, labels)).toBe(true);
    for (const locality of ['us', 'eu/b', 'eu/a/y']) expect(isInLocality(locality, labels)).toBe(false);
    expect(isInLocality('eu', {})).toBe(false);
  });
});

import { readResources, validate } from '@micromesh/policy';
import { describe, expect, it } from 'vitest';
import { notFollowed } from './not-followed.js';

function pathsOf(spec: string): readonly string[] {
  const text = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, ${spec} }
`;
  const { resources } = validate(readResources(text, 'hello.yaml').documents);
  expect(resources).toHaveLength(1);
  return notFollowed(resources);
}

describe('of a DestinationRule', () => {
  it('each block that calls do not follow is told, wherever it is', () => {
    const blocks = 'loadBalancer: { simple: RANDOM }, tls: {}';
    const paths = pathsOf(
      `trafficPolicy: { ${blocks}, portLevelSettings: [{ port: { number: 80 }, ${blocks} }] }, subsets: [{ name: v1, trafficPolicy: { ${blocks} } }]`,
    );
    const places = [
      'trafficPolicy.tls',
      'trafficPolicy.portLevelSettings[0].tls',
      'subsets[0].trafficPolicy.tls',
    ];
    expect(paths).toEqual(places.map((place) => `DestinationRule hello spec.${place}`));
  });

  it('the load balancer is followed', () => {
    expect(
      pathsOf('trafficPolicy: { loadBalancer: { warmup: { duration: 30s }, localityLbSetting: {} } }'),
    ).toEqual([]);
  });

  it('outlier detection, calls at a time and budgets are followed wherever they are, connections where the host has them', () => {
    const blocks =
      'outlierDetection: {}, connectionPool: { tcp: { connectTimeout: 1s }, http: { http2MaxRequests: 1, idleTimeout: 1s, http2KeepAlive: { interval: 1s, timeout: 1s } } }';
    const all = `${blocks}, retryBudget: {}`;
    expect(pathsOf(`trafficPolicy: { ${all} }`)).toEqual([]);
    const paths = pathsOf(
      `trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ${blocks} }] }, subsets: [{ name: v1, trafficPolicy: { ${all} } }]`,
    );
    const places = ['trafficPolicy.portLevelSettings[0]', 'subsets[0].trafficPolicy'];
    const fields = ['tcp.connectTimeout', 'http.idleTimeout', 'http.http2KeepAlive'];
    expect(paths).toEqual(
      places.flatMap((place) =>
        fields.map((field) => `DestinationRule hello spec.${place}.connectionPool.${field}`),
      ),
    );
  });
});

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
});

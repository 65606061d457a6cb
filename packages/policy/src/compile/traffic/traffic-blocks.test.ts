import { describe, expect, it } from 'vitest';
import { destinationRule, policySet } from '../../testing/policies.js';

const RANDOM = 'loadBalancer: { simple: RANDOM }';
const ROBIN = 'loadBalancer: { simple: ROUND_ROBIN }';
const EJECT = (errors: number) => `outlierDetection: { consecutive5xxErrors: ${errors} }`;
const POOL = (max: number) => `connectionPool: { http: { http2MaxRequests: ${max} } }`;
const BUDGET = (percent: number) => `retryBudget: { percent: ${percent} }`;
const PORT = (port: number, blocks: string) =>
  `portLevelSettings: [{ port: { number: ${port} }, ${blocks} }]`;

interface Said {
  readonly strategy?: string;
  readonly errors?: number;
  readonly requests?: number;
  readonly budget?: number;
  readonly tls?: string;
}

/** What is in force for a port of subset v1 of `hello`, in few words; what is absent has no entry. */
function inForce(host: string, subset: string | undefined, port: number | undefined): Said {
  const policies = [
    ...(host === '' ? [] : [`trafficPolicy: { ${host} }`]),
    `subsets: [{ name: v1, labels: { version: v1 }${subset === undefined ? '' : `, trafficPolicy: { ${subset} }`} }]`,
  ];
  const set = policySet(destinationRule('hello', `{ host: hello, ${policies.join(', ')} }`));
  const settings = set.of({ name: 'hello' })?.traffic('v1', port);
  const { loadBalancer, outlier, connectionPool, retryBudget, tls } = settings ?? {};
  return {
    ...(loadBalancer === undefined ? {} : { strategy: loadBalancer.strategy.value.kind }),
    ...(outlier === undefined ? {} : { errors: outlier.consecutive5xxErrors.value }),
    ...(connectionPool?.maxRequests === undefined ? {} : { requests: connectionPool.maxRequests.value }),
    ...(retryBudget === undefined ? {} : { budget: retryBudget.ratio.value }),
    ...(tls === undefined ? {} : { tls: tls.mode.value }),
  };
}

describe('the blocks in force', () => {
  /**
   * Source: Istio's MergeSubsetTrafficPolicy, GetPortLevelTrafficPolicy and mergeTrafficPolicy, pilot/pkg/networking/util/util.go:
   * "port level policies do not inherit and instead to defaults if not provided".
   */
  it.each<[string, string, string | undefined, number | undefined, Said]>([
    ['nobody says anything', '', undefined, undefined, {}],
    ['the host alone', `${RANDOM}, ${EJECT(3)}`, undefined, 80, { strategy: 'random', errors: 3 }],
    ['the subset alone', '', `${RANDOM}`, 80, { strategy: 'random' }],
    [
      'a block of the subset replaces that of the host',
      `${RANDOM}, ${EJECT(3)}`,
      ROBIN,
      undefined,
      { strategy: 'round-robin', errors: 3 },
    ],
    ['as a whole', `${EJECT(3)}`, 'outlierDetection: { interval: 1s }', undefined, { errors: 5 }],
    [
      'each block by itself',
      `${POOL(1)}, ${BUDGET(10)}, tls: { mode: DISABLE }`,
      `${POOL(2)}, ${BUDGET(30)}`,
      undefined,
      { requests: 2, budget: 0.3, tls: 'DISABLE' },
    ],
    [
      'a port of the host replaces all that the host says',
      `${RANDOM}, ${EJECT(3)}, ${BUDGET(10)}, ${PORT(80, POOL(9))}`,
      undefined,
      80,
      { requests: 9 },
    ],
    [
      'and nothing for other ports',
      `${RANDOM}, ${EJECT(3)}, ${PORT(80, POOL(9))}`,
      undefined,
      81,
      { strategy: 'random', errors: 3 },
    ],
    [
      'and nothing where no port is known',
      `${RANDOM}, ${PORT(80, POOL(9))}`,
      undefined,
      undefined,
      { strategy: 'random' },
    ],
    [
      'the subset adds to a port of the host',
      `${EJECT(3)}, ${PORT(80, POOL(9))}`,
      RANDOM,
      80,
      { strategy: 'random', requests: 9 },
    ],
    [
      'a port of the subset replaces all blocks of host and subset',
      `${RANDOM}, ${EJECT(3)}`,
      `${ROBIN}, ${PORT(80, POOL(9))}`,
      80,
      { requests: 9 },
    ],
    [
      'but the retry budget of the host, which no port has',
      `${RANDOM}, ${BUDGET(10)}`,
      `${BUDGET(30)}, ${PORT(80, POOL(9))}`,
      80,
      { requests: 9, budget: 0.1 },
    ],
    [
      'other ports have what the subset says',
      `${EJECT(3)}`,
      `${ROBIN}, ${PORT(80, POOL(9))}`,
      81,
      { strategy: 'round-robin', errors: 3 },
    ],
  ])('%s', (_, host, subset, port, said) => {
    expect(inForce(host, subset, port)).toEqual(said);
  });
});

describe('several DestinationRules of a host', () => {
  const SUBSET = (name: string, version: string) =>
    `subsets: [{ name: ${name}, labels: { version: "${version}" } }]`;

  /** Source: Istio's mergeDestinationRule, pilot/pkg/model/destination_rule.go. */
  it('join their subsets, of two of a name the first counts, and the first trafficPolicy', () => {
    const hello = policySet(
      destinationRule('a', `{ host: hello, ${SUBSET('v1', '1')} }`) +
        destinationRule('b', `{ host: hello, trafficPolicy: { ${RANDOM} }, ${SUBSET('v1', '2')} }`) +
        destinationRule(
          'c',
          `{ host: hello, trafficPolicy: { ${ROBIN}, ${EJECT(3)} }, ${SUBSET('v2', '2')} }`,
        ),
    ).of({ name: 'hello' });
    expect(hello?.subset('v1')).toMatchObject({
      labels: { version: '1' },
      origin: { resource: 'DestinationRule a' },
    });
    expect(hello?.subset('v2')?.labels).toEqual({ version: '2' });
    expect(hello?.subset('v3')).toBeUndefined();
    const settings = hello?.traffic(undefined, undefined);
    expect(settings?.loadBalancer?.strategy).toMatchObject({
      value: { kind: 'random' },
      origin: { resource: 'DestinationRule b', path: 'spec.trafficPolicy.loadBalancer.simple' },
    });
    expect(settings?.outlier).toBeUndefined();
  });

  it('count by the most specific host only', () => {
    const set = policySet(
      destinationRule('all', `{ host: "*.shop", trafficPolicy: { ${RANDOM}, ${EJECT(3)} } }`) +
        destinationRule('one', `{ host: hello.shop, trafficPolicy: { ${ROBIN} } }`),
    );
    const of = (name: string) => set.of({ name, namespace: 'shop' })?.traffic(undefined, undefined);
    expect(of('hello')).toMatchObject({
      loadBalancer: { strategy: { value: { kind: 'round-robin' } } },
      outlier: undefined,
    });
    expect(of('other')).toMatchObject({ outlier: { consecutive5xxErrors: { value: 3 } } });
  });

  it('with a workload selector count for callers that have its labels, and before others', () => {
    const text =
      destinationRule('all', `{ host: hello, trafficPolicy: { ${RANDOM} }, ${SUBSET('v1', '1')} }`) +
      destinationRule(
        'web',
        `{ host: hello, workloadSelector: { matchLabels: { app: web } }, trafficPolicy: { ${ROBIN} } }`,
      );
    const of = (labels: Readonly<Record<string, string>>) =>
      policySet(text, { labels }).of({ name: 'hello' });
    expect(of({ app: 'web' })?.traffic(undefined, undefined).loadBalancer?.strategy.value.kind).toBe(
      'round-robin',
    );
    expect(of({ app: 'web' })?.subset('v1')).toBeDefined();
    expect(of({})?.traffic(undefined, undefined).loadBalancer?.strategy.value.kind).toBe('random');
  });
});

describe('the settings of a service', () => {
  it('are one object for the same answer', () => {
    const hello = policySet(
      destinationRule(
        'a',
        `{ host: hello, trafficPolicy: { ${RANDOM}, ${PORT(80, ROBIN)} }, subsets: [{ name: v1, labels: { version: "1" } }] }`,
      ),
    ).of({ name: 'hello' });
    const plain = hello?.traffic(undefined, undefined);
    expect(hello?.traffic(undefined, 81)).toBe(plain);
    expect(hello?.traffic('v1', 81)).toBe(plain);
    expect(hello?.traffic('nobody', undefined)).toBe(plain);
    expect(hello?.traffic('v1', 80)).toBe(hello?.traffic(undefined, 80));
    expect(hello?.traffic(undefined, 80)).not.toBe(plain);
  });
});

import { Metadata, status } from '@grpc/grpc-js';
import { seededRandom } from '@micromesh/core';
import type { LoadBalancerRule } from '@micromesh/policy';
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../call/call-options.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';
import { DestinationStrategies } from './destination-strategy.js';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const BY_HEADER = 'consistentHash: { httpHeaderName: x-user }';

function balanced(loadBalancer: string, more = ''): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { loadBalancer: { ${loadBalancer} }${more} } }
---
`;
}

function ruleOf(text: string): LoadBalancerRule {
  const rule = new TestPolicies(text).current
    ?.of({ name: 'hello' })
    ?.traffic(undefined, undefined).loadBalancer;
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
}

async function worldOf(text: string, ids: readonly string[] = IDS, seed = 1): Promise<TestWorld> {
  const world = new TestWorld(seed, { policies: new TestPolicies(text) });
  await world.nodes(...ids);
  return world;
}

/** Makes calls, and tells which nodes they went to, in order. */
async function pathOf(
  world: TestWorld,
  calls: readonly CallOptions[],
  client = {},
): Promise<readonly string[]> {
  const before = world.path.length;
  const caller = world.caller(client);
  for (const options of calls) {
    const { outcome } = world.call(caller, options);
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
  }
  return world.path.slice(before);
}

function withHeader(name: string, value: string): CallOptions {
  const metadata = new Metadata();
  metadata.set(name, value);
  return { metadata };
}

function times(count: number, options: CallOptions = {}): readonly CallOptions[] {
  return Array.from({ length: count }, () => options);
}

const USERS = Array.from({ length: 40 }, (_, index) => withHeader('x-user', `u-${index}`));

describe('the strategy of a rule', () => {
  it.each([
    ['simple: ROUND_ROBIN', 'round-robin'],
    ['simple: RANDOM', 'random'],
    ['simple: LEAST_REQUEST', 'least-request'],
    ['warmup: { duration: 30s }', 'least-request'],
    [BY_HEADER, 'ring-hash'],
    ['consistentHash: { httpHeaderName: x-user, maglev: {} }', 'maglev'],
    ['localityLbSetting: {}', 'least-request'],
  ])('%s is %s', (block, name) => {
    const strategies = new DestinationStrategies(seededRandom(1), 0);
    expect(strategies.of(ruleOf(balanced(block))).strategy.name).toBe(name);
  });

  it('is the same for all versions that say the same, wherever they say it', () => {
    const strategies = new DestinationStrategies(seededRandom(1), 0);
    const blocks = [
      'simple: ROUND_ROBIN',
      'simple: LEAST_REQUEST',
      'simple: LEAST_REQUEST, warmup: { duration: 30s }',
      'simple: LEAST_REQUEST, warmup: { duration: 30s, aggression: 2 }',
      'simple: LEAST_REQUEST, localityLbSetting: {}',
      'simple: LEAST_REQUEST, localityLbSetting: { enabled: false }',
      'simple: LEAST_REQUEST, localityLbSetting: { failoverPriority: [region] }',
      BY_HEADER,
      'consistentHash: { httpHeaderName: x-user, ringHash: { minimumRingSize: 2048 } }',
      'consistentHash: { httpHeaderName: x-user, maglev: {} }',
    ];
    const first = blocks.map((block) => strategies.of(ruleOf(balanced(block))).strategy);
    expect(new Set(first).size).toBe(blocks.length);
    const again = blocks.map((block) => strategies.of(ruleOf(`\n${balanced(block, ', tls: {}')}`)).strategy);
    expect(again).toEqual(first);
    for (const [index, strategy] of again.entries()) expect(strategy).toBe(first[index]);
  });

  it('is one for keys from wherever, and each rule finds its own keys', () => {
    const strategies = new DestinationStrategies(seededRandom(1), 0);
    const byHeader = strategies.of(ruleOf(balanced(BY_HEADER)));
    const byCookie = strategies.of(ruleOf(balanced('consistentHash: { httpCookie: { name: user } }')));
    expect(byCookie.strategy).toBe(byHeader.strategy);
    expect(byCookie.keyOf).not.toBe(byHeader.keyOf);
    expect(strategies.of(ruleOf(balanced('simple: RANDOM'))).keyOf).toBeUndefined();
  });

  it('is forgotten when so many others were asked for since', () => {
    const strategies = new DestinationStrategies(seededRandom(1), 0);
    const of = (seconds: number) =>
      strategies.of(ruleOf(balanced(`warmup: { duration: ${seconds}s }`))).strategy;
    const first = of(1);
    for (let seconds = 2; seconds <= 64; seconds++) of(seconds);
    expect(of(1)).toBe(first);
    for (let seconds = 101; seconds <= 164; seconds++) of(seconds);
    expect(of(1)).not.toBe(first);
  });

  it('remembers across versions: a round goes on where it was', async () => {
    const policies = new TestPolicies(balanced('simple: ROUND_ROBIN'));
    const world = new TestWorld(1, { policies });
    await world.nodes(...IDS);
    const first = await pathOf(world, times(3));
    policies.set(balanced('simple: ROUND_ROBIN', ', connectionPool: { http: { http2MaxRequests: 100 } }'));
    const second = await pathOf(world, times(2));
    expect([...first, ...second].sort()).toEqual(IDS);
  });

  it('counts before that of the client', async () => {
    const world = await worldOf(balanced('simple: ROUND_ROBIN'));
    const path = await pathOf(world, times(10), { strategy: 'least-request' });
    for (const id of IDS) expect(path.filter((each) => each === id)).toHaveLength(2);
  });

  it('is that of the subset or the port that a VirtualService names', async () => {
    const text = `${helloRules('{ route: [{ destination: { host: hello, subset: all, port: { number: 80 } } }] }')}apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec:
  host: hello
  trafficPolicy: { loadBalancer: { simple: RANDOM } }
  subsets:
    - name: all
      trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: ROUND_ROBIN } }] }
`;
    const path = await pathOf(await worldOf(text), times(10));
    for (const id of IDS) expect(path.filter((each) => each === id)).toHaveLength(2);
  });
});

describe('a consistent hash', () => {
  it.each(['ringHash', 'maglev'])(
    'by %s sends equal keys to the same node, in whatever process',
    async (algorithm) => {
      const text = balanced(`consistentHash: { httpHeaderName: x-user, ${algorithm}: {} }`);
      const one = await pathOf(await worldOf(text, IDS, 1), USERS);
      const other = await pathOf(await worldOf(text, [...IDS].reverse(), 2), USERS);
      expect(other).toEqual(one);
      expect(new Set(one).size).toBe(IDS.length);
    },
  );

  it('sends a call without the header to any node', async () => {
    const path = await pathOf(await worldOf(balanced(BY_HEADER)), times(200));
    expect(new Set(path).size).toBe(IDS.length);
  });

  it('takes the key that code gives before its own', async () => {
    const world = await worldOf(balanced(BY_HEADER));
    const ofKey = await pathOf(world, [{ hashKey: 'u-1' }]);
    const ofHeader = await pathOf(world, [USERS[1] ?? {}]);
    expect(ofKey).toEqual(ofHeader);
    const both = USERS.map((options) => ({ ...options, hashKey: 'u-1' }));
    expect(new Set(await pathOf(world, both))).toEqual(new Set(ofKey));
  });

  it('goes to the next node with a retry, the same for every call of the key', async () => {
    const world = await worldOf(balanced(BY_HEADER));
    const [first = ''] = await pathOf(world, USERS.slice(0, 1));
    world.transport.node(first).script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const paths = [
      await pathOf(world, USERS.slice(0, 1), { retries: 1 }),
      await pathOf(world, USERS.slice(0, 1), { retries: 1 }),
    ];
    expect(paths[0]?.[0]).toBe(first);
    expect(paths[0]?.[1]).not.toBe(first);
    expect(paths[1]).toEqual(paths[0]);
  });

  it('by the address of the caller sends all calls to one node', async () => {
    const path = await pathOf(await worldOf(balanced('consistentHash: { useSourceIp: true }')), times(20));
    expect(new Set(path).size).toBe(1);
  });

  it('by a cookie reads it of the metadata', async () => {
    const text = balanced('consistentHash: { httpCookie: { name: user, ttl: 60s } }');
    const world = await worldOf(text);
    expect(new Set(await pathOf(world, times(20, withHeader('cookie', 'x=1; user=anna')))).size).toBe(1);
    expect(new Set(await pathOf(world, times(100, withHeader('cookie', 'x=1')))).size).toBe(IDS.length);
  });
});

describe('a key that code gives', () => {
  it.each(['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST'])(
    'keeps its node where the rule says %s',
    async (simple) => {
      const path = await pathOf(await worldOf(balanced(`simple: ${simple}`)), times(20, { hashKey: 'anna' }));
      expect(new Set(path).size).toBe(1);
    },
  );
});

describe('a warm-up', () => {
  const rule = balanced('simple: ROUND_ROBIN, warmup: { duration: 100s, minimumPercent: 25 }');

  it.each([
    ['is that of the rule, whatever the mesh says', rule, 0, 5],
    ['is that of the mesh where the rule says none', balanced('simple: ROUND_ROBIN'), 100_000, 11],
    ['is none where nobody says any', balanced('simple: ROUND_ROBIN'), 0, 2],
  ])('%s', async (_, text, slowStartMs, oneIn) => {
    const world = new TestWorld(1, { policies: new TestPolicies(text), slowStartMs });
    await world.nodes('old');
    await pathOf(world, times(1));
    await world.clock.advance(200_000);
    await world.nodes('old', 'new');
    const path = await pathOf(world, times(110));
    const count = path.filter((id) => id === 'new').length;
    expect(Math.abs(count - 110 / oneIn)).toBeLessThanOrEqual(1);
  });
});

describe('locality', () => {
  const CALLER = { region: 'eu', zone: 'a' };
  const NODES = [
    testNode('near', { labels: CALLER }),
    testNode('zone-b', { labels: { region: 'eu', zone: 'b' } }),
    testNode('us', { labels: { region: 'us' } }),
    testNode('asia', { labels: { region: 'asia' } }),
  ];

  async function localWorld(setting: string, more = ''): Promise<TestWorld> {
    const policies = new TestPolicies(balanced(`simple: RANDOM, localityLbSetting: ${setting}`, more), {
      labels: CALLER,
    });
    const world = new TestWorld(1, { policies, callerLabels: CALLER });
    world.registry.show({ name: 'hello' }, NODES);
    await world.clock.settle();
    return world;
  }

  async function nodesOf(world: TestWorld, client = {}): Promise<readonly string[]> {
    return [...new Set(await pathOf(world, times(100), client))].sort();
  }

  const ALL = ['asia', 'near', 'us', 'zone-b'];
  const DETECTION = ', outlierDetection: {}';

  it.each([
    ['comes first where failing nodes are detected', '{}', DETECTION, ['near']],
    ['is nothing where they are not, as in Istio', '{}', '', ALL],
    ['is nothing where it is off', '{ enabled: false }', DETECTION, ALL],
    [
      'is what shares name, with no word of detection',
      '{ distribute: [{ from: eu/a, to: { us: 40, asia: 60 } }] }',
      '',
      ['asia', 'us'],
    ],
    [
      'is nothing where shares are for other callers',
      '{ distribute: [{ from: us, to: { us: 100 } }] }',
      DETECTION,
      ALL,
    ],
    ['is what labels say', '{ failoverPriority: [region=us] }', DETECTION, ['us']],
  ])('%s', async (_, setting, more, expected) => {
    expect(await nodesOf(await localWorld(setting, more))).toEqual(expected);
  });

  it('counts before what code prefers', async () => {
    expect(await nodesOf(await localWorld('{}'), { filter: { locality: 'prefer' } })).toEqual(ALL);
  });

  it('goes on to the region that takes over when the own one is gone', async () => {
    const world = await localWorld('{ failover: [{ from: eu, to: us }] }', DETECTION);
    world.registry.show({ name: 'hello' }, NODES.slice(2));
    await world.clock.settle();
    expect(await nodesOf(world)).toEqual(['us']);
  });

  it('is left by calls where its nodes are taken out, and only then', async () => {
    const world = await localWorld(
      '{}',
      ', outlierDetection: { consecutive5xxErrors: 2, maxEjectionPercent: 100 }',
    );
    world.transport.node('near').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const caller = world.caller({ retries: 0 });
    for (let failures = 0; failures < 2; failures++) {
      expect((await world.call(caller).outcome).code).toBe(status.UNAVAILABLE);
    }
    expect(await nodesOf(world)).toEqual(['zone-b']);
  });

  it('without a node that has a share is a refusal that says so', async () => {
    const world = await localWorld('{ distribute: [{ from: eu, to: { africa: 100 } }] }');
    // Such a call waits for no deadline.
    const { details } = await world.call(world.caller()).outcome;
    expect(details).toContain(
      'no node of hello matches in a locality that its DestinationRule has a share for: 4 registered',
    );
  });

  it('shares calls out by ratio', async () => {
    const world = await localWorld('{ distribute: [{ from: eu/*, to: { us: 80, "eu/*": 20 } }] }');
    const calls = 2000;
    const path = await pathOf(world, times(calls));
    const share = path.filter((id) => id === 'us').length / calls;
    // The 99.9 % interval of a binomial: 3.29 standard deviations.
    expect(Math.abs(share - 0.8)).toBeLessThan(3.29 * Math.sqrt((0.8 * 0.2) / calls));
    expect(path).not.toContain('asia');
  });
});

import { seededRandom } from '@micromesh/core';
import type { LoadBalancerRule } from '@micromesh/policy';
import { describe, expect, it } from 'vitest';
import { BY_HEADER, balanced, pathOf, times, worldOf } from '../testing/balanced-world.js';
import { TestWorld } from '../testing/index.js';
import { NODES } from '../testing/ruled-world.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';
import { DestinationStrategies } from './destination-strategy.js';

function ruleOf(text: string): LoadBalancerRule {
  const rule = new TestPolicies(text).current
    ?.of({ name: 'hello' })
    ?.traffic(undefined, undefined).loadBalancer;
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
}

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
    await world.nodes(...NODES);
    const first = await pathOf(world, times(3));
    policies.set(balanced('simple: ROUND_ROBIN', ', connectionPool: { http: { http2MaxRequests: 100 } }'));
    const second = await pathOf(world, times(2));
    expect([...first, ...second].sort()).toEqual(NODES);
  });

  it('counts before that of the client', async () => {
    const world = await worldOf(balanced('simple: ROUND_ROBIN'));
    const path = await pathOf(world, times(10), { strategy: 'least-request' });
    for (const id of NODES) expect(path.filter((each) => each === id)).toHaveLength(2);
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
    for (const id of NODES) expect(path.filter((each) => each === id)).toHaveLength(2);
  });
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

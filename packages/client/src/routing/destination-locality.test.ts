import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { balanced, pathOf, times } from '../testing/balanced-world.js';
import { TestWorld, testNode } from '../testing/index.js';
import { TestPolicies } from '../testing/test-policies.js';

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

import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../call/call-options.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';

const CALLS = 10_000;
/** Calls that are under way at once. */
const BATCH = 500;
const VERSIONS = ['1', '2', '3'] as const;

/** Nodes `<service>-1`, `<service>-2` and `<service>-3`, one of each version. */
async function worldWith(text: string, seed: number, ...services: readonly string[]): Promise<TestWorld> {
  const world = new TestWorld(seed, { policies: new TestPolicies(text) });
  for (const name of services) {
    world.registry.show(
      { name },
      VERSIONS.map((version) => testNode(`${name}-${version}`, { version })),
    );
  }
  await world.clock.settle();
  return world;
}

/** A rule that parts calls of hello among v1, v2, ... */
function split(weights: readonly number[], more = ''): string {
  const routes = weights.map(
    (weight, index) => `{ destination: { host: hello, subset: v${index + 1} }, weight: ${weight} }`,
  );
  return `{ ${more}route: [${routes.join(', ')}] }`;
}

/** The node of each of the calls, in order. */
async function nodesOf(
  world: TestWorld,
  calls: readonly CallOptions[],
  service = 'hello',
): Promise<readonly string[]> {
  const caller = world.room.callerFor({ name: service }, {});
  const from = world.path.length;
  for (let index = 0; index < calls.length; index += BATCH) {
    const batch = calls.slice(index, index + BATCH).map((options) => world.call(caller, options).outcome);
    await world.clock.settle();
    await Promise.all(batch);
  }
  return world.path.slice(from);
}

/**
 * 99.9 % of all runs have a count within this of what is expected: 3.29 standard deviations of a binomial, which is as good as a normal
 * distribution where hundreds are expected on either side.
 */
function expectShare(count: number, ratio: number, calls: number): void {
  expect(Math.abs(count - ratio * calls)).toBeLessThanOrEqual(3.29 * Math.sqrt(ratio * (1 - ratio) * calls));
}

function countOf(nodes: readonly string[], version: string): number {
  return nodes.filter((id) => id.endsWith(`-${version}`)).length;
}

/** So many users; each of their calls has the same key. */
function users(count: number): readonly CallOptions[] {
  return Array.from({ length: count }, (_, index) => ({ hashKey: `user-${index}` }));
}

describe(`of ${CALLS} calls`, () => {
  it.each([
    ['90/10', [90, 10], [0.9, 0.1]],
    ['95/5', [95, 5], [0.95, 0.05]],
    ['60/30/10', [60, 30, 10], [0.6, 0.3, 0.1]],
    // Source: HTTPRouteDestination.weight of virtual_service.proto: the share is weight / sum of all weights.
    ['2/1/1, which is no percentage', [2, 1, 1], [0.5, 0.25, 0.25]],
    ['100/0', [100, 0], [1, 0]],
  ])('each subset gets the share of its weight: %s', async (_, weights, ratios) => {
    const world = await worldWith(helloRules(split(weights)) + helloSubsets(...VERSIONS), 4, 'hello');
    const nodes = await nodesOf(world, Array<CallOptions>(CALLS).fill({}));
    expect(nodes).toHaveLength(CALLS);
    for (const [index, ratio] of ratios.entries()) {
      expectShare(countOf(nodes, String(index + 1)), ratio, CALLS);
    }
  });

  it('each goes by the weights of the rule whose headers it has', async () => {
    const text =
      helloRules(
        split([50, 30, 20], 'match: [{ headers: { x-tier: { exact: gold } } }], '),
        split([10, 90], 'match: [{ headers: { x-user: { prefix: beta- } } }], '),
        split([95, 5]),
      ) + helloSubsets(...VERSIONS);
    const world = await worldWith(text, 5, 'hello');
    const rules = [
      { headers: { 'x-tier': 'gold', 'x-user': 'beta-anna' }, ratios: [0.5, 0.3, 0.2] },
      { headers: { 'x-tier': 'silver', 'x-user': 'beta-ben' }, ratios: [0.1, 0.9, 0] },
      { headers: { 'x-user': 'carl' }, ratios: [0.95, 0.05, 0] },
      { headers: {}, ratios: [0.95, 0.05, 0] },
    ].map((rule) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(rule.headers)) metadata.set(name, value);
      return { ...rule, metadata };
    });
    // In turn, so that what is kept of one call could be taken for another's.
    const calls = Array.from({ length: CALLS }, (_, index) => {
      const rule = rules[index % rules.length];
      return rule === undefined ? {} : { metadata: rule.metadata };
    });
    const nodes = await nodesOf(world, calls);
    for (const [at, { ratios }] of rules.entries()) {
      const own = nodes.filter((_, index) => index % rules.length === at);
      for (const [index, ratio] of ratios.entries()) {
        expectShare(countOf(own, String(index + 1)), ratio, own.length);
      }
    }
  });

  it('with keys each subset gets its share of the keys', async () => {
    const world = await worldWith(helloRules(split([90, 10])) + helloSubsets(...VERSIONS), 6, 'hello');
    expectShare(countOf(await nodesOf(world, users(CALLS)), '2'), 0.1, CALLS);
  });
});

describe('an A/B split by user', () => {
  const text = helloRules(split([70, 30], 'name: ab, ')) + helloSubsets(...VERSIONS);

  it('keeps each of 1,000 users on one side', async () => {
    const world = await worldWith(text, 7, 'hello');
    const first = await nodesOf(world, users(1000));
    for (let round = 0; round < 3; round++) expect(await nodesOf(world, users(1000))).toEqual(first);
    expectShare(countOf(first, '2'), 0.3, 1000);
  });

  it('is the same in each process that has the rule, whatever its chance', async () => {
    const [one, other] = [await worldWith(text, 8, 'hello'), await worldWith(text, 9, 'hello')];
    expect(await nodesOf(one, users(1000))).toEqual(await nodesOf(other, users(1000)));
  });

  it('is the same at the next hop, where another service is split by a rule of the same name', async () => {
    const both = text + text.replaceAll('hello', 'basket');
    const [front, hello] = [await worldWith(both, 10, 'hello'), await worldWith(both, 11, 'hello', 'basket')];
    const at = (nodes: readonly string[]) => nodes.map((id) => id.slice(-1));
    const nextHop = await nodesOf(hello, users(1000), 'basket');
    expect(at(nextHop)).toEqual(at(await nodesOf(front, users(1000))));
    expect(new Set(nextHop)).toEqual(new Set(['basket-1', 'basket-2']));
  });

  it('moves users to v2 alone where its weight grows', async () => {
    const [before, after] = [10, 50].map((weight) => helloRules(split([100 - weight, weight], 'name: ab, ')));
    const subsets = helloSubsets(...VERSIONS);
    const was = await nodesOf(await worldWith(before + subsets, 12, 'hello'), users(CALLS));
    const is = await nodesOf(await worldWith(after + subsets, 13, 'hello'), users(CALLS));
    expect(was.filter((node, index) => node === 'hello-2' && is[index] !== 'hello-2')).toEqual([]);
    expectShare(countOf(is, '2'), 0.5, CALLS);
  });
});

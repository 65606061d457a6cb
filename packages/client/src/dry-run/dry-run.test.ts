import { status } from '@grpc/grpc-js';
import { type DryRunEvent, events } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';

const DRY = 'metadata: { name: dry, annotations: { micromesh.io/dry-run: "true" } }';

function inDryRun(text: string): string {
  return text.replace('metadata: { name: hello }', DRY);
}

const TO = (subset: string) => `route: [{ destination: { host: hello, subset: ${subset} } }]`;
const TO_ALL = 'route: [{ destination: { host: hello } }]';

describe('a resource in dry-run', () => {
  let told: DryRunEvent[];
  let off: () => void;
  beforeEach(() => {
    told = [];
    off = events.dryRun.subscribe((event) => told.push(event));
  });
  afterEach(() => off());

  const effects = () => told.map(({ resource, effect }) => `${resource} ${effect}`);

  async function worldUnder(text: string): Promise<TestWorld> {
    const world = new TestWorld(1, { policies: new TestPolicies(text) });
    const versions = { a: '1', b: '2' };
    world.registry.show(
      { name: 'hello' },
      Object.entries(versions).map(([id, version]) => testNode(id, { version })),
    );
    await world.clock.settle();
    return world;
  }

  it('tells which calls it would have sent elsewhere, and sends none', async () => {
    const text =
      helloRules(`{ ${TO('v1')} }`) + inDryRun(helloRules(`{ ${TO('v2')} }`)) + helloSubsets('1', '2');
    const world = await worldUnder(text);
    for (let index = 0; index < 3; index++) await world.call(world.caller()).outcome;
    expect(world.path).toEqual(['a', 'a', 'a']);
    expect(effects()).toEqual(Array.from({ length: 3 }, () => 'VirtualService dry route'));
    expect(told[0]).toMatchObject({ service: { name: 'hello' }, method: '/hello.v1.Hello/Anything' });
  });

  it('tells nothing of calls that go where it would have sent them', async () => {
    const world = await worldUnder(inDryRun(helloRules(`{ ${TO_ALL} }`)));
    await world.call(world.caller()).outcome;
    expect(told).toEqual([]);
  });

  it('tells where it would have answered itself, and of calls that none of its rules takes', async () => {
    const direct = await worldUnder(inDryRun(helloRules('{ directResponse: { status: 503 } }')));
    await direct.call(direct.caller()).outcome;
    const match = '{ match: [{ headers: { x-user: { exact: ann } } }], ';
    const none = await worldUnder(inDryRun(helloRules(`${match}${TO_ALL} }`)));
    expect((await none.call(none.caller()).outcome).code).toBe(status.OK);
    expect(effects()).toEqual(['VirtualService dry route', 'VirtualService dry route']);
  });

  it('tells of the time, the retries, the faults and the copies that it would have made', async () => {
    const rule = `{ timeout: 1s, retries: { attempts: 3, retryOn: internal }, fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 100 } } }, mirrors: [{ destination: { host: other } }], ${TO_ALL} }`;
    const world = await worldUnder(inDryRun(helloRules(rule)));
    for (const id of ['a', 'b']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.INTERNAL, afterMs: 1500 });
    }
    const { call, outcome } = world.call(world.caller({ retries: 0 }));
    await world.clock.advance(2000);
    expect((await outcome).code).toBe(status.INTERNAL);
    expect(call.attempts).toBe(1);
    expect(effects().sort()).toEqual([
      'VirtualService dry fault',
      'VirtualService dry mirror',
      'VirtualService dry retry',
      'VirtualService dry timeout',
    ]);
  });

  it('tells no retry of a call that had as many as it would have given', async () => {
    const world = await worldUnder(
      inDryRun(helloRules(`{ retries: { attempts: 1, retryOn: internal }, ${TO_ALL} }`)),
    );
    for (const id of ['a', 'b']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.INTERNAL });
    }
    const { call, outcome } = world.call(world.caller({ retries: 1 }));
    await world.clock.advance(100);
    await outcome;
    expect(call.attempts).toBe(2);
    expect(told).toEqual([]);
  });

  it('tells what it would have done by delegating to one that is in force', async () => {
    const leaf = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: leaf }
spec: { http: [{ ${TO('v2')} }] }
---
`;
    const root = inDryRun(helloRules('{ delegate: { name: leaf } }'));
    const world = await worldUnder(leaf + root + helloRules(`{ ${TO('v1')} }`) + helloSubsets('1', '2'));
    await world.call(world.caller()).outcome;
    expect(effects()).toEqual(['VirtualService dry route']);
  });

  it('names subsets all the same: what is in force sends calls to them', async () => {
    const dry = inDryRun(helloSubsets('1', '2'));
    const world = await worldUnder(helloRules(`{ ${TO('v2')} }`) + dry);
    expect((await world.call(world.caller()).outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['b']);
  });

  it('tells which nodes it would have ejected, each once in its time, and calls go on to them', async () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
${DRY}
spec: { host: hello, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3, interval: 1s, baseEjectionTime: 30s, maxEjectionPercent: 50 } } }
`;
    const world = await worldUnder(rule);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const caller = world.caller({ retries: 0, strategy: 'round-robin' });
    const callTimes = async (times: number) => {
      for (let index = 0; index < times; index++) await world.call(caller).outcome;
    };
    await callTimes(4);
    expect(told).toEqual([]);
    await callTimes(20);
    expect(effects()).toEqual(['DestinationRule dry eject']);
    expect(world.path.filter((id) => id === 'a').length).toBe(12);
    await world.clock.advance(32_000);
    await callTimes(8);
    expect(effects()).toEqual(['DestinationRule dry eject', 'DestinationRule dry eject']);
  });

  it('counts for that what all clients see of all nodes, whatever nodes a call wants', async () => {
    const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
${DRY}
spec: { host: hello, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3, maxEjectionPercent: 50 } } }
`;
    const world = await worldUnder(rule);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const callers = [1, 2, 3].map(() => world.caller({ retries: 0 }));
    for (const version of ['2', '1']) {
      for (const caller of callers) await world.call(caller, { filter: { version } }).outcome;
    }
    expect(world.path.join('')).toBe('bbbaaa');
    expect(effects()).toEqual(['DestinationRule dry eject']);
  });
});

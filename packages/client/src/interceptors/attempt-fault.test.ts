import { Metadata, status } from '@grpc/grpc-js';
import { MESH_REASON } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { ClientRoomParts } from '../client-room.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';
import { isWithin } from '../testing/test-shares.js';

const DELAY = (ms: number, percent = 100) =>
  `delay: { fixedDelay: ${ms}ms, percentage: { value: ${percent} } }`;
const ABORT = (percent = 100) => `abort: { grpcStatus: UNAVAILABLE, percentage: { value: ${percent} } }`;

async function worldWith(fault: string, fields = '', parts: Partial<ClientRoomParts> = {}) {
  const rules = helloRules(`{ fault: { ${fault} }, route: [{ destination: { host: hello } }]${fields} }`);
  const annotations = '{ name: hello, annotations: { micromesh.io/fault-scope: attempt } }';
  const policies = new TestPolicies(rules.replace('{ name: hello }', annotations));
  const world = new TestWorld(1, { policies, ...parts });
  await world.nodes('a', 'b', 'c');
  return world;
}

describe('an abort of an attempt', () => {
  it('is an answer of its node, which never saw the request', async () => {
    const world = await worldWith(ABORT());
    const { call, outcome } = world.call(world.caller({ retries: 0 }));
    expect(await outcome).toMatchObject({
      code: status.UNAVAILABLE,
      reason: 'none',
      origin: 'remote',
      delivery: 'answered',
      details: 'VirtualService hello spec.http[0].fault.abort ends the attempt on purpose',
    });
    expect([call.attempts, world.path]).toEqual([1, []]);
  });

  it('is known for a rule by its trailer, as what a server passes on of one', async () => {
    const world = await worldWith(ABORT());
    const { trailers } = await world.call(world.caller({ retries: 0 })).outcome;
    expect(trailers.getMap()).toEqual({ [MESH_REASON]: 'fault' });
  });

  it('is retried, on another node and out of the budget, as in earnest', async () => {
    const world = await worldWith(ABORT(), ', retries: { attempts: 2, retryOn: unavailable }');
    const caller = world.caller();
    const { budget } = caller.parts.to;
    const before = budget.available;
    const { call, outcome } = world.call(caller);
    await world.clock.advance(1000);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(new Set(call.records.map(({ node }) => node)).size).toBe(3);
    expect(call.records.map(({ delivery }) => delivery)).toEqual(['answered', 'answered', 'answered']);
    expect(budget.available).toBeLessThan(before);
  });

  it('that spares an attempt lets the call succeed', async () => {
    const world = await worldWith(ABORT(50), ', retries: { attempts: 20, retryOn: unavailable }', {
      budget: { ratio: 1, perSecond: 1000 },
    });
    const caller = world.caller();
    const calls = Array.from({ length: 200 }, () => world.call(caller));
    await world.clock.advance(5000);
    const outcomes = await Promise.all(calls.map(({ outcome }) => outcome));
    expect(outcomes.every(({ code }) => code === status.OK)).toBe(true);
    expect(calls.some(({ call }) => call.attempts > 1)).toBe(true);
  });

  it('can eject a node', async () => {
    const match = 'match: [{ headers: { x-fault: {} } }]';
    const to = 'route: [{ destination: { host: hello } }]';
    const rules = helloRules(`{ ${match}, fault: { ${ABORT()} }, ${to} }`, `{ ${to} }`);
    const annotations = '{ name: hello, annotations: { micromesh.io/fault-scope: attempt } }';
    const world = new TestWorld(1, {
      policies: new TestPolicies(rules.replace('{ name: hello }', annotations)),
      outlier: { countedCodes: [status.UNAVAILABLE] },
    });
    const versions = { a: '1', b: '2', c: '2' };
    world.registry.show(
      { name: 'hello' },
      Object.entries(versions).map(([id, version]) => testNode(id, { version })),
    );
    await world.clock.settle();
    const faulty = world.caller({ retries: 0, filter: { version: '1' } });
    const others = world.caller({ filter: { version: '2' } });
    const metadata = new Metadata();
    metadata.set('x-fault', 'yes');
    for (let count = 0; count < 10; count++) {
      await world.call(others).outcome;
      await world.call(faulty, { metadata }).outcome;
    }
    const standings = [...faulty.parts.to.nodes.handles].map(({ node, standing }) => [node.id, standing]);
    expect(standings).toEqual([
      ['a', 'ejected'],
      ['b', 'healthy'],
      ['c', 'healthy'],
    ]);
  });

  it('does not touch what goes out where the scope is the call', async () => {
    const policies = new TestPolicies(
      helloRules(`{ fault: { ${ABORT()} }, route: [{ destination: { host: hello } }] }`),
    );
    const world = new TestWorld(1, { policies });
    await world.nodes('a');
    const { call, outcome } = world.call(world.caller());
    expect([(await outcome).reason, call.attempts]).toEqual(['fault', 0]);
  });
});

describe('a delay of an attempt', () => {
  it('is that of its node: the per-try time-out cuts it, and the retry goes elsewhere', async () => {
    const world = await worldWith(
      DELAY(500),
      ', retries: { attempts: 1, perTryTimeout: 100ms, retryOn: deadline-exceeded }',
    );
    const { call, outcome } = world.call(world.caller());
    await world.clock.advance(100);
    expect(call.attempts).toBe(2);
    await world.clock.advance(200);
    expect(await outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'attemptTimeout' });
    expect([world.path, world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('lets the request go when it is over', async () => {
    const world = await worldWith(DELAY(50));
    const { outcome, messages } = world.call(world.caller(), { metadata: new Metadata() });
    await world.clock.advance(49);
    expect(world.path).toEqual([]);
    await world.clock.advance(1);
    expect((await outcome).code).toBe(status.OK);
    expect([world.path.length, messages.map(String)]).toEqual([1, ['hi']]);
  });

  it('ends with the call, be it by its deadline, its caller, or the end of the mesh', async () => {
    const world = await worldWith(DELAY(5000), ', retries: { attempts: 0 }');
    const abort = new AbortController();
    const timed = world.call(world.caller(), { timeoutMs: 200 });
    const cancelled = world.call(world.caller(), { signal: abort.signal });
    const closed = world.call(world.caller());
    await world.clock.advance(200);
    abort.abort();
    await world.clock.settle();
    world.room.close();
    const ends = await Promise.all([timed, cancelled, closed].map(({ outcome }) => outcome));
    expect(ends.map(({ reason }) => reason)).toEqual(['deadline', 'cancelled', 'closed']);
    expect([world.path, world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('comes before an abort', async () => {
    const world = await worldWith(`${DELAY(50)}, ${ABORT()}`, ', retries: { attempts: 0 }');
    const { call, outcome } = world.call(world.caller());
    await world.clock.advance(50);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(call.records[0]?.ms).toBe(50);
  });

  it('lets a streamed request through as a whole', async () => {
    const world = await worldWith(DELAY(50));
    const { outcome, messages } = world.call(world.caller(), {}, 'bidi');
    await world.clock.advance(50);
    expect([(await outcome).code, messages.map(String)]).toEqual([status.OK, ['hi']]);
  });
});

describe('of 10,000 attempts', () => {
  it('an abort hits its share', { timeout: 60_000 }, async () => {
    const calls = 10_000;
    const world = await worldWith(ABORT(20), ', retries: { attempts: 0 }');
    const caller = world.caller();
    let aborted = 0;
    for (let made = 0; made < calls; made += 500) {
      const outcomes = Array.from({ length: 500 }, () => world.call(caller).outcome);
      await world.clock.settle();
      for (const { code } of await Promise.all(outcomes)) if (code !== status.OK) aborted++;
    }
    expect(aborted).toSatisfy(isWithin(0.2, calls));
    expect(world.path).toHaveLength(calls - aborted);
  });
});

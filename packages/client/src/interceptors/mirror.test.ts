import { Metadata, status } from '@grpc/grpc-js';
import { events, type MirrorEvent } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_COPIES } from '../mirror/mirror-copies.js';
import type { Caller } from '../surface/caller.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, helloSubsets, TestPolicies } from '../testing/test-policies.js';
import { isWithin } from '../testing/test-shares.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

let told: MirrorEvent[] = [];
let off: () => void = () => {};

beforeEach(() => {
  told = [];
  off = events.mirror.subscribe((event) => told.push(event));
});

afterEach(() => off());

async function worldWith(fields: string, more = '') {
  const world = new TestWorld(1, {
    policies: new TestPolicies(helloRules(`{ ${fields} }`) + more),
  });
  world.registry.show({ name: 'shadow' }, [testNode('s')]);
  world.registry.show({ name: 'other' }, [testNode('o')]);
  await world.nodes('a');
  return world;
}

/** Requests that a node got. */
function requestsOf(world: TestWorld, nodeId: string) {
  return world.transport.attempts.filter((attempt) => attempt.nodeId === nodeId);
}

/** A call whose messages come one by one. */
function openCall(caller: Caller) {
  const method = { path: '/hello.v1.Hello/Many', service: 'hello.v1.Hello', name: 'Many' };
  const call = caller.newCall(
    { ...method, kind: 'clientStream', idempotency: 'unknown' },
    new Metadata(),
    {},
    {
      onHeaders() {},
      onMessage: () => call.requestRead(),
    },
  );
  const outcome = caller.start(call);
  call.requestRead();
  const send = (text: string) => call.pushMessage({ bytes: Buffer.from(text), flags: 0, written: undefined });
  return { call, outcome, send };
}

describe('a mirror', () => {
  it('gets a copy of the request, with the suffix -shadow on its authority', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    const metadata = new Metadata();
    metadata.set('x-user', 'anna');
    const { call, outcome } = world.call(world.caller(), { metadata });
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    const [copy] = requestsOf(world, 's');
    expect(copy?.path).toBe('/hello.v1.Hello/Anything');
    expect(copy?.messages.map(String)).toEqual(['hi']);
    expect(copy?.metadata.get('x-user')).toEqual(['anna']);
    expect(copy?.host).toBe('hello-shadow');
    expect(copy?.metadata.get('grpc-timeout')).toEqual(['5000m']);
    expect([call.attempts, call.records, requestsOf(world, 'a').length]).toEqual([1, [], 1]);
    expect(told).toMatchObject([{ state: 'sent', to: { name: 'shadow' }, service: { name: 'hello' } }]);
  });

  it('costs the caller nothing, whatever becomes of the copy', async () => {
    const replies = [
      { kind: 'silence' },
      { kind: 'drop' },
      { kind: 'status', code: status.INTERNAL },
      { kind: 'answer', messages: [], afterMs: 4000 },
    ] as const;
    for (const reply of replies) {
      const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
      world.transport.node('s').script = () => reply;
      const caller = world.caller({ idempotent: true, retries: 3 });
      const { budget } = caller.parts.to;
      const { call, outcome } = world.call(caller);
      const before = budget.available;
      await world.clock.settle();
      expect((await outcome).code).toBe(status.OK);
      expect([call.attempts, call.records]).toEqual([1, []]);
      await world.clock.advance(10_000);
      expect(requestsOf(world, 's')).toHaveLength(1);
      expect(budget.available).toBeCloseTo(before - 0.2, 0);
      world.room.close();
      expect(world.clock.pendingTimers).toBe(0);
    }
  });

  it('of the same service takes nothing of its retry budget, and gives it nothing', async () => {
    const versions = helloSubsets('1', '2');
    const world = await worldWith(
      'mirror: { host: hello, subset: v2 }, route: [{ destination: { host: hello, subset: v1 } }]',
      versions,
    );
    world.registry.show({ name: 'hello' }, [testNode('a'), testNode('v2', { version: '2' })]);
    await world.clock.settle();
    world.transport.node('v2').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const caller = world.caller();
    const { budget } = caller.parts.to;
    const before = budget.available;
    for (let count = 0; count < 10; count++) await world.call(caller).outcome;
    await world.clock.settle();
    expect([requestsOf(world, 'a').length, requestsOf(world, 'v2').length]).toEqual([10, 10]);
    // The ten calls, and not their copies.
    expect(budget.available - before).toBeCloseTo(2);
  });

  it('gets one copy, however often the call is tried', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const { call, outcome } = world.call(world.caller({ retries: 2, backoff: { baseMs: 1 } }));
    await world.clock.advance(100);
    await outcome;
    expect([call.attempts, requestsOf(world, 's').length]).toEqual([3, 1]);
  });

  it('gets none of a call that a fault ends', async () => {
    const abort = 'fault: { abort: { grpcStatus: ABORTED, percentage: { value: 100 } } }';
    const world = await worldWith(`mirror: { host: shadow }, ${abort}, ${TO_HELLO}`);
    await world.call(world.caller()).outcome;
    await world.clock.settle();
    expect([requestsOf(world, 's'), told]).toEqual([[], []]);
  });

  it('that cannot be sent to gets none, and it is told why', async () => {
    const world = await worldWith(`mirror: { host: shadow, subset: v9 }, ${TO_HELLO}`);
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(told).toMatchObject([
      {
        state: 'dropped',
        cause: 'noTarget',
        subset: 'v9',
        details:
          'no DestinationRule defines the subset v9 of shadow that VirtualService hello spec.http[0].mirror sends calls to; define it, or name another',
      },
    ]);
  });

  it('that the registry refuses to look for gets none, and the call goes on', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    const watch = world.registry.watch.bind(world.registry);
    world.registry.watch = (service) => {
      if (service.name === 'shadow') throw new Error('consul is closed');
      return watch(service);
    };
    const { outcome } = world.call(world.caller());
    expect((await outcome).code).toBe(status.OK);
    const stream = openCall(world.caller());
    stream.send('1');
    await world.clock.settle();
    stream.call.endMessages();
    expect((await stream.outcome).code).toBe(status.OK);
    const refused = { state: 'dropped', cause: 'noTarget', details: 'consul is closed' };
    expect(told).toMatchObject([refused, refused]);
  });

  it('carries what the rule makes of the request', async () => {
    const world = await worldWith(
      `mirror: { host: shadow }, rewrite: { uri: /v2.Hello/, authority: "greeter:80" }, match: [{ uri: { prefix: /hello.v1.Hello/ } }], headers: { request: { set: { x-a: b } } }, ${TO_HELLO}`,
    );
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    await outcome;
    const [copy] = requestsOf(world, 's');
    expect([copy?.path, copy?.host, copy?.metadata.get('x-a')]).toEqual([
      '/v2.Hello/Anything',
      'greeter-shadow:80',
      ['b'],
    ]);
  });

  it('gets an idempotency key of its own', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    const { outcome } = world.call(world.caller(), { idempotencyKey: 'order-1' });
    await world.clock.settle();
    await outcome;
    const keys = ['a', 's'].map((id) => requestsOf(world, id)[0]?.metadata.get('idempotency-key'));
    expect(keys).toEqual([['order-1'], ['order-1-shadow']]);
  });
});

describe('copies', () => {
  it('are at most so many at a time, and more are dropped and told of', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    const caller = world.caller();
    for (let count = 0; count < MAX_COPIES + 5; count++) world.call(caller);
    await world.clock.settle();
    expect(requestsOf(world, 's')).toHaveLength(MAX_COPIES);
    expect(told.filter(({ cause }) => cause === 'tooMany')).toHaveLength(5);
    // They end at the deadline of their calls, and leave room.
    await world.clock.advance(5000);
    world.call(caller);
    await world.clock.settle();
    expect(requestsOf(world, 's')).toHaveLength(MAX_COPIES + 1);
    world.room.close();
  });

  it('end when the mesh closes: nothing is left', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(false);
    world.room.close();
    await world.clock.settle();
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('that wait for a node end when the mesh closes, too', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('s').goDown();
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    world.room.close();
    await world.clock.settle();
    expect([requestsOf(world, 's'), world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it('have the time that is left of their call', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    await world.call(world.caller(), { timeoutMs: 300 }).outcome;
    await world.clock.advance(299);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(false);
    await world.clock.advance(1);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(true);
    world.room.close();
  });

  it('of a call without a deadline end five seconds after it at the latest', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller(), {}, 'serverStream');
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    await world.clock.advance(4999);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(false);
    await world.clock.advance(1);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(true);
    world.room.close();
  });

  it('read all that is streamed to them, and throw it away', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    const many = Array.from({ length: 50 }, (_, index) => Buffer.from(String(index)));
    for (const id of ['a', 's']) {
      world.transport.node(id).script = () => ({ kind: 'answer', messages: many });
    }
    const { outcome, messages } = world.call(world.caller(), {}, 'serverStream');
    await world.clock.settle();
    expect([(await outcome).code, messages.length]).toEqual([status.OK, 50]);
    const before = world.clock.pendingTimers;
    world.room.close();
    expect([requestsOf(world, 's')[0]?.cancelled, before]).toEqual([false, 0]);
  });
});

describe('a request stream', () => {
  it('is copied as a whole when it has ended', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    const answer = { kind: 'answer', messages: [Buffer.from('done')] } as const;
    for (const id of ['a', 's']) world.transport.node(id).script = () => answer;
    const { call, outcome, send } = openCall(world.caller());
    for (const text of ['a', 'b', 'c']) {
      send(text);
      await world.clock.settle();
    }
    expect(requestsOf(world, 's')).toEqual([]);
    call.endMessages();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(requestsOf(world, 's')[0]?.messages.map(String)).toEqual(['a', 'b', 'c']);
    world.room.close();
  });

  it('is not copied where it went beyond what is kept, or was answered before its end', async () => {
    const world = await worldWith(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('done')] });
    const large = openCall(world.caller());
    for (let count = 0; count < 3; count++) large.send('x'.repeat(2 ** 20));
    large.call.endMessages();
    await world.clock.settle();
    expect((await large.outcome).code).toBe(status.OK);
    world.transport.node('a').accept = (incoming) => ({
      onRequests: () => incoming.reply({ kind: 'status', code: status.INVALID_ARGUMENT }),
      onDrained() {},
      onGone() {},
    });
    const early = openCall(world.caller({ retries: 0 }));
    early.send('a');
    await world.clock.settle();
    expect((await early.outcome).code).toBe(status.INVALID_ARGUMENT);
    early.call.endMessages();
    await world.clock.settle();
    expect(requestsOf(world, 's')).toEqual([]);
    expect(told.map(({ state, cause }) => [state, cause])).toEqual([
      ['dropped', 'notWhole'],
      ['dropped', 'notWhole'],
    ]);
    world.room.close();
  });
});

describe('of 10,000 calls', () => {
  it('each of two mirrors gets its share, drawn apart', { timeout: 60_000 }, async () => {
    const calls = 10_000;
    const mirrors =
      'mirrors: [{ destination: { host: shadow }, percentage: { value: 30 } }, { destination: { host: other }, percentage: { value: 12.5 } }]';
    const world = await worldWith(`${mirrors}, ${TO_HELLO}`);
    const caller = world.caller();
    for (let made = 0; made < calls; made += 50) {
      const outcomes = Array.from({ length: 50 }, () => world.call(caller).outcome);
      await world.clock.settle();
      await Promise.all(outcomes);
    }
    expect(requestsOf(world, 'a')).toHaveLength(calls);
    expect(requestsOf(world, 's').length).toSatisfy(isWithin(0.3, calls));
    expect(requestsOf(world, 'o').length).toSatisfy(isWithin(0.125, calls));
    expect(told.every(({ state }) => state === 'sent')).toBe(true);
    world.room.close();
  });
});

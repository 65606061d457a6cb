import { Metadata, status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { EventLog } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testNode } from '../testing/index.js';
import { mirroredWorld, openCall, requestsOf } from '../testing/mirrored-world.js';
import { helloSubsets } from '../testing/test-policies.js';
import { isWithin } from '../testing/test-shares.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

const log = new EventLog(events.mirror);
beforeEach(() => log.start());
afterEach(() => log.stop());

describe('a mirror', () => {
  it('gets a copy of the request, with the suffix -shadow on its authority', async () => {
    const world = await mirroredWorld(`mirror: { host: shadow }, ${TO_HELLO}`);
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
    expect(log.events).toMatchObject([{ state: 'sent', to: { name: 'shadow' }, service: { name: 'hello' } }]);
  });

  it('costs the caller nothing, whatever becomes of the copy', async () => {
    const replies = [
      { kind: 'silence' },
      { kind: 'drop' },
      { kind: 'status', code: status.INTERNAL },
      { kind: 'answer', messages: [], afterMs: 4000 },
    ] as const;
    for (const reply of replies) {
      const world = await mirroredWorld(`mirror: { host: shadow }, ${TO_HELLO}`);
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
    const world = await mirroredWorld(
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
    const world = await mirroredWorld(`mirror: { host: shadow }, ${TO_HELLO}`);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    const { call, outcome } = world.call(world.caller({ retries: 2, backoff: { baseMs: 1 } }));
    await world.clock.advance(100);
    await outcome;
    expect([call.attempts, requestsOf(world, 's').length]).toEqual([3, 1]);
  });

  it('gets none of a call that a fault ends', async () => {
    const abort = 'fault: { abort: { grpcStatus: ABORTED, percentage: { value: 100 } } }';
    const world = await mirroredWorld(`mirror: { host: shadow }, ${abort}, ${TO_HELLO}`);
    await world.call(world.caller()).outcome;
    await world.clock.settle();
    expect([requestsOf(world, 's'), log.events]).toEqual([[], []]);
  });

  it('that cannot be sent to gets none, and it is told why', async () => {
    const world = await mirroredWorld(`mirror: { host: shadow, subset: v9 }, ${TO_HELLO}`);
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(log.events).toMatchObject([
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
    const world = await mirroredWorld(`mirror: { host: shadow }, ${TO_HELLO}`);
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
    expect(log.events).toMatchObject([refused, refused]);
  });

  it('carries what the rule makes of the request', async () => {
    const world = await mirroredWorld(
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
    const world = await mirroredWorld(`mirror: { host: shadow }, ${TO_HELLO}`);
    const { outcome } = world.call(world.caller(), { idempotencyKey: 'order-1' });
    await world.clock.settle();
    await outcome;
    const keys = ['a', 's'].map((id) => requestsOf(world, id)[0]?.metadata.get('idempotency-key'));
    expect(keys).toEqual([['order-1'], ['order-1-shadow']]);
  });
});

describe('of 10,000 calls', () => {
  it('each of two mirrors gets its share, drawn apart', { timeout: 60_000 }, async () => {
    const calls = 10_000;
    const mirrors =
      'mirrors: [{ destination: { host: shadow }, percentage: { value: 30 } }, { destination: { host: other }, percentage: { value: 12.5 } }]';
    const world = await mirroredWorld(`${mirrors}, ${TO_HELLO}`);
    const caller = world.caller();
    for (let made = 0; made < calls; made += 50) {
      const outcomes = Array.from({ length: 50 }, () => world.call(caller).outcome);
      await world.clock.settle();
      await Promise.all(outcomes);
    }
    expect(requestsOf(world, 'a')).toHaveLength(calls);
    expect(requestsOf(world, 's').length).toSatisfy(isWithin(0.3, calls));
    expect(requestsOf(world, 'o').length).toSatisfy(isWithin(0.125, calls));
    expect(log.events.every(({ state }) => state === 'sent')).toBe(true);
    world.room.close();
  });
});

import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { retryAlways, retryNever, retrySafely } from '../retry/retry-function.js';
import { INTERNAL, ROUND_ROBIN, worldWith } from '../testing/failing-nodes.js';
import { TestWorld } from '../testing/index.js';

const NOT_FOUND = () => ({ kind: 'status', code: status.NOT_FOUND }) as const;
const DROP = () => ({ kind: 'drop' }) as const;

describe('retries', () => {
  it('go to another node, at once', async () => {
    const world = await worldWith('a', 'b', 'c');
    world.transport.node('a').script = DROP;
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b']);
    expect(world.clock.now()).toBe(0);
  });

  it('are one by default, so that two failures fail the call with both listed', async () => {
    const world = await worldWith('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) world.transport.node(id).script = INTERNAL;
    const { call, outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.INTERNAL);
    expect(world.path).toEqual(['a', 'b']);
    expect(call.records.map(({ node, delivery }) => [node, delivery])).toEqual([
      ['a', 'answered'],
      ['b', 'answered'],
    ]);
  });

  it('tell the server which attempt it is', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = INTERNAL;
    world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    const sent = world.transport.attempts.map(({ metadata }) => metadata.get('grpc-previous-rpc-attempts'));
    expect(sent).toEqual([[], ['1']]);
  });

  it('are not made for business codes', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = NOT_FOUND;
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.NOT_FOUND);
    expect(world.path).toEqual(['a']);
  });

  it('are not made for UNKNOWN, which is what a bug in a handler becomes, unless the method is idempotent', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNKNOWN });
    const caller = world.caller(ROUND_ROBIN);
    const first = world.call(caller);
    await world.clock.settle();
    expect((await first.outcome).code).toBe(status.UNKNOWN);
    world.call(caller);
    await world.clock.settle();
    const third = world.call(caller, { idempotent: true });
    await world.clock.settle();
    expect((await third.outcome).code).toBe(status.OK);
  });

  it('do not count attempts that were provably unsent, while an untried node is left', async () => {
    const world = await worldWith('a', 'b', 'c', 'd');
    for (const id of ['a', 'b', 'c']) world.transport.node(id).script = () => ({ kind: 'refuse' });
    const { call, outcome } = world.call(world.caller({ ...ROUND_ROBIN, retries: 0, retry: retryNever }));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b', 'c', 'd']);
    expect(call.unsentMoves).toBe(3);
  });

  it('follow the retry function, which may name the pause', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = NOT_FOUND;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: async () => ({ afterMs: 70 }) }));
    await world.clock.advance(69);
    expect(world.path).toEqual(['a']);
    await world.clock.advance(1);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b']);
  });

  it('end with what the retry function throws', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = NOT_FOUND;
    const retry = () => {
      throw new Error('cannot decide');
    };
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry }));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.INTERNAL, reason: 'interceptor' });
    expect((await outcome).details).toContain('cannot decide');
  });

  it('never sleep past the deadline: the last failure is told instead', async () => {
    const world = await worldWith('a');
    world.transport.node('a').script = INTERNAL;
    const { outcome } = world.call(world.caller({ retry: () => ({ afterMs: 200 }), timeoutMs: 100 }));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.INTERNAL });
    expect(world.clock.now()).toBe(0);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('cost the budget nothing when they succeed: one node that answers INTERNAL fails no call', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0.1, perSecond: 1 } });
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const caller = world.caller({ strategy: 'round-robin' });
    for (let index = 0; index < 200; index++) {
      const { outcome } = world.call(caller);
      await world.clock.settle();
      expect((await outcome).code).toBe(status.OK);
    }
  });

  it('are bounded by a budget over time', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0, perSecond: 1 } });
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) world.transport.node(id).script = INTERNAL;
    const caller = world.caller();
    for (let index = 0; index < 50; index++) world.call(caller);
    await world.clock.settle();
    expect(world.transport.attempts.length).toBe(50 + 10);
  });

  it('that were paid for and are not wanted after all go back to the budget', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0, perSecond: 0.2 } });
    await world.nodes('a', 'b');
    world.transport.node('a').freeze();
    // Nobody knows beforehand what it will say.
    const caller = world.caller({ ...ROUND_ROBIN, retry: async () => false });
    const { outcome } = world.call(caller);
    await world.clock.advance(1300);
    expect(await outcome).toMatchObject({ reason: 'silent' });
    expect(world.room.services[0]?.budget.available).toBe(2);
  });

  it('carry one idempotency key where one is asked for, drawn anew for each call', async () => {
    const world = await worldWith('a', 'b');
    for (const id of ['a', 'b']) world.transport.node(id).script = INTERNAL;
    const caller = world.caller({ idempotencyKey: true });
    world.call(caller);
    world.call(caller);
    world.call(caller, { idempotencyKey: 'order-17' });
    await world.clock.settle();
    const keys = world.transport.attempts.map(({ metadata }) => metadata.get('idempotency-key')[0]);
    expect(keys).toHaveLength(6);
    expect(new Set(keys).size).toBe(3);
    expect(keys.filter((key) => key === 'order-17')).toHaveLength(2);
  });

  it('of a request stream are made only where nothing can have been acted on', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = DROP;
    const caller = world.caller({ ...ROUND_ROBIN, retry: retryAlways });
    const dropped = world.call(caller, {}, 'clientStream');
    await world.clock.settle();
    expect((await dropped.outcome).code).toBe(status.UNAVAILABLE);
    expect(world.path).toEqual(['a']);
    const idempotent = world.call(caller, { idempotent: true }, 'clientStream');
    await world.clock.settle();
    expect((await idempotent.outcome).code).toBe(status.OK);
  });

  it('with retrySafely leave a request alone that may have been handled', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = DROP;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: retrySafely }));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ reason: 'dropped', delivery: 'unknown' });
    expect(world.path).toEqual(['a']);
  });
});

import { status } from '@grpc/grpc-js';
import type { ServiceNode } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { retryAlways, retryNever, retrySafely } from '../retry/retry-function.js';
import { TestWorld } from '../testing/index.js';
import type { Connection, ConnectionState, Transport } from '../transport/transport.js';

const INTERNAL = () => ({ kind: 'status', code: status.INTERNAL }) as const;
const NOT_FOUND = () => ({ kind: 'status', code: status.NOT_FOUND }) as const;
const DROP = () => ({ kind: 'drop' }) as const;
const ROUND_ROBIN = { strategy: 'round-robin' } as const;

async function worldWith(...ids: string[]): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes(...ids);
  return world;
}

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

describe('a slow attempt of an idempotent method', () => {
  it('gets company on another node when its share of the time is over, and the first answer wins', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('a')], afterMs: 600 });
    world.transport.node('b').script = () => ({ kind: 'answer', messages: [Buffer.from('b')], afterMs: 600 });
    const { outcome, messages } = world.call(
      world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }),
    );
    await world.clock.advance(499);
    expect(world.path).toEqual(['a']);
    await world.clock.advance(1);
    expect(world.path).toEqual(['a', 'b']);
    await world.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(messages.map(String)).toEqual(['a']);
    expect(world.transport.attempts[1]?.cancelled).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is answered from beside a frozen node after half of the deadline', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(500);
    expect((await outcome).code).toBe(status.OK);
    expect(world.clock.now()).toBe(500);
  });

  /** Node `b` is registered, and connects only when the test says so. */
  async function worldWithLateNode() {
    let connect: () => void = () => {};
    const late = (
      node: ServiceNode,
      onState: (state: ConnectionState, cause: string) => void,
    ): Connection => {
      let real: Connection | undefined;
      connect = () => {
        real = world.transport.connect(node, onState);
      };
      return {
        get state() {
          return real?.state ?? 'connecting';
        },
        call(request, listener) {
          if (real === undefined) throw new Error('b is not connected');
          return real.call(request, listener);
        },
        close: () => real?.close(),
      };
    };
    const transport: Transport = {
      secure: false,
      connect: (node, onState) =>
        node.id === 'b' ? late(node, onState) : world.transport.connect(node, onState),
    };
    const world: TestWorld = new TestWorld(1, { transport: () => transport });
    await world.nodes('a', 'b');
    return { world, connect: () => connect() };
  }

  it('that waits for a node when another has the answer does not begin', async () => {
    for (const kind of ['unary', 'serverStream'] as const) {
      const { world, connect } = await worldWithLateNode();
      world.transport.node('a').script = () => ({
        kind: 'answer',
        messages: [Buffer.from('a')],
        afterMs: 700,
      });
      const { outcome } = world.call(
        world.caller({ idempotent: true, waitForReady: true }),
        { timeoutMs: 1000 },
        kind,
      );
      await world.clock.advance(700);
      expect((await outcome).code).toBe(status.OK);
      expect(world.clock.pendingTimers).toBe(0);
      connect();
      await world.clock.settle();
      expect(world.path).toEqual(['a']);
      world.room.close();
    }
  });

  it('is what a deadline ends, also while another waits for a node', async () => {
    const { world } = await worldWithLateNode();
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller({ idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(1000);
    expect(await outcome).toMatchObject({ reason: 'deadline', delivery: 'unknown' });
  });

  it('gets company on a third node where the second turns the request away', async () => {
    const world = await worldWith('a', 'b', 'c');
    world.transport.node('a').script = () => ({ kind: 'silence' });
    world.transport.node('b').script = () => ({ kind: 'refuse' });
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(500);
    expect(world.path).toEqual(['a', 'b', 'c']);
    expect((await outcome).code).toBe(status.OK);
  });
});

describe('a retry function from plain JavaScript', () => {
  it('that says nothing says no', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = INTERNAL;
    const nothing: unknown = () => undefined;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: nothing as () => boolean }));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.INTERNAL);
    expect(world.path).toEqual(['a']);
  });

  it.each(['yes', 1, null, {}])(
    'that gives %j, which is no decision, ends the call with that',
    async (given) => {
      const world = await worldWith('a', 'b');
      world.transport.node('a').script = INTERNAL;
      const wrong: unknown = () => given;
      const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: wrong as () => boolean }));
      await world.clock.settle();
      expect(await outcome).toMatchObject({ reason: 'interceptor' });
      expect((await outcome).details).toContain('which is neither true, false nor { afterMs }');
    },
  );

  it('that gives an impossible pause ends the call with that', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = INTERNAL;
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retry: () => ({ afterMs: Number.NaN }) }));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ reason: 'interceptor' });
    expect((await outcome).details).toContain('afterMs NaN');
  });
});

describe('an idempotent call on the only node', () => {
  it('is not sent to it twice because it is slow', async () => {
    const world = await worldWith('a');
    world.transport.node('a').script = () => ({ kind: 'answer', messages: [Buffer.from('a')], afterMs: 900 });
    const { outcome } = world.call(world.caller({ idempotent: true, timeoutMs: 1000 }));
    await world.clock.advance(900);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a']);
  });
});

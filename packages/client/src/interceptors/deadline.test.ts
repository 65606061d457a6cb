import { status } from '@grpc/grpc-js';
import { createAbortController, type Outcome, runDetached, runInCallContext } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { Attempt as NodeCall } from '../attempt/attempt.js';
import type { AttemptInterceptor, CallInterceptor } from '../chain/chain.js';
import { localOutcome } from '../chain/local-outcome.js';
import { TestWorld } from '../testing/index.js';

const SILENT = () => ({ kind: 'silence' }) as const;

async function silentWorld(): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes('a', 'b');
  for (const id of ['a', 'b']) world.transport.node(id).script = SILENT;
  return world;
}

describe('the deadline', () => {
  it('is five seconds for a unary call where nobody says', async () => {
    const world = await silentWorld();
    const { outcome } = world.call(world.caller());
    await world.clock.advance(5000);
    expect(await outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'deadline' });
    expect(world.transport.attempts.every(({ cancelled }) => cancelled)).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('or a cancellation that comes while a call interceptor is at work lets no attempt begin', async () => {
    const world = await silentWorld();
    const slow: CallInterceptor = (next) => async (call) => {
      await new Promise<void>((resolve) => world.clock.setTimer(100, resolve));
      return next(call);
    };
    const { call, outcome } = world.call(world.caller({ interceptors: { call: [slow] } }));
    await world.clock.advance(50);
    call.stop(localOutcome(status.CANCELLED, 'cancelled', 'unknown', 'Cancelled on client'));
    await world.clock.advance(50);
    expect(world.transport.attempts).toEqual([]);
    expect(await outcome).toMatchObject({ code: status.CANCELLED });
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('is none for a stream where nobody says', async () => {
    const world = await silentWorld();
    const { call } = world.call(world.caller({ timeoutMs: 100 }), {}, 'serverStream');
    await world.clock.advance(3_600_000);
    expect(call.stopped).toBeUndefined();
    world.room.close();
  });

  it('is the smaller of its own and what the call it works for has left', async () => {
    const world = await silentWorld();
    const { signal } = createAbortController();
    const { outcome } = runInCallContext({ deadline: 80, signal, attempt: 1 }, () =>
      world.call(world.caller(), { timeoutMs: 500 }),
    );
    await world.clock.advance(80);
    expect((await outcome).code).toBe(status.DEADLINE_EXCEEDED);
    expect(world.transport.attempts[0]?.metadata.get('grpc-timeout')).toEqual(['80m']);
  });

  it('is not inherited by detached work', async () => {
    const world = await silentWorld();
    const { signal } = createAbortController();
    const { call } = runInCallContext({ deadline: 80, signal, attempt: 1 }, () =>
      runDetached(() => world.call(world.caller(), { timeoutMs: 500 })),
    );
    await world.clock.settle();
    expect(call.deadline).toBe(500);
    world.room.close();
  });

  it('beyond 24.8 days is kept here and not told to the server, which would take it for one that is over', async () => {
    const world = await silentWorld();
    world.call(world.caller(), { timeoutMs: 30 * 86_400_000 });
    await world.clock.settle();
    expect(world.transport.attempts[0]?.metadata.get('grpc-timeout')).toEqual([]);
    world.room.close();
  });
});

describe("a user's code that hangs", () => {
  const hang = () => new Promise<never>(() => {});

  it('as an attempt interceptor ends with the deadline, and its node is free again', async () => {
    for (const interceptor of [
      // Before the attempt, and after it.
      () => hang,
      (next: (attempt: NodeCall) => Promise<Outcome>) => async (attempt: NodeCall) => {
        await next(attempt);
        return hang();
      },
    ]) {
      const world = await silentWorld();
      const caller = world.caller({ interceptors: { attempt: [interceptor] } });
      const { outcome } = world.call(caller, { timeoutMs: 100 });
      await world.clock.advance(100);
      expect(await outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'deadline' });
      expect(world.clock.pendingTimers).toBe(0);
      for (const service of world.room.services) {
        for (const handle of service.nodes.handles) expect(handle.inFlight).toBe(0);
      }
    }
  });

  it('as an attempt interceptor keeps no node when another attempt has the answer', async () => {
    const world = await silentWorld();
    world.transport.node('b').script = ({ messages }) => ({ kind: 'answer', messages });
    const hangOnA: AttemptInterceptor = (next) => (attempt) =>
      next(attempt).then((outcome) => (attempt.node.id === 'a' ? hang() : outcome));
    const caller = world.caller({
      idempotent: true,
      strategy: 'round-robin',
      interceptors: { attempt: [hangOnA] },
    });
    const { outcome } = world.call(caller, { timeoutMs: 1000 });
    await world.clock.advance(600);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b']);
    for (const service of world.room.services) {
      for (const handle of service.nodes.handles) expect(handle.inFlight).toBe(0);
    }
  });

  it('as a retry function ends with the deadline, and with a cancellation', async () => {
    const world = await silentWorld();
    for (const id of ['a', 'b']) world.transport.node(id).script = () => ({ kind: 'status', code: 14 });
    const caller = world.caller({ retry: hang });
    const { outcome } = world.call(caller, { timeoutMs: 100 });
    const controller = new AbortController();
    const cancelled = world.call(caller, { signal: controller.signal });
    await world.clock.settle();
    controller.abort();
    await world.clock.settle();
    expect(await cancelled.outcome).toMatchObject({ code: status.CANCELLED, reason: 'cancelled' });
    await world.clock.advance(100);
    expect(await outcome).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'deadline' });
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('cancellation', () => {
  it('reaches the wire', async () => {
    const world = await silentWorld();
    const controller = createAbortController();
    const { outcome } = world.call(world.caller(), { signal: controller.signal });
    await world.clock.settle();
    controller.abort();
    expect(await outcome).toMatchObject({ code: status.CANCELLED, reason: 'cancelled' });
    expect(world.transport.attempts[0]?.cancelled).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('of the call that it works for ends it too', async () => {
    const world = await silentWorld();
    const controller = createAbortController();
    const context = { deadline: Number.POSITIVE_INFINITY, signal: controller.signal, attempt: 1 };
    const { outcome } = runInCallContext(context, () => world.call(world.caller()));
    await world.clock.settle();
    controller.abort();
    expect((await outcome).details).toBe('the call that this one works for has ended');
  });

  it('wakes the wait for the registry, the wait for a connection and the pause before a retry', async () => {
    const unknown = new TestWorld();
    const down = new TestWorld();
    await down.nodes('a');
    down.transport.node('a').goDown();
    const pausing = new TestWorld();
    await pausing.nodes('a');
    pausing.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const controller = createAbortController();
    const { signal } = controller;
    const outcomes = [
      unknown.call(unknown.caller(), { signal }),
      down.call(down.caller(), { signal }),
      pausing.call(pausing.caller({ retry: () => ({ afterMs: 1000 }) }), { signal }),
    ].map(({ outcome }) => outcome);
    await pausing.clock.settle();
    controller.abort();
    for (const outcome of outcomes) expect((await outcome).code).toBe(status.CANCELLED);
    for (const world of [unknown, down, pausing]) expect(world.clock.pendingTimers).toBe(0);
  });

  it('before the call starts nothing', async () => {
    const world = await silentWorld();
    const { outcome } = world.call(world.caller(), { signal: AbortSignal.abort() });
    expect((await outcome).code).toBe(status.CANCELLED);
    expect(world.transport.attempts).toEqual([]);
  });

  it('by closing the mesh leaves nothing', async () => {
    const world = await silentWorld();
    const caller = world.caller();
    const { outcome } = world.call(caller);
    await world.clock.settle();
    world.room.close();
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE, reason: 'closed' });
    expect(world.clock.pendingTimers).toBe(0);
    expect((await world.call(caller).outcome).reason).toBe('closed');
  });
});

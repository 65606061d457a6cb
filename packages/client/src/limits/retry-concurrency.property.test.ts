import { status } from '@grpc/grpc-js';
import { events, type RetryStopEvent } from '@micromesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScriptedReply, TestWorld } from '../testing/index.js';

const reply: fc.Arbitrary<ScriptedReply> = fc.oneof(
  fc.record({
    kind: fc.constant('answer' as const),
    messages: fc.constant([Buffer.from('x')]),
    afterMs: fc.integer({ min: 0, max: 400 }),
  }),
  fc.record({
    kind: fc.constant('status' as const),
    code: fc.constant(status.UNAVAILABLE),
    afterMs: fc.integer({ min: 0, max: 300 }),
  }),
  fc.constant<ScriptedReply>({ kind: 'refuse' }),
  fc.constant<ScriptedReply>({ kind: 'silence' }),
);

const call = fc.record({
  afterMs: fc.integer({ min: 0, max: 100 }),
  idempotent: fc.boolean(),
  timeoutMs: fc.integer({ min: 10, max: 1500 }),
  cancelAfterMs: fc.option(fc.integer({ min: 0, max: 400 })),
});

describe('a limit of calls that retry at a time', () => {
  it('is never exceeded, whatever nodes do, and comes back with each call', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(reply, { minLength: 1, maxLength: 8 }),
        fc.array(call, { minLength: 1, maxLength: 25 }),
        async (max, replies, calls) => {
          const world = new TestWorld();
          await world.nodes('a', 'b', 'c');
          let next = 0;
          for (const id of ['a', 'b', 'c']) {
            world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
          }
          const caller = world.caller({ retries: 3, maxConcurrentRetries: max });
          const under = caller.parts.to.retryConcurrency;
          const open = new Set<ReturnType<TestWorld['call']>>();
          const retrying = () => [...open].filter(({ call }) => call.attempts - call.unsentMoves > 1).length;
          for (const { afterMs, cancelAfterMs, ...options } of calls) {
            await world.clock.advance(afterMs);
            const controller = new AbortController();
            const made = world.call(caller, { ...options, signal: controller.signal });
            open.add(made);
            void made.outcome.then(() => open.delete(made));
            if (cancelAfterMs !== null) world.clock.setTimer(cancelAfterMs, () => controller.abort());
            await world.clock.settle();
            expect(retrying()).toBeLessThanOrEqual(max);
            expect(under?.running).toBeLessThanOrEqual(max);
            expect(under?.running).toBeGreaterThanOrEqual(retrying());
          }
          await world.clock.advance(5000);
          expect(open.size).toBe(0);
          expect(under?.running).toBe(0);
          world.room.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says why a call was not retried', async () => {
    const stops: RetryStopEvent[] = [];
    const off = events.retryStop.subscribe((event) => stops.push(event));
    const world = new TestWorld();
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE, afterMs: 50 });
    }
    const caller = world.caller({ retries: 1, maxConcurrentRetries: 1 });
    const calls = [world.call(caller), world.call(caller)];
    await world.clock.advance(1000);
    off();
    expect(calls.map(({ call }) => call.attempts)).toEqual([2, 1]);
    expect(stops.map(({ cause }) => cause)).toEqual(['retryConcurrency']);
  });

  it('counts no call that waits for its silent node because the budget lets it go nowhere else', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0, perSecond: 0.1, windowMs: 10_000 } });
    await world.nodes('a', 'b');
    const caller = world.caller({ strategy: 'round-robin', timeoutMs: 60_000, maxConcurrentRetries: 1 });
    const { budget, retryConcurrency } = caller.parts.to;
    expect(budget.tryTake({ paidRetries: 0, extraTaken: false })).toBe(true);
    world.transport.node('a').freeze();
    const waiting = world.call(caller);
    await world.clock.advance(5000);
    expect(waiting.call.attempts).toBe(1);
    expect(retryConcurrency?.running).toBe(0);
    world.room.close();
  });
});

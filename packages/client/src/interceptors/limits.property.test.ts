import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScriptedReply, type TestCall, TestWorld } from '../testing/index.js';

const reply: fc.Arbitrary<ScriptedReply> = fc.oneof(
  fc.record({
    kind: fc.constant('answer' as const),
    messages: fc.constant([Buffer.from('x')]),
    afterMs: fc.integer({ min: 1, max: 500 }),
  }),
  fc.record({
    kind: fc.constant('status' as const),
    code: fc.constantFrom(status.NOT_FOUND, status.UNAVAILABLE),
    afterMs: fc.integer({ min: 1, max: 300 }),
  }),
  fc.constant<ScriptedReply>({ kind: 'silence' }),
  fc.constant<ScriptedReply>({ kind: 'drop', afterMs: 100 }),
);

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      timeoutMs: fc.integer({ min: 1, max: 800 }),
      cancelAfterMs: fc.option(fc.integer({ min: 0, max: 400 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
  },
);

const concurrency = fc.record({
  max: fc.integer({ min: 1, max: 4 }),
  queue: fc.integer({ min: 0, max: 4 }),
  queueTimeoutMs: fc.integer({ min: 1, max: 400 }),
});

interface Watched extends TestCall {
  ended: boolean;
}

describe('whatever nodes do and callers ask', () => {
  it('no more calls are under way or wait than the limits say, and every place comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        concurrency,
        fc.boolean(),
        fc.array(reply, { minLength: 1, maxLength: 8 }),
        fc.array(step, { minLength: 1, maxLength: 40 }),
        async (limit, withBreaker, replies, steps) => {
          const world = new TestWorld();
          await world.nodes('a', 'b', 'c');
          let next = 0;
          for (const id of ['a', 'b', 'c']) {
            world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
          }
          const caller = world.caller({
            retries: 0,
            concurrency: limit,
            breaker: withBreaker ? { consecutiveFailures: 2, openMs: 200 } : false,
          });
          const calls: Watched[] = [];
          const check = () => {
            const open = calls.filter(({ ended }) => !ended);
            const waiting = open.filter(({ call }) => call.attempts === 0);
            expect(open.length - waiting.length).toBeLessThanOrEqual(limit.max);
            expect(waiting.length).toBeLessThanOrEqual(limit.queue);
          };
          for (const each of steps) {
            if (each.do === 'wait') await world.clock.advance(each.ms);
            else {
              const controller = new AbortController();
              const made = world.call(caller, { timeoutMs: each.timeoutMs, signal: controller.signal });
              const watched: Watched = { ...made, ended: false };
              calls.push(watched);
              void made.outcome.then(() => {
                watched.ended = true;
              });
              const { cancelAfterMs } = each;
              if (cancelAfterMs !== null) world.clock.setTimer(cancelAfterMs, () => controller.abort());
              await world.clock.settle();
            }
            check();
          }
          await world.clock.advance(3000);
          expect(calls.every(({ ended }) => ended)).toBe(true);
          // All places are free again: as many as there are get in at once, none waits.
          const all = world.caller({ retries: 0, concurrency: limit });
          const last = Array.from({ length: limit.max }, () => world.call(all));
          await world.clock.settle();
          expect(last.every(({ call }) => call.attempts === 1)).toBe(true);
          world.room.close();
        },
      ),
      { numRuns: 100 },
    );
  });
});

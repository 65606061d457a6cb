import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScriptedReply, type TestCall, TestWorld } from '../testing/index.js';

const IDS = ['a', 'b', 'c', 'd'];

const reply: fc.Arbitrary<ScriptedReply> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      messages: fc.constant([Buffer.from('x')]),
      afterMs: fc.integer({ min: 0, max: 700 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      code: fc.constantFrom(2, 5, 8, 13, 14),
      afterMs: fc.integer({ min: 0, max: 700 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('drop' as const), afterMs: fc.integer({ min: 0, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuse' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'silence' as const }) },
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      idempotent: fc.boolean(),
      retries: fc.integer({ min: 0, max: 3 }),
      timeoutMs: fc.integer({ min: 20, max: 2000 }),
      cancelAfterMs: fc.option(fc.integer({ min: 0, max: 500 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('down' as const, 'up' as const, 'freeze' as const, 'thaw' as const),
      node: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 800 }) }),
  },
);

interface Made {
  readonly test: TestCall;
  readonly idempotent: boolean;
  readonly retries: number;
  readonly deadline: number;
  readonly endedAt: () => number;
}

describe('whatever nodes do and callers ask', () => {
  it('the promises of the chain hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reply, { minLength: 1, maxLength: 12 }),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.integer(),
        async (replies, steps, seed) => {
          const world = new TestWorld(seed);
          let next = 0;
          for (const id of IDS) {
            world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
          }
          const caller = world.caller();
          await world.nodes(...IDS);
          const made: Made[] = [];
          for (const each of steps) {
            if (each.do === 'call') {
              const controller = new AbortController();
              const { idempotent, retries, timeoutMs, cancelAfterMs } = each;
              const deadline = world.clock.now() + timeoutMs;
              const test = world.call(caller, { idempotent, retries, timeoutMs, signal: controller.signal });
              let at = Number.POSITIVE_INFINITY;
              void test.outcome.then(() => {
                at = world.clock.now();
              });
              made.push({ test, idempotent, retries, deadline, endedAt: () => at });
              if (cancelAfterMs !== null) world.clock.setTimer(cancelAfterMs, () => controller.abort());
            } else if (each.do === 'wait') await world.clock.advance(each.ms);
            else {
              const node = world.transport.node(each.node);
              if (each.do === 'down') node.goDown();
              if (each.do === 'up') node.comeBack();
              if (each.do === 'freeze') node.freeze();
              if (each.do === 'thaw') node.thaw();
            }
          }
          await world.clock.advance(5000);
          for (const { test, idempotent, retries, deadline, endedAt } of made) {
            const { call, outcome } = test;
            // Every call ends, and by its deadline.
            expect(await outcome).toBeDefined();
            // Never more attempts than allowed; those that were provably unsent do not count.
            expect(call.attempts - call.unsentMoves).toBeLessThanOrEqual(retries + 1);
            // Nothing after an answer for a method that may not run twice, unless the retry function asked for it.
            if (!idempotent) {
              const answered = call.records.slice(0, -1).filter(({ delivery }) => delivery === 'answered');
              for (const { code } of answered) expect([status.INTERNAL, status.UNAVAILABLE]).toContain(code);
            }
            expect(endedAt()).toBeLessThanOrEqual(deadline);
          }
          // Nothing is left: no attempt in flight on any node, no timer of a call.
          for (const service of world.room.services) {
            for (const handle of service.nodes.handles) expect(handle.inFlight).toBe(0);
          }
          world.room.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('no attempt begins after the deadline, and each is told the time that is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reply, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 5, max: 1500 }),
        fc.boolean(),
        async (replies, timeoutMs, idempotent) => {
          const world = new TestWorld();
          let next = 0;
          for (const id of IDS)
            world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
          const caller = world.caller();
          await world.nodes(...IDS);
          const { outcome } = world.call(caller, { timeoutMs, idempotent, retries: 3 });
          await world.clock.advance(timeoutMs);
          await outcome;
          for (const { at, metadata } of world.transport.attempts) {
            expect(at).toBeLessThan(timeoutMs);
            expect(metadata.get('grpc-timeout')).toEqual([`${Math.ceil(timeoutMs - at)}m`]);
          }
          world.room.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('a call goes to no node twice while one that is up is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom<ScriptedReply>(
            { kind: 'status', code: 13 },
            { kind: 'status', code: 14 },
            { kind: 'refuse' },
          ),
          { minLength: 4, maxLength: 4 },
        ),
        async (replies) => {
          const world = new TestWorld(replies.length);
          let next = 0;
          for (const id of IDS)
            world.transport.node(id).script = () => replies[next++ % replies.length] ?? { kind: 'silence' };
          const caller = world.caller();
          await world.nodes(...IDS);
          const { outcome } = world.call(caller, { retries: 3 });
          await world.clock.advance(5000);
          await outcome;
          expect(new Set(world.path.slice(0, 4)).size).toBe(Math.min(4, world.path.length));
          world.room.close();
        },
      ),
      { numRuns: 50 },
    );
  });
});

import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { AttemptInterceptor } from '../chain/chain.js';
import { TestWorld } from '../testing/index.js';

const RACED = { strategy: 'round-robin', idempotent: true, retries: 1 } as const;

/** Hands an outcome on only after some time, as one that writes a log may. */
function slowly(world: TestWorld, ms: number): AttemptInterceptor {
  return (next) => async (attempt) => {
    const outcome = await next(attempt);
    await new Promise<void>((resolve) => world.clock.setTimer(ms, resolve));
    return outcome;
  };
}

describe('of two attempts that run beside each other', () => {
  it('the failure of one that is told late does not end the call that the other has answered', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    const interceptors = { attempt: [slowly(world, 5)] };
    const caller = world.caller({ ...RACED, hedge: { afterMs: 10 }, interceptors });
    world.transport.node('a').script = () => ({ kind: 'status', code: status.UNAVAILABLE, afterMs: 20 });
    world.transport.node('b').script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 12 });
    const { outcome, messages } = world.call(caller);
    await world.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(messages).toHaveLength(1);
  });

  it.each([
    ['told late', false],
    ['judged late, by a retry function that thinks about it', true],
  ])('the failure of one that is %s does not cut the stream of the other', async (_how, judgedLate) => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    const later = () => new Promise<boolean>((resolve) => world.clock.setTimer(5, () => resolve(false)));
    const caller = world.caller({
      ...RACED,
      ...(judgedLate ? { retry: later } : { interceptors: { attempt: [slowly(world, 5)] } }),
    });
    const code = judgedLate ? status.NOT_FOUND : status.UNAVAILABLE;
    world.transport.node('a').script = () => ({ kind: 'status', code, afterMs: 520 });
    let begun = false;
    world.transport.node('b').accept = (call) => ({
      onRequests() {
        if (begun) return;
        begun = true;
        world.clock.setTimer(22, () => call.sendMessage(Buffer.from('1')));
        world.clock.setTimer(60, () => {
          call.sendMessage(Buffer.from('2'));
          call.sendStatus(status.OK, '', new Metadata());
        });
      },
      onDrained() {},
      onGone() {},
    });
    const { outcome, messages } = world.call(caller, { timeoutMs: 1000 }, 'serverStream');
    await world.clock.advance(900);
    expect((await outcome).code).toBe(status.OK);
    expect(messages.map(String)).toEqual(['1', '2']);
  });
});

describe('an attempt that looks for its node after a loss', () => {
  it('is not joined by another before it has begun: each costs the budget one', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b', 'c', 'd');
    for (const id of ['a', 'b', 'c', 'd']) {
      world.transport.node(id).script = () => ({ kind: 'drop', afterMs: 5 });
    }
    const caller = world.caller({ idempotent: true, retries: 3, hedge: { afterMs: 20 }, timeoutMs: 1000 });
    const { budget } = caller.parts.to;
    const { call, outcome } = world.call(caller);
    const before = budget.available;
    await world.clock.settle();
    for (const id of ['a', 'b', 'c', 'd']) if (id !== world.path[0]) world.transport.node(id).freeze();
    await world.clock.advance(1000);
    expect((await outcome).code).not.toBe(0);
    expect(call.attempts).toBeGreaterThan(2);
    expect(before - budget.available).toBeCloseTo(call.attempts - call.unsentMoves - 1);
  });
});

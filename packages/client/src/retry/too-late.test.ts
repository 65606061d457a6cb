import { status } from '@grpc/grpc-js';
import { events, type RetryStopEvent } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { TestWorld } from '../testing/index.js';

const SLOW = (afterMs: number) => () => ({ kind: 'answer', messages: [Buffer.from('x')], afterMs }) as const;

/** A world whose method has answered so often in so many milliseconds. */
async function worldThatKnows(answers: number, afterMs: number) {
  const world = new TestWorld();
  await world.nodes('a', 'b');
  const caller = world.caller({ strategy: 'round-robin' });
  for (const id of ['a', 'b']) world.transport.node(id).script = SLOW(afterMs);
  for (let index = 0; index < answers; index++) world.call(caller);
  await world.clock.advance(afterMs);
  world.transport.attempts.length = 0;
  return { world, caller };
}

const FAILED = (afterMs: number) => () => ({ kind: 'status', code: status.INTERNAL, afterMs }) as const;

describe('a retry that cannot end before the deadline', () => {
  it('is not started: what is left is below the fastest answers of the method lately', async () => {
    const { world, caller } = await worldThatKnows(10, 100);
    const stops: RetryStopEvent['cause'][] = [];
    const off = events.retryStop.subscribe(({ cause }) => stops.push(cause));
    for (const id of ['a', 'b']) world.transport.node(id).script = FAILED(60);
    const { outcome } = world.call(caller, { timeoutMs: 150 });
    await world.clock.advance(60);
    expect(await outcome).toMatchObject({ code: status.INTERNAL });
    expect(world.path).toHaveLength(1);
    expect(stops).toEqual(['deadline']);
    expect(world.clock.pendingTimers).toBe(0);
    off();
  });

  it('is started where the time is enough', async () => {
    const { world, caller } = await worldThatKnows(10, 80);
    world.transport.node('a').script = FAILED(60);
    const { outcome } = world.call(caller, { timeoutMs: 150 });
    await world.clock.advance(140);
    expect(await outcome).toMatchObject({ code: status.OK });
  });

  it('is started where fewer than ten answers are known, or those were long ago', async () => {
    for (const [answers, sinceMs] of [
      [9, 0],
      [10, 20_000],
    ] as const) {
      const { world, caller } = await worldThatKnows(answers, 100);
      await world.clock.advance(sinceMs);
      for (const id of ['a', 'b']) world.transport.node(id).script = FAILED(60);
      world.call(caller, { timeoutMs: 150 });
      await world.clock.advance(150);
      expect(world.path).toHaveLength(2);
    }
  });

  it('goes elsewhere all the same where it was provably unsent: that is no retry', async () => {
    const { world, caller } = await worldThatKnows(10, 100);
    world.transport.node('a').script = () => ({ kind: 'refuse' });
    world.transport.node('b').script = SLOW(10);
    const { outcome } = world.call(caller, { timeoutMs: 50 });
    await world.clock.advance(10);
    expect(await outcome).toMatchObject({ code: status.OK });
  });

  it('is no reason to give up an attempt on a silent node that may still thaw', async () => {
    const { world, caller } = await worldThatKnows(10, 900);
    const silent = world.transport.node('a');
    silent.freeze();
    world.transport.node('b').script = SLOW(1);
    const { outcome } = world.call(caller, { timeoutMs: 1000 });
    await world.clock.advance(950);
    expect(world.path).toEqual(['a']);
    silent.script = SLOW(0);
    silent.thaw();
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.OK });
  });

  it('costs the budget nothing', async () => {
    const { world, caller } = await worldThatKnows(10, 100);
    const before = world.room.services[0]?.budget.available ?? Number.NaN;
    for (const id of ['a', 'b']) world.transport.node(id).script = FAILED(60);
    world.call(caller, { timeoutMs: 150 });
    await world.clock.advance(60);
    expect(world.room.services[0]?.budget.available).toBeCloseTo(before + 0.2);
  });
});

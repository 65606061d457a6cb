import { status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { EventLog } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_COPIES } from '../mirror/mirror-copies.js';
import { mirroredWorld, openCall, requestsOf } from '../testing/mirrored-world.js';

const MIRRORED = 'mirror: { host: shadow }, route: [{ destination: { host: hello } }]';

const log = new EventLog(events.mirror);
beforeEach(() => log.start());
afterEach(() => log.stop());

describe('copies', () => {
  it('are at most so many at a time, and more are dropped and told of', async () => {
    const world = await mirroredWorld(MIRRORED);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    const caller = world.caller();
    for (let count = 0; count < MAX_COPIES + 5; count++) world.call(caller);
    await world.clock.settle();
    expect(requestsOf(world, 's')).toHaveLength(MAX_COPIES);
    expect(log.events.filter(({ cause }) => cause === 'tooMany')).toHaveLength(5);
    // They end at the deadline of their calls, and leave room.
    await world.clock.advance(5000);
    world.call(caller);
    await world.clock.settle();
    expect(requestsOf(world, 's')).toHaveLength(MAX_COPIES + 1);
    world.room.close();
  });

  it('end when the mesh closes: nothing is left', async () => {
    const world = await mirroredWorld(MIRRORED);
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
    const world = await mirroredWorld(MIRRORED);
    world.transport.node('s').goDown();
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    world.room.close();
    await world.clock.settle();
    expect([requestsOf(world, 's'), world.clock.pendingTimers]).toEqual([[], 0]);
  });

  it.each([
    {
      what: 'have the time that is left of their call',
      kind: 'unary',
      options: { timeoutMs: 300 },
      endsMs: 300,
    },
    {
      what: 'of a call without a deadline end five seconds after it at the latest',
      kind: 'serverStream',
      options: {},
      endsMs: 5000,
    },
  ] as const)('$what', async ({ kind, options, endsMs }) => {
    const world = await mirroredWorld(MIRRORED);
    world.transport.node('s').script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller(), options, kind);
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    await world.clock.advance(endsMs - 1);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(false);
    await world.clock.advance(1);
    expect(requestsOf(world, 's')[0]?.cancelled).toBe(true);
    world.room.close();
  });

  it('read all that is streamed to them, and throw it away', async () => {
    const world = await mirroredWorld(MIRRORED);
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
    const world = await mirroredWorld(MIRRORED);
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
    const world = await mirroredWorld(MIRRORED);
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
    expect(log.events.map(({ state, cause }) => [state, cause])).toEqual([
      ['dropped', 'notWhole'],
      ['dropped', 'notWhole'],
    ]);
    world.room.close();
  });
});

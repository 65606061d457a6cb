import { EventEmitter } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { ActiveCalls } from '../active-calls.js';
import { bindHandlers } from '../bound-handler.js';
import type { CallRoom, Surface } from '../call-room.js';
import { SingleResponseCall } from '../single-response-call.js';
import { LoadLimits } from './load-limits.js';
import { LimitedWorld, SERVICE } from './testing/limited-world.js';

describe('a call of a server', () => {
  const identity = (bytes: Buffer) => bytes;
  const shape = { requestStream: false, responseStream: false };
  const codec = {
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };

  class FakeSurface extends EventEmitter implements Surface {
    readonly metadata = new Metadata();
    getPeer = () => 'nobody';
    getDeadline = () => Number.POSITIVE_INFINITY;
    sendMetadata = () => {};
  }

  function served({ clock, limits: policyLimits }: LimitedWorld, room: Partial<CallRoom> = {}) {
    const ends: (() => void)[] = [];
    const [handler] = bindHandlers({ a: { path: '/h.H/A', ...shape, ...codec } }, { a: identity });
    if (handler === undefined) throw new Error('no handler');
    const whole: CallRoom = {
      service: SERVICE,
      clock,
      logger: silentLogger,
      stalls: { stalls: 0, unsettled: false },
      active: new ActiveCalls(),
      policyLimits,
      serve: () => new Promise((resolve) => ends.push(resolve)),
      ...room,
    };
    const begin = () => {
      const surface = new FakeSurface();
      const codes: number[] = [];
      new SingleResponseCall(whole, handler, surface, undefined, (reply) =>
        codes.push(reply?.code ?? 0),
      ).begin();
      return { surface, codes };
    };
    return { begin, ends, active: whole.active };
  }

  it('counts from its handler on to its end, and frees its place where its caller goes while it waits', async () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 2']);
    const { begin, ends, active } = served(world);
    begin();
    const gone = begin();
    const last = begin();
    expect(begin().codes).toEqual([status.RESOURCE_EXHAUSTED]);
    expect(ends).toHaveLength(1);
    gone.surface.emit('cancelled');
    await world.clock.settle();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await world.clock.settle();
    expect(ends).toHaveLength(2);
    expect(last.codes).toEqual([]);
    ends[1]?.();
    await world.clock.settle();
    expect(active.countByMethod()).toEqual({});
    expect(world.states(1)).toEqual(['passed']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('goes through the limits of the code as well, and leaves both', async () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 2']);
    const limits = new LoadLimits(
      { maxConcurrentCalls: 1, queue: 1 },
      { service: SERVICE, clock: world.clock, random: () => 0 },
    );
    const { begin, ends } = served(world, { limits });
    begin();
    const waits = begin();
    expect(begin().codes).toEqual([status.RESOURCE_EXHAUSTED]);
    waits.surface.emit('cancelled');
    expect(limits.load).toEqual({ atWork: 1, waiting: 0 });
    begin();
    ends[0]?.();
    await world.clock.settle();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await world.clock.settle();
    expect(limits.load).toEqual({ atWork: 0, waiting: 0 });
    expect(world.states(3)).toEqual(['passed', 'passed', 'shed']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('that is cut while it waits is answered, and leaves nothing', async () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 2']);
    const { begin, active, ends } = served(world);
    begin();
    const waits = begin();
    active.cut();
    ends[0]?.();
    await world.clock.settle();
    expect(waits.codes).toEqual([status.UNAVAILABLE]);
    expect(ends).toHaveLength(1);
    expect(active.countByMethod()).toEqual({});
    expect(world.clock.pendingTimers).toBe(0);
  });
});

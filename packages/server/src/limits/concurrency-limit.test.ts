import { status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { EventLog } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LimitedWorld, SERVICE, TWO_A_SECOND } from './testing/limited-world.js';

const log = new EventLog(events.shed);
beforeEach(() => log.start());
afterEach(() => log.stop());

describe('a ConcurrencyLimit of the server', () => {
  it('sheds the next at once, with words, push-back as the load has it, and an event', () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 2']);
    expect(world.states(2)).toEqual(['passed', 'passed']);
    const { state, reply, pushBackMs } = world.apply();
    expect(state).toBe('shed');
    expect(reply).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details:
        'ConcurrencyLimit limit-0: 2 calls of hello are under way (maxConcurrent), and none may wait (maxQueued)',
    });
    expect(pushBackMs).toBe(50);
    expect(log.events).toEqual([{ service: SERVICE, method: '/h.H/A', cause: 'concurrencyLimit' }]);
  });

  it('gives the place of a call that has ended to the first who waits, after a turn of the event loop', async () => {
    const world = new LimitedWorld().set([
      'ConcurrencyLimit',
      'maxConcurrent: 1, maxQueued: 2, queueTimeout: 100ms',
    ]);
    const [first, second, third, fourth] = [world.apply(), world.apply(), world.apply(), world.apply()];
    expect([first, second, third, fourth].map((call) => call?.state)).toEqual([
      'passed',
      'waiting',
      'waiting',
      'shed',
    ]);
    expect(fourth?.reply?.details).toContain('and 2 wait (maxQueued)');
    first?.leave();
    expect(second?.state).toBe('waiting');
    await world.clock.settle();
    expect([second?.state, third?.state]).toEqual(['passed', 'waiting']);
    await world.clock.advance(100);
    expect(third?.reply?.details).toContain('; none ended within 100 ms (queueTimeout)');
    expect(second?.state).toBe('passed');
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('lets nobody begin who has left: neither in the line, nor in the turn before', async () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 3']);
    const [first, gone, next, last] = [world.apply(), world.apply(), world.apply(), world.apply()];
    gone?.leave();
    first?.leave();
    next?.leave();
    await world.clock.settle();
    expect([gone, next, last].map((call) => call?.state)).toEqual(['left', 'left', 'passed']);
    last?.leave();
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.states(1)).toEqual(['passed']);
  });

  it('tells to come back when there may be room, by the rate at which calls end', async () => {
    const world = new LimitedWorld().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 3']);
    let call = world.apply();
    for (let round = 0; round < 100; round++) {
      await world.clock.advance(40);
      call.leave();
      call = world.apply();
    }
    for (let waiting = 0; waiting < 3; waiting++) world.apply();
    const { pushBackMs } = world.apply();
    expect(pushBackMs).toBeGreaterThanOrEqual(150);
    expect(pushBackMs).toBeLessThanOrEqual(1.2 * 4 * 41);
  });

  it('takes no token of a RateLimit where it refuses at once', () => {
    const world = new LimitedWorld().set(
      ['ConcurrencyLimit', 'maxConcurrent: 1'],
      ['RateLimit', TWO_A_SECOND],
    );
    const first = world.apply();
    expect(world.states(3)).toEqual(['shed', 'shed', 'shed']);
    first.leave();
    expect(world.states(1)).toEqual(['passed']);
    expect(log.events.map(({ cause }) => cause)).toEqual([
      'concurrencyLimit',
      'concurrencyLimit',
      'concurrencyLimit',
    ]);
  });
});

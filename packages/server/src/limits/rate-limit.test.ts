import { status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { EventLog } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LimitedWorld, SERVICE, TWO_A_SECOND } from './testing/limited-world.js';

const log = new EventLog(events.shed);
beforeEach(() => log.start());
afterEach(() => log.stop());

describe('a RateLimit of the server', () => {
  it('lets all pass where there are no policies, or none is about the service', () => {
    const world = new LimitedWorld();
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
    world.set(
      ['RateLimit', `methods: [/h.H/B], ${TWO_A_SECOND}`],
      ['RateLimit', `side: client, ${TWO_A_SECOND}`],
    );
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
  });

  it('sheds who comes without a token, with the resource, the time to the next one, and an event', async () => {
    const world = new LimitedWorld().set(['RateLimit', TWO_A_SECOND]);
    await world.clock.advance(0);
    expect(world.states(2)).toEqual(['passed', 'passed']);
    await world.clock.advance(400);
    const { state, reply, pushBackMs } = world.apply();
    expect(state).toBe('shed');
    expect(reply).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details:
        'RateLimit limit-0 lets no further call of hello through now (2 each 1000 ms, 2 at once); come again in 600 ms',
    });
    expect(pushBackMs).toBe(600);
    expect(reply?.metadata.get('x-envoy-ratelimited')).toEqual(['true']);
    expect(log.events).toEqual([{ service: SERVICE, method: '/h.H/A', cause: 'rateLimit' }]);
    await world.clock.advance(600);
    expect(world.states(3)).toEqual(['passed', 'passed', 'shed']);
  });

  it('has a bucket for each value of a header', () => {
    const world = new LimitedWorld().set(['RateLimit', `perHeaders: [x-user], ${TWO_A_SECOND}`]);
    const users = ['a', 'a', 'b', 'a', 'b'];
    expect(users.map((user) => world.apply(user).state)).toEqual([
      'passed',
      'passed',
      'passed',
      'shed',
      'passed',
    ]);
    expect(world.apply('a').reply?.details).toContain('(2 each 1000 ms, 2 at once, for each x-user)');
  });

  it('goes on under a version that leaves it as it was, and ends with its resource', () => {
    const world = new LimitedWorld().set(['RateLimit', TWO_A_SECOND]);
    world.states(2);
    world.set(['RateLimit', TWO_A_SECOND], ['ConcurrencyLimit', 'maxConcurrent: 5']);
    expect(world.states(1)).toEqual(['shed']);
    world.set();
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
  });
});

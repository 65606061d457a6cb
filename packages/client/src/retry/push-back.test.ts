import { Metadata, status } from '@grpc/grpc-js';
import { events, type Outcome, type RetryStopEvent } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttemptInterceptor } from '../chain/chain.js';
import { TestWorld } from '../testing/index.js';
import { call, closeAll, connected, GRPC, serve } from '../testing/raw-server.js';
import { pushBackOf } from './push-back.js';

function failedWith(...values: readonly string[]): Outcome {
  const trailers = new Metadata();
  for (const value of values) trailers.add('grpc-retry-pushback-ms', value);
  const code = status.UNAVAILABLE;
  return { code, details: '', trailers, origin: 'remote', delivery: 'answered', reason: 'none' };
}

/** The servers' last words get these trailers, one list an attempt. */
function pushingBack(...lists: readonly (readonly string[])[]): AttemptInterceptor {
  return (next) => async (attempt) => {
    const outcome = await next(attempt);
    return outcome.code === status.OK
      ? outcome
      : { ...outcome, trailers: failedWith(...(lists[attempt.attempt - 1] ?? [])).trailers };
  };
}

describe('a push-back', () => {
  it('is read as the whole number of milliseconds that it is', () => {
    expect(pushBackOf(failedWith())).toBeUndefined();
    expect(['0', '1', '250', '007', '2147483647'].map((text) => pushBackOf(failedWith(text)))).toEqual([
      0, 1, 250, 7, 2_147_483_647,
    ]);
  });

  it('that is negative, no number, too large, or there twice, wants no retry at all', () => {
    const odd = ['-1', '-0', '', ' 5', '5 ', '+5', '1.5', '1e3', '0x10', 'NaN', 'soon', '2147483648'];
    for (const text of [...odd, '99999999999999999999']) {
      expect(pushBackOf(failedWith(text)), text).toBe('never');
    }
    expect(pushBackOf(failedWith('5', '5'))).toBe('never');
  });
});

describe('a push-back on the wire', () => {
  afterEach(closeAll);

  it.each([
    ['250', 250],
    ['-1', 'never'],
    ['1, 2', 'never'],
    ['soon', 'never'],
  ] as const)('of %j is %j', async (text, expected) => {
    const port = await serve((stream) =>
      stream.respond({ ...GRPC, 'grpc-status': '14', 'grpc-retry-pushback-ms': text }, { endStream: true }),
    );
    expect(pushBackOf(await call(await connected(port)).outcome)).toBe(expected);
  });
});

describe('a call whose server pushes back', () => {
  async function worldPushing(...lists: readonly (readonly string[])[]) {
    const world = new TestWorld();
    await world.nodes('a', 'b', 'c');
    const caller = (code: number = status.UNAVAILABLE, own = {}) => {
      for (const id of ['a', 'b', 'c']) world.transport.node(id).script = () => ({ kind: 'status', code });
      return world.caller({
        strategy: 'round-robin',
        interceptors: { attempt: [pushingBack(...lists)] },
        retries: 2,
        ...own,
      });
    };
    const stops: RetryStopEvent['cause'][] = [];
    const off = events.retryStop.subscribe(({ cause }) => stops.push(cause));
    return { world, caller, stops, off };
  }

  it('pauses for as long as that says, in place of backoff and of what the retry function says', async () => {
    const { world, caller, off } = await worldPushing(['70'], ['0']);
    const { outcome } = world.call(caller(status.UNAVAILABLE, { retry: () => ({ afterMs: 5 }) }));
    await world.clock.advance(69);
    expect(world.path).toEqual(['a']);
    await world.clock.advance(1);
    expect(world.path).toEqual(['a', 'b', 'c']);
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE });
    expect(world.clock.now()).toBe(70);
    off();
  });

  it('ends where the server wants no retry, and says so', async () => {
    const { world, caller, stops, off } = await worldPushing(['-1']);
    const { outcome } = world.call(caller());
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE });
    expect(world.path).toEqual(['a']);
    expect(stops).toEqual(['pushBack']);
    expect(world.room.services[0]?.budget.available).toBeCloseTo(100.2);
    off();
  });

  it('does not pause beyond its deadline: the last failure is told at once', async () => {
    const { world, caller, stops, off } = await worldPushing(['200']);
    const { outcome } = world.call(caller(), { timeoutMs: 200 });
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE });
    expect(world.clock.now()).toBe(0);
    expect(world.clock.pendingTimers).toBe(0);
    expect(stops).toEqual(['deadline']);
    off();
  });

  it('gets no retry by it that its policy would not make', async () => {
    const { world, caller, off } = await worldPushing(['5']);
    const { outcome } = world.call(caller(status.NOT_FOUND));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.NOT_FOUND });
    expect(world.path).toEqual(['a']);
    off();
  });

  it('is retried after RESOURCE_EXHAUSTED with it, and only with it', async () => {
    const { world, caller, off } = await worldPushing(['5'], []);
    const { outcome } = world.call(caller(status.RESOURCE_EXHAUSTED));
    await world.clock.advance(5);
    expect(await outcome).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(world.path).toEqual(['a', 'b']);
    off();
  });

  it('starts no attempt beside those that run, either', async () => {
    for (const [pushBack, expected] of [
      ['-1', ['a', 'b']],
      ['300', ['a', 'b', 'c']],
    ] as const) {
      const { world, caller, off } = await worldPushing([], [pushBack]);
      const made = caller(status.UNAVAILABLE, {
        idempotent: true,
        retry: () => true,
        hedge: { afterMs: 10 },
      });
      world.transport.node('a').script = () => ({ kind: 'silence' });
      world.transport.node('c').script = () => ({ kind: 'silence' });
      const { outcome } = world.call(made, { timeoutMs: 2000 });
      await world.clock.advance(309);
      expect(world.path).toEqual(['a', 'b']);
      await world.clock.advance(1);
      expect(world.path).toEqual(expected);
      await world.clock.advance(2000);
      await outcome;
      expect(world.path).toEqual(expected);
      world.room.close();
      off();
    }
  });
});

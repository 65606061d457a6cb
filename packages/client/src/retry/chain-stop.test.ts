import { Metadata, status } from '@grpc/grpc-js';
import { type Outcome, runDetached, runInCallContext } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../attempt/attempt.js';
import type { Invoke } from '../chain/interceptor.js';
import type { Caller } from '../surface/caller.js';
import { TestWorld } from '../testing/index.js';

const IDS = ['a', 'b', 'c', 'd'];
const PREVIOUS = 'grpc-previous-rpc-attempts';
const DOWN: Outcome = {
  code: status.UNAVAILABLE,
  details: 'down',
  trailers: new Metadata(),
  origin: 'remote',
  delivery: 'answered',
  reason: 'none',
};
const { signal } = new AbortController();

/** Which attempt a server sees. */
function attemptSeen(attempt: Attempt): number {
  return Number(attempt.metadata.get(PREVIOUS)[0] ?? 0) + 1;
}

interface Hop {
  readonly world: TestWorld;
  readonly caller: Caller;
  /** What its servers saw: which attempt each request was. */
  readonly seen: number[];
}

/** A client of four nodes, each of which does `work` for a request, in the context of the server call. */
async function hop(work: Invoke<Attempt>): Promise<Hop> {
  const world = new TestWorld();
  await world.nodes(...IDS);
  const seen: number[] = [];
  const caller = world.caller({
    retries: 3,
    backoff: { baseMs: 0 },
    interceptors: {
      attempt: [
        () => (attempt) => {
          const which = attemptSeen(attempt);
          seen.push(which);
          const { deadline } = attempt.call;
          return runInCallContext({ deadline, signal, attempt: which }, () => work(attempt));
        },
      ],
    },
  });
  return { world, caller, seen };
}

function passOn(next: Hop): Invoke<Attempt> {
  return async () => {
    const outcome = await next.world.call(next.caller).outcome;
    return { ...outcome, origin: 'remote', delivery: 'answered', reason: 'none' };
  };
}

describe('three hops with four tries each', () => {
  it('do not multiply: ten requests reach the last one that always fails, not 64', async () => {
    const third = await hop(() => Promise.resolve(DOWN));
    const second = await hop(passOn(third));
    const first = await hop(passOn(second));
    const { outcome } = first.world.call(first.caller);
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE });
    // The first attempt of each hop is tried four times below; each further one only once.
    expect(first.seen).toEqual([1, 2, 3, 4]);
    expect(second.seen).toEqual([1, 2, 3, 4, 2, 3, 4]);
    expect(third.seen).toEqual([1, 2, 3, 4, 2, 3, 4, 2, 3, 4]);
  });
});

describe('a call that a server makes', () => {
  async function calledWithin(attempt: number, options = {}) {
    const world = new TestWorld();
    await world.nodes('a', 'b', 'c');
    const caller = world.caller({ strategy: 'round-robin', ...options });
    const call = () =>
      runInCallContext({ deadline: Number.POSITIVE_INFINITY, signal, attempt }, () => world.call(caller));
    const previous = () => world.transport.attempts.map(({ metadata }) => metadata.get(PREVIOUS)[0]);
    return { world, caller, call, previous };
  }

  it('while it serves a first attempt is retried as any other', async () => {
    const { world, call, previous } = await calledWithin(1);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const { outcome } = call();
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.OK });
    expect(previous()).toEqual([undefined, '1']);
  });

  it('while it serves a retry gets none of its own, and says below that it is part of one', async () => {
    const { world, call, previous } = await calledWithin(3, { retries: 3, hedge: { afterMs: 0 } });
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const { outcome } = call();
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.INTERNAL });
    expect(previous()).toEqual(['2']);
  });

  it('while it serves a retry still goes elsewhere with what was provably unsent', async () => {
    const { world, call, previous } = await calledWithin(2);
    world.transport.node('a').script = () => ({ kind: 'refuse' });
    const { outcome } = call();
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.OK });
    expect(previous()).toEqual(['1', '1']);
  });

  it('outside of the server call is its own again', async () => {
    const { world, caller, previous } = await calledWithin(2);
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const context = { deadline: Number.POSITIVE_INFINITY, signal, attempt: 2 };
    const { outcome } = runInCallContext(context, () => runDetached(() => world.call(caller)));
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.OK });
    expect(previous()).toEqual([undefined, '1']);
  });

  it('counts no attempt as a previous one that was provably unsent', async () => {
    const { world, call, previous } = await calledWithin(1);
    world.transport.node('a').script = () => ({ kind: 'refuse' });
    world.transport.node('b').script = () => ({ kind: 'status', code: status.INTERNAL });
    const { outcome } = call();
    await world.clock.settle();
    expect(await outcome).toMatchObject({ code: status.OK });
    expect(previous()).toEqual([undefined, undefined, '1']);
  });
});

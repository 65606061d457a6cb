import { status } from '@grpc/grpc-js';
import { type Outcome, seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { RoundRobin } from '@micromesh/selector';
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../attempt/attempt.js';
import type { Call } from '../call/client-call.js';
import { Planner } from '../call/planner.js';
import { LimitRoom } from '../limits/client-limits.js';
import { MirrorCopies } from '../mirror/mirror-copies.js';
import { retryNever, retrySafely } from '../retry/retry-function.js';
import { Roster } from '../roster.js';
import { DestinationLimits } from '../routing/destination-limits.js';
import { Router } from '../routing/router.js';
import { TestWorld } from '../testing/index.js';
import { TestPolicies } from '../testing/test-policies.js';
import { buildChain } from './chain.js';
import type { Invoke } from './interceptor.js';

function nowhere(): never {
  throw new Error('it routes nothing');
}

describe('the chain', () => {
  it('has its layers in this order, outermost first', () => {
    const { names } = buildChain({
      clock: new FakeClock(),
      random: seededRandom(1),
      planner: new Planner({}, new RoundRobin()),
      callInterceptors: [(next) => next, (next) => next],
      attemptInterceptors: [(next) => next],
    });
    expect(names).toEqual([
      'span',
      'call interceptor x 2',
      'plan',
      'deadline',
      'retry',
      'select',
      'lease',
      'attempt span',
      'attempt interceptor x 1',
      'latency',
      'mark',
      'attempt timeout',
      'transport',
    ]);
  });

  it('has limits above retry where a client asks for one, and else none', () => {
    const clock = new FakeClock();
    const room = new LimitRoom(clock, seededRandom(1));
    const parts = {
      clock,
      random: seededRandom(1),
      planner: new Planner({}, new RoundRobin()),
      callInterceptors: [],
      attemptInterceptors: [],
    };
    for (const settings of [{ breaker: {} }, { concurrency: { max: 1 } }]) {
      const limits = room.limitsOf({ name: 'hello' }, settings);
      if (limits === undefined) throw new Error('no limits');
      const { names } = buildChain({ ...parts, limits });
      expect(names.slice(1, 6)).toEqual(['plan', 'deadline', 'limits', 'retry', 'select']);
    }
    expect(room.limitsOf({ name: 'hello' }, { breaker: false, concurrency: false })).toBeUndefined();
    expect(buildChain(parts).names).not.toContain('limits');
  });

  it('has the layers of a rule where there are policies, each at its place, and else none', () => {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const policies = new TestPolicies();
    const router = new Router(policies, nowhere, random, new DestinationLimits(policies));
    const parts = {
      clock,
      random,
      planner: new Planner({}, new RoundRobin()),
      callInterceptors: [],
      attemptInterceptors: [],
    };
    const ofRules = ['fault (call scope)', 'edits', 'mirror', 'destination places', 'fault (attempt scope)'];
    const { names } = buildChain({ ...parts, router, copies: new MirrorCopies(router, new Roster(), clock) });
    const between = ['deadline', 'retry', 'attempt timeout', 'transport'];
    expect(names.filter((name) => [...ofRules, ...between].includes(name))).toEqual([
      'deadline',
      'fault (call scope)',
      'edits',
      'mirror',
      'destination places',
      'retry',
      'attempt timeout',
      'fault (attempt scope)',
      'transport',
    ]);
    expect(names.slice(-2)).toEqual(['fault (attempt scope)', 'transport']);
    expect(buildChain(parts).names.filter((name) => ofRules.includes(name))).toEqual([]);
  });

  it('shows call interceptors the call once, and attempt interceptors each attempt with its node', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'status', code: 13 });
    const seen: string[] = [];
    const caller = world.caller({
      interceptors: {
        call: [
          (next) => (call) => {
            call.metadata.set('x-user', 'u-1');
            seen.push(`call ${call.method.name}`);
            return next(call);
          },
        ],
        attempt: [
          (next) => (attempt) => {
            seen.push(`attempt ${attempt.attempt} on ${attempt.node.id}`);
            return next(attempt);
          },
        ],
      },
      strategy: 'round-robin',
    });
    const { outcome } = world.call(caller);
    await world.clock.settle();
    expect((await outcome).code).toBe(0);
    expect(seen).toEqual(['call Anything', 'attempt 1 on a', 'attempt 2 on b']);
    expect(world.transport.attempts.map(({ metadata }) => metadata.get('x-user'))).toEqual([
      ['u-1'],
      ['u-1'],
    ]);
  });

  it('blames no node for what an interceptor does, and says which one failed', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    const caller = world.caller({
      interceptors: {
        attempt: [
          () =>
            function signer() {
              throw new Error('no key');
            },
        ],
      },
    });
    const { call, outcome } = world.call(caller);
    expect(await outcome).toMatchObject({ code: 13, reason: 'interceptor', origin: 'local' });
    expect((await outcome).details).toContain('no key');
    expect(call.attempts).toBe(1);
    expect(world.transport.attempts).toEqual([]);
  });

  it('sends nothing any more once an interceptor has failed, be there another inside that waits', async () => {
    for (let ticks = 0; ticks < 14; ticks++) {
      const world = new TestWorld();
      await world.nodes('a');
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const interceptors = {
        attempt: [
          (next: Invoke<Attempt>) => (attempt: Attempt) =>
            Promise.race([next(attempt), gate.then(() => Promise.reject(new Error('no time')))]),
          (next: Invoke<Attempt>) => async (attempt: Attempt) => {
            await gate;
            for (let tick = 0; tick < ticks; tick++) await undefined;
            return next(attempt);
          },
        ],
      };
      const { outcome } = world.call(world.caller({ retry: retryNever, interceptors }));
      await world.clock.settle();
      open();
      await world.clock.settle();
      const { reason, delivery } = await outcome;
      if (reason === 'interceptor') {
        expect(delivery === 'unsent' ? [] : world.path).toEqual(world.path);
      }
    }
  });

  it('ends what is inside a call interceptor that has ended the call', async () => {
    const world = new TestWorld();
    const interceptors = {
      call: [
        (next: Invoke<Call>) => (call: Call) =>
          Promise.race([
            next(call),
            new Promise<never>((_, reject) => {
              world.clock.setTimer(5, () => reject(new Error('no patience')));
            }),
          ]),
      ],
    };
    const { call, outcome } = world.call(world.caller({ interceptors }));
    await world.clock.advance(5);
    expect(await outcome).toMatchObject({ reason: 'interceptor', delivery: 'unsent' });
    await world.nodes('a');
    await world.clock.advance(6000);
    expect(call.attempts).toBe(0);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('does not take a request for unsent where an interceptor fails after its answer', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    for (const id of ['a', 'b']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.ABORTED });
    }
    const interceptors = {
      attempt: [
        (next: Invoke<Attempt>) =>
          async function meter(attempt: Attempt): Promise<Outcome> {
            await next(attempt);
            throw new Error('no disk');
          },
      ],
    };
    const { call, outcome } = world.call(world.caller({ retry: retrySafely, interceptors }));
    expect(await outcome).toMatchObject({ reason: 'interceptor', delivery: 'answered' });
    expect(call.attempts).toBe(1);
    expect(world.path).toHaveLength(1);
  });
});

import { EventEmitter } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import { events, type ShedEvent, seededRandom, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { PolicySet, readResources, validate } from '@micromesh/policy';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActiveCalls } from '../active-calls.js';
import { bindHandlers } from '../bound-handler.js';
import type { CallRoom, Surface } from '../call-room.js';
import type { ReplyStatus } from '../reply-status.js';
import { SingleResponseCall } from '../single-response-call.js';
import type { Admission } from './load-limits.js';
import { LoadLimits } from './load-limits.js';
import { type LimitedApplicant, PolicyLimits } from './policy-limits.js';

const SERVICE = { name: 'hello' };

class Call implements LimitedApplicant {
  readonly method = {
    path: '/h.H/A',
    service: 'h.H',
    name: 'A',
    kind: 'unary',
    idempotency: 'unknown',
  } as const;
  readonly metadata: Metadata;
  heldByPolicy: Admission | undefined;
  state: 'waiting' | 'passed' | 'shed' | 'left' = 'waiting';
  reply: ReplyStatus | undefined;
  came = -1;

  constructor(user = '') {
    this.metadata = Metadata.fromHttp2Headers({ 'x-user': user });
  }

  passed() {
    this.state = 'passed';
  }

  shed(reply: ReplyStatus) {
    this.state = 'shed';
    this.reply = reply;
    this.heldByPolicy?.leave();
  }

  leave() {
    this.state = 'left';
    this.heldByPolicy?.leave();
    this.heldByPolicy?.leave();
  }

  get pushBackMs(): number {
    return Number(this.reply?.metadata.get('grpc-retry-pushback-ms')[0]);
  }
}

let clock: FakeClock;
let shed: ShedEvent[];
let off: () => void;

beforeEach(() => {
  clock = new FakeClock();
  shed = [];
  off = events.shed.subscribe((event) => shed.push(event));
});
afterEach(() => off());

class World {
  readonly policies: { current: PolicySet | undefined } = { current: undefined };
  readonly limits: PolicyLimits;

  constructor(seed = 1) {
    this.limits = new PolicyLimits(this.policies, { service: SERVICE, clock, random: seededRandom(seed) });
  }

  set(
    ...specs: readonly (readonly [kind: 'RateLimit' | 'ConcurrencyLimit', spec: string, more?: string])[]
  ): this {
    const text = specs.map(
      ([kind, spec, more = ''], index) =>
        `apiVersion: micromesh.io/v1\nkind: ${kind}\nmetadata: { name: limit-${index}${more} }\nspec: { host: hello, ${spec} }\n`,
    );
    const { resources, problems } = validate(readResources(text.join('---\n'), 'test.yaml').documents);
    expect(problems).toEqual([]);
    this.policies.current = PolicySet.compile(resources, { version: '1', caller: { labels: {} } });
    return this;
  }

  apply(user?: string): Call {
    const call = new Call(user);
    this.limits.apply(call);
    return call;
  }

  states(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.apply().state);
  }
}

const DRY = ', annotations: { micromesh.io/dry-run: "true" }';
const TWO_A_SECOND = 'tokenBucket: { maxTokens: 2, tokensPerFill: 2, fillInterval: 1s }';

describe('a RateLimit of the server', () => {
  it('lets all pass where there are no policies, or none is about the service', () => {
    const world = new World();
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
    world.set(
      ['RateLimit', `methods: [/h.H/B], ${TWO_A_SECOND}`],
      ['RateLimit', `side: client, ${TWO_A_SECOND}`],
    );
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
  });

  it('sheds who comes without a token, with the resource, the time to the next one, and an event', async () => {
    const world = new World().set(['RateLimit', TWO_A_SECOND]);
    await clock.advance(0);
    expect(world.states(2)).toEqual(['passed', 'passed']);
    await clock.advance(400);
    const { state, reply, pushBackMs } = world.apply();
    expect(state).toBe('shed');
    expect(reply).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details:
        'RateLimit limit-0 lets no further call of hello through now (2 each 1000 ms, 2 at once); come again in 600 ms',
    });
    expect(pushBackMs).toBe(600);
    expect(reply?.metadata.get('x-envoy-ratelimited')).toEqual(['true']);
    expect(shed).toEqual([{ service: SERVICE, method: '/h.H/A', cause: 'rateLimit' }]);
    await clock.advance(600);
    expect(world.states(3)).toEqual(['passed', 'passed', 'shed']);
  });

  it('has a bucket for each value of a header', () => {
    const world = new World().set(['RateLimit', `perHeaders: [x-user], ${TWO_A_SECOND}`]);
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
    const world = new World().set(['RateLimit', TWO_A_SECOND]);
    world.states(2);
    world.set(['RateLimit', TWO_A_SECOND], ['ConcurrencyLimit', 'maxConcurrent: 5']);
    expect(world.states(1)).toEqual(['shed']);
    world.set();
    expect(world.states(3)).toEqual(['passed', 'passed', 'passed']);
  });
});

describe('a ConcurrencyLimit of the server', () => {
  it('sheds the next at once, with words, push-back as the load has it, and an event', () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 2']);
    expect(world.states(2)).toEqual(['passed', 'passed']);
    const { state, reply, pushBackMs } = world.apply();
    expect(state).toBe('shed');
    expect(reply).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details:
        'ConcurrencyLimit limit-0: 2 calls of hello are under way (maxConcurrent), and none may wait (maxQueued)',
    });
    expect(pushBackMs).toBe(50);
    expect(shed).toEqual([{ service: SERVICE, method: '/h.H/A', cause: 'concurrencyLimit' }]);
  });

  it('gives the place of a call that has ended to the first who waits, after a turn of the event loop', async () => {
    const world = new World().set([
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
    await clock.settle();
    expect([second?.state, third?.state]).toEqual(['passed', 'waiting']);
    await clock.advance(100);
    expect(third?.reply?.details).toContain('; none ended within 100 ms (queueTimeout)');
    expect(second?.state).toBe('passed');
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets nobody begin who has left: neither in the line, nor in the turn before', async () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 3']);
    const [first, gone, next, last] = [world.apply(), world.apply(), world.apply(), world.apply()];
    gone?.leave();
    first?.leave();
    next?.leave();
    await clock.settle();
    expect([gone, next, last].map((call) => call?.state)).toEqual(['left', 'left', 'passed']);
    last?.leave();
    expect(clock.pendingTimers).toBe(0);
    expect(world.states(1)).toEqual(['passed']);
  });

  it('tells to come back when there may be room, by the rate at which calls end', async () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 3']);
    let call = world.apply();
    for (let round = 0; round < 100; round++) {
      await clock.advance(40);
      call.leave();
      call = world.apply();
    }
    for (let waiting = 0; waiting < 3; waiting++) world.apply();
    const { pushBackMs } = world.apply();
    expect(pushBackMs).toBeGreaterThanOrEqual(150);
    expect(pushBackMs).toBeLessThanOrEqual(1.2 * 4 * 41);
  });

  it('takes no token of a RateLimit where it refuses at once', () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1'], ['RateLimit', TWO_A_SECOND]);
    const first = world.apply();
    expect(world.states(3)).toEqual(['shed', 'shed', 'shed']);
    first.leave();
    expect(world.states(1)).toEqual(['passed']);
    expect(shed.map(({ cause }) => cause)).toEqual([
      'concurrencyLimit',
      'concurrencyLimit',
      'concurrencyLimit',
    ]);
  });
});

describe('a limit in dry-run', () => {
  it('refuses nobody, and tells of each call that it would have refused', () => {
    const told: string[] = [];
    const offDryRun = events.dryRun.subscribe(({ resource, effect, method }) =>
      told.push(`${resource} ${effect} ${method}`),
    );
    const world = new World();
    world.set(
      ['RateLimit', TWO_A_SECOND, DRY],
      ['ConcurrencyLimit', 'maxConcurrent: 2, maxQueued: 1', DRY],
      ['ConcurrencyLimit', 'maxConcurrent: 4'],
    );
    const calls = [1, 2, 3, 4].map(() => world.apply());
    expect(calls.map(({ state }) => state)).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(told).toEqual([
      'RateLimit limit-0 refuse /h.H/A',
      'RateLimit limit-0 refuse /h.H/A',
      'ConcurrencyLimit limit-1 refuse /h.H/A',
    ]);
    expect(world.apply().state).toBe('shed');
    for (const call of calls) call.leave();
    world.set(['ConcurrencyLimit', 'maxConcurrent: 2, maxQueued: 1', DRY]);
    told.length = 0;
    expect(world.states(4)).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(told).toEqual(['ConcurrencyLimit limit-0 refuse /h.H/A']);
    offDryRun();
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps its own count of those that go, also from its line', () => {
    let told = 0;
    const offDryRun = events.dryRun.subscribe(() => told++);
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 1', DRY]);
    for (let round = 0; round < 5; round++) {
      const [first, second] = [world.apply(), world.apply()];
      (round % 2 === 0 ? first : second)?.leave();
      world.apply().leave();
      (round % 2 === 0 ? second : first)?.leave();
    }
    expect(told).toBe(0);
    offDryRun();
  });
});

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

  function served(room: Partial<CallRoom>) {
    const ends: (() => void)[] = [];
    const [handler] = bindHandlers({ a: { path: '/h.H/A', ...shape, ...codec } }, { a: identity });
    if (handler === undefined) throw new Error('no handler');
    const whole: CallRoom = {
      service: SERVICE,
      clock,
      logger: silentLogger,
      stalls: { stalls: 0, unsettled: false },
      active: new ActiveCalls(),
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
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 2']);
    const { begin, ends, active } = served({ policyLimits: world.limits });
    begin();
    const gone = begin();
    const last = begin();
    expect(begin().codes).toEqual([status.RESOURCE_EXHAUSTED]);
    expect(ends).toHaveLength(1);
    gone.surface.emit('cancelled');
    await clock.settle();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await clock.settle();
    expect(ends).toHaveLength(2);
    expect(last.codes).toEqual([]);
    ends[1]?.();
    await clock.settle();
    expect(active.countByMethod()).toEqual({});
    expect(world.states(1)).toEqual(['passed']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes through the limits of the code as well, and leaves both', async () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 2']);
    const limits = new LoadLimits(
      { maxConcurrentCalls: 1, queue: 1 },
      { service: SERVICE, clock, random: () => 0 },
    );
    const { begin, ends } = served({ policyLimits: world.limits, limits });
    begin();
    const waits = begin();
    expect(begin().codes).toEqual([status.RESOURCE_EXHAUSTED]);
    waits.surface.emit('cancelled');
    expect(limits.load).toEqual({ atWork: 1, waiting: 0 });
    begin();
    ends[0]?.();
    await clock.settle();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await clock.settle();
    expect(limits.load).toEqual({ atWork: 0, waiting: 0 });
    expect(world.states(3)).toEqual(['passed', 'passed', 'shed']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that is cut while it waits is answered, and leaves nothing', async () => {
    const world = new World().set(['ConcurrencyLimit', 'maxConcurrent: 1, maxQueued: 2']);
    const { begin, active, ends } = served({ policyLimits: world.limits });
    begin();
    const waits = begin();
    active.cut();
    ends[0]?.();
    await clock.settle();
    expect(waits.codes).toEqual([status.UNAVAILABLE]);
    expect(ends).toHaveLength(1);
    expect(active.countByMethod()).toEqual({});
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('whatever calls do', () => {
  it('no more pass in any window than the bucket allows, no more are at work than may be, and all is given back', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant({ do: 'apply' as const, which: 0 }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(10) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), which: fc.nat(150) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          maxTokens: fc.integer({ min: 1, max: 5 }),
          tokensPerFill: fc.integer({ min: 1, max: 5 }),
          fillMs: fc.integer({ min: 1, max: 200 }),
          maxConcurrent: fc.integer({ min: 1, max: 4 }),
          maxQueued: fc.integer({ min: 1, max: 3 }),
        }),
        fc.array(step, { maxLength: 60 }),
        async ({ maxTokens, tokensPerFill, fillMs, maxConcurrent, maxQueued }, steps) => {
          clock = new FakeClock();
          const world = new World();
          const bucket = `tokenBucket: { maxTokens: ${maxTokens}, tokensPerFill: ${Math.min(tokensPerFill, maxTokens)}, fillInterval: ${fillMs}ms }`;
          world.set(
            ['RateLimit', bucket],
            [
              'ConcurrencyLimit',
              `maxConcurrent: ${maxConcurrent}, maxQueued: ${maxQueued}, queueTimeout: 120ms`,
            ],
          );
          const calls: Call[] = [];
          const open = () => calls.filter(({ state }) => state === 'passed' || state === 'waiting');
          const taken: number[] = [];
          for (const { do: what, which } of steps) {
            if (what === 'apply') {
              const call = world.apply();
              calls.push(call);
              if (call.state !== 'shed') taken.push(clock.now());
            } else if (what === 'wait') await clock.advance(which);
            else open()[which % Math.max(1, open().length)]?.leave();
            const atWork = open().filter(({ state }) => state === 'passed').length;
            expect(atWork).toBeLessThanOrEqual(maxConcurrent);
            expect(open().length - atWork).toBeLessThanOrEqual(maxQueued + maxConcurrent);
          }
          for (const [first, from] of taken.entries()) {
            for (let last = first; last < taken.length; last++) {
              const fills = Math.floor(((taken[last] ?? 0) - from) / fillMs) + 1;
              expect(last - first + 1).toBeLessThanOrEqual(
                maxTokens + Math.min(tokensPerFill, maxTokens) * fills,
              );
            }
          }
          for (const call of open()) call.leave();
          await clock.settle();
          expect(open()).toEqual([]);
          expect(clock.pendingTimers).toBe(0);
          await clock.advance(fillMs * maxTokens);
          const free = Math.min(maxConcurrent, maxTokens);
          expect(world.states(free)).toEqual(Array.from({ length: free }, () => 'passed'));
        },
      ),
      { numRuns: 100 },
    );
  });
});

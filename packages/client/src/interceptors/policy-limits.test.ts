import { Metadata, status } from '@grpc/grpc-js';
import { events, type Outcome, seededRandom } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { LimitCounters } from '@micromesh/policy/limits';
import { RoundRobin } from '@micromesh/selector';
import { describe, expect, it } from 'vitest';
import { Planner } from '../call/planner.js';
import { buildChain } from '../chain/chain.js';
import { LimitRoom } from '../limits/client-limits.js';
import { TestWorld } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';

type Limit = readonly [kind: 'RateLimit' | 'ConcurrencyLimit', spec: string];

function limits(...specs: readonly Limit[]): string {
  return specs
    .map(
      ([kind, spec], index) =>
        `apiVersion: micromesh.io/v1\nkind: ${kind}\nmetadata: { name: limit-${index} }\nspec: { side: client, ${spec} }\n---\n`,
    )
    .join('');
}

const TWO_A_SECOND = 'host: hello, tokenBucket: { maxTokens: 2, tokensPerFill: 2, fillInterval: 1s }';

async function world(text: string, ...nodes: readonly string[]) {
  const policies = new TestPolicies(text);
  const test = new TestWorld(1, { policies });
  await test.nodes(...(nodes.length === 0 ? ['a'] : nodes));
  return { test, policies };
}

async function codes(outcomes: readonly Promise<Outcome>[]): Promise<readonly number[]> {
  return (await Promise.all(outcomes)).map(({ code }) => code);
}

const OK = status.OK;
const REFUSED = status.RESOURCE_EXHAUSTED;

describe('a RateLimit of the client', () => {
  it('refuses a call without a token: finally, with the resource, and with the time to the next', async () => {
    const { test } = await world(limits(['RateLimit', TWO_A_SECOND]), 'a', 'b');
    const caller = test.caller({ retries: 3, retry: () => true });
    expect(await codes([1, 2].map(() => test.call(caller).outcome))).toEqual([OK, OK]);
    await test.clock.advance(300);
    const { call, outcome } = test.call(caller);
    const { details, trailers, ...refused } = await outcome;
    expect(refused).toMatchObject({
      code: REFUSED,
      origin: 'local',
      delivery: 'unsent',
      reason: 'rateLimit',
    });
    expect(details).toBe(
      'RateLimit limit-0 lets no further call of hello through now (2 each 1000 ms, 2 at once); come again in 700 ms',
    );
    expect(trailers.get('grpc-retry-pushback-ms')).toEqual(['700']);
    expect(call.attempts).toBe(0);
    expect(test.path).toHaveLength(2);
    await test.clock.advance(700);
    expect(await codes([1, 2, 3].map(() => test.call(caller).outcome))).toEqual([OK, OK, REFUSED]);
  });

  it('counts a call once, whatever its attempts, and those of all clients together', async () => {
    const { test } = await world(limits(['RateLimit', TWO_A_SECOND]), 'a', 'b');
    test.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const callers = [1, 2, 3].map(() => test.caller({ retries: 1, strategy: 'round-robin' }));
    expect(await codes(callers.map((caller) => test.call(caller).outcome))).toEqual([OK, OK, REFUSED]);
    expect(test.path.length).toBeGreaterThan(2);
  });

  it('looks at the headers that call interceptors set', async () => {
    const { test } = await world(limits(['RateLimit', `perHeaders: [x-user], ${TWO_A_SECOND}`]));
    const callerOf = (user: string) =>
      test.caller({
        interceptors: {
          call: [
            (next) => (call) => {
              call.metadata.set('x-user', user);
              return next(call);
            },
          ],
        },
      });
    const [a, b] = [callerOf('a'), callerOf('b')];
    expect(await codes([a, a, a, b].map((caller) => test.call(caller).outcome))).toEqual([
      OK,
      OK,
      REFUSED,
      OK,
    ]);
    const metadata = Metadata.fromHttp2Headers({ 'x-user': 'c' });
    expect((await test.call(test.caller(), { metadata }).outcome).code).toBe(OK);
  });

  it('is that of the service that a rule sends the call to', async () => {
    const to = (host: string) => helloRules(`{ route: [{ destination: { host: ${host} } }] }`);
    const text = limits(['RateLimit', TWO_A_SECOND.replace('hello', 'other')]);
    const { test, policies } = await world(to('other') + text);
    test.registry.show({ name: 'other' }, [
      {
        id: 'o',
        address: { kind: 'unix', path: '/o' },
        version: '1',
        labels: {},
        weight: 1,
        micromesh: true,
      },
    ]);
    const caller = test.caller();
    expect(await codes([1, 2, 3].map(() => test.call(caller).outcome))).toEqual([OK, OK, REFUSED]);
    policies.set(to('hello') + text);
    expect(await codes([1, 2, 3].map(() => test.call(caller).outcome))).toEqual([OK, OK, OK]);
  });

  it('takes effect for the next call, keeps its count under other versions, and lets go when it is deleted', async () => {
    const { test, policies } = await world('');
    const caller = test.caller();
    const three = () => codes([1, 2, 3].map(() => test.call(caller).outcome));
    expect(await three()).toEqual([OK, OK, OK]);
    policies.set(limits(['RateLimit', TWO_A_SECOND]));
    expect(await three()).toEqual([OK, OK, REFUSED]);
    policies.set(limits(['RateLimit', TWO_A_SECOND], ['ConcurrencyLimit', 'host: user, maxConcurrent: 1']));
    expect(await three()).toEqual([REFUSED, REFUSED, REFUSED]);
    policies.set('');
    expect(await three()).toEqual([OK, OK, OK]);
  });

  it('says nothing of the method to a circuit breaker, and marks no node', async () => {
    const { test } = await world(limits(['RateLimit', TWO_A_SECOND]));
    const caller = test.caller({ breaker: { consecutiveFailures: 1 } });
    for (let round = 0; round < 10; round++) await test.call(caller).outcome;
    await test.clock.advance(1000);
    expect((await test.call(caller).outcome).code).toBe(OK);
    expect(test.room.report()[0]?.nodes.map(({ state }) => state)).toEqual(['ready']);
  });
});

describe('a ConcurrencyLimit of the client', () => {
  it('lets so many be under way, so many wait in the order of coming, and refuses the rest', async () => {
    const { test } = await world(
      limits(['ConcurrencyLimit', 'host: hello, maxConcurrent: 1, maxQueued: 1, queueTimeout: 300ms']),
    );
    const node = test.transport.node('a');
    node.script = () => ({ kind: 'answer', messages: [Buffer.from('hi')], afterMs: 200 });
    const caller = test.caller();
    const calls = [1, 2, 3].map(() => test.call(caller));
    expect(await calls[2]?.outcome).toMatchObject({
      code: REFUSED,
      reason: 'concurrency',
      details:
        'ConcurrencyLimit limit-0: 1 call of hello is under way (maxConcurrent), and 1 wait (maxQueued)',
    });
    await test.clock.advance(100);
    expect(test.path).toHaveLength(1);
    await test.clock.advance(100);
    expect((await calls[0]?.outcome)?.code).toBe(OK);
    expect(test.path).toHaveLength(2);
    node.script = () => ({ kind: 'answer', messages: [Buffer.from('hi')], afterMs: 2000 });
    await test.clock.advance(200);
    expect((await calls[1]?.outcome)?.code).toBe(OK);
    test.call(caller);
    const late = test.call(caller);
    await test.clock.advance(300);
    expect((await late.outcome).details).toBe(
      'ConcurrencyLimit limit-0: 1 call of hello is under way (maxConcurrent); none ended within 300 ms (queueTimeout)',
    );
  });

  it('counts a stream as long as it is open', async () => {
    const { test } = await world(limits(['ConcurrencyLimit', 'host: hello, maxConcurrent: 1']));
    test.transport.node('a').script = () => ({
      kind: 'answer',
      messages: [Buffer.from('1'), Buffer.from('2')],
      afterMs: 500,
    });
    const caller = test.caller();
    const stream = test.call(caller, {}, 'serverStream');
    await test.clock.advance(400);
    expect((await test.call(caller, {}, 'serverStream').outcome).code).toBe(REFUSED);
    await test.clock.advance(2000);
    expect((await stream.outcome).code).toBe(OK);
    const next = test.call(caller, {}, 'serverStream');
    await test.clock.advance(2000);
    expect((await next.outcome).code).toBe(OK);
  });

  it('frees the place in the line of a call that is cancelled, or out of time, and takes no token of one that it refuses at once', async () => {
    const { test } = await world(
      limits(
        ['ConcurrencyLimit', 'host: hello, maxConcurrent: 1, maxQueued: 1, queueTimeout: 10s'],
        ['RateLimit', 'host: hello, tokenBucket: { maxTokens: 4, fillInterval: 1h }'],
      ),
    );
    test.transport.node('a').script = () => ({
      kind: 'answer',
      messages: [Buffer.from('hi')],
      afterMs: 1000,
    });
    const caller = test.caller();
    const first = test.call(caller);
    const controller = new AbortController();
    const cancelled = test.call(caller, { signal: controller.signal });
    expect((await test.call(caller).outcome).reason).toBe('concurrency');
    controller.abort();
    expect((await cancelled.outcome).code).toBe(status.CANCELLED);
    const late = test.call(caller, { timeoutMs: 100 });
    await test.clock.advance(100);
    expect(await late.outcome).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      reason: 'concurrency',
      details: 'Deadline exceeded after 100 ms of waiting for a place under ConcurrencyLimit limit-0',
    });
    const next = test.call(caller);
    await test.clock.advance(900);
    expect((await first.outcome).code).toBe(OK);
    await test.clock.advance(1000);
    expect((await next.outcome).code).toBe(OK);
    expect((await test.call(caller).outcome).reason).toBe('rateLimit');
    test.room.close();
    await test.clock.settle();
    expect(test.clock.pendingTimers).toBe(0);
  });

  it('lets calls that wait end when the mesh is closed', async () => {
    const { test } = await world(
      limits(['ConcurrencyLimit', 'host: hello, maxConcurrent: 1, maxQueued: 5, queueTimeout: 1h']),
    );
    test.transport.node('a').script = () => ({ kind: 'silence' });
    const caller = test.caller();
    const calls = [1, 2, 3].map(() => test.call(caller));
    await test.clock.settle();
    test.room.close();
    expect(await codes(calls.map(({ outcome }) => outcome))).toEqual([14, 14, 14]);
    await test.clock.settle();
    expect(test.clock.pendingTimers).toBe(0);
  });
});

describe('a limit of the client in dry-run', () => {
  it('refuses nobody, and tells of each call that it would have refused', async () => {
    const dry = limits(
      ['RateLimit', TWO_A_SECOND],
      ['ConcurrencyLimit', 'host: hello, maxConcurrent: 1'],
    ).replaceAll(/name: (limit-\d)/g, 'name: $1, annotations: { micromesh.io/dry-run: "true" }');
    const { test } = await world(dry);
    const told: string[] = [];
    const off = events.dryRun.subscribe(({ resource, effect }) => told.push(`${resource} ${effect}`));
    const caller = test.caller();
    for (let call = 0; call < 3; call++) expect((await test.call(caller).outcome).code).toBe(OK);
    expect(told).toEqual(['RateLimit limit-0 refuse']);
    await test.clock.advance(1000);
    expect(await codes([1, 2].map(() => test.call(caller).outcome))).toEqual([OK, OK]);
    expect(told.slice(1)).toEqual(['ConcurrencyLimit limit-1 refuse']);
    off();
  });
});

describe('the chain', () => {
  it('has a layer for them above the limits of the client where there are policies, and else none', () => {
    const clock = new FakeClock();
    const random = seededRandom(1);
    const parts = {
      clock,
      random,
      planner: new Planner({}, new RoundRobin()),
      callInterceptors: [],
      attemptInterceptors: [],
    };
    const limits = new LimitRoom(clock, random).limitsOf({ name: 'hello' }, { breaker: {} });
    const policyLimits = new LimitCounters('client', new TestPolicies(), clock);
    const { names } = buildChain({ ...parts, policyLimits, ...(limits && { limits }) });
    const at = names.indexOf('policy limits');
    expect(names.slice(at - 1, at + 2)).toEqual(['deadline', 'policy limits', 'limits']);
    expect(buildChain(parts).names).not.toContain('policy limits');
  });
});

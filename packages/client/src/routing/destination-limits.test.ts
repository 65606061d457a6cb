import { status } from '@grpc/grpc-js';
import { events } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import { TestWorld } from '../testing/index.js';
import { CLIENT, helloTraffic, NODES, worldUnder } from '../testing/ruled-world.js';
import { TestPolicies } from '../testing/test-policies.js';
import type { ConnectionSettings } from '../transport/transport.js';

const offs: (() => void)[] = [];
afterEach(() => {
  for (const off of offs.splice(0)) off();
});

describe('connections', () => {
  it('wait for the first word of the policies, and are made as they say then', async () => {
    const policies = new TestPolicies();
    let known: () => void = () => {};
    policies.ready = new Promise((resolve) => {
      known = resolve;
    });
    const world = new TestWorld(1, { policies });
    const given: (ConnectionSettings | undefined)[] = [];
    const { connect } = world.transport;
    world.transport.connect = (node, onState, settings?: ConnectionSettings) => {
      given.push(settings);
      return connect.call(world.transport, node, onState);
    };
    world.caller(CLIENT);
    await world.nodes('a');
    expect(given).toEqual([]);
    const pool =
      'tcp: { connectTimeout: 2s }, http: { idleTimeout: 0s, http2KeepAlive: { interval: 30s, timeout: 5s } }';
    policies.set(helloTraffic(`connectionPool: { ${pool} }`));
    policies.ready = undefined;
    known();
    await world.clock.settle();
    expect(given).toMatchObject([
      { connectTimeoutMs: 2000, idleTimeoutMs: 0, keepalive: { intervalMs: 30_000, timeoutMs: 5000 } },
    ]);
    policies.set(helloTraffic('connectionPool: { http: { idleTimeout: 1s } }'));
    await world.nodes('a', 'b');
    expect(given.slice(1)).toEqual([
      { connectTimeoutMs: undefined, idleTimeoutMs: 1000, keepalive: undefined },
    ]);
  });

  it('that cannot be made then say why', async () => {
    const policies = new TestPolicies();
    let known: () => void = () => {};
    policies.ready = new Promise((resolve) => {
      known = resolve;
    });
    const world = new TestWorld(1, { policies });
    world.transport.connect = () => {
      throw new TypeError('Channel options must be an object with string or number values');
    };
    const caller = world.caller(CLIENT);
    await world.nodes('a');
    policies.ready = undefined;
    known();
    await world.clock.settle();
    expect(world.room.report()[0]?.nodes).toMatchObject([
      { id: 'a', state: 'down', cause: 'Channel options must be an object with string or number values' },
    ]);
    const { outcome } = world.call(caller);
    await world.clock.advance(1000);
    expect((await outcome).details).toContain('Channel options must be');
    world.room.close();
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('are not made once the mesh was closed', async () => {
    const policies = new TestPolicies();
    let known: () => void = () => {};
    policies.ready = new Promise((resolve) => {
      known = resolve;
    });
    const world = new TestWorld(1, { policies });
    world.caller(CLIENT);
    await world.nodes('a');
    world.room.close();
    known();
    await world.clock.settle();
    expect(world.room.report()).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('a connection pool', () => {
  const pool = (http: string) => helloTraffic(`connectionPool: { http: { ${http} } }`);

  it('lets so many calls of all clients be under way to the destination, and refuses the others at once', async () => {
    const { world, caller } = await worldUnder(pool('http2MaxRequests: 2'), ['a', 'b']);
    for (const id of ['a', 'b']) world.transport.node(id).script = () => ({ kind: 'silence' });
    const first = [world.call(caller), world.call(world.caller({ ...CLIENT, timeoutMs: 500 }))];
    await world.clock.settle();
    const third = await world.call(caller).outcome;
    expect(third).toMatchObject({ code: status.UNAVAILABLE, reason: 'concurrency', delivery: 'unsent' });
    expect(third.details).toBe(
      '2 calls to hello are under way, and no more may be (DestinationRule hello spec.trafficPolicy.connectionPool.http.http2MaxRequests)',
    );
    expect(world.path).toHaveLength(2);
    await world.clock.advance(500);
    expect((await first[1]?.outcome)?.code).toBe(status.DEADLINE_EXCEEDED);
    world.fail(undefined, 'a', 'b');
    expect((await world.call(caller).outcome).code).toBe(status.OK);
  });

  it('is neither retried nor marked', async () => {
    const { world } = await worldUnder(pool('http2MaxRequests: 1'), ['a', 'b']);
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const caller = world.caller({ ...CLIENT, retries: 3, idempotent: true });
    world.call(caller);
    await world.clock.settle();
    const refused = world.call(caller);
    expect((await refused.outcome).reason).toBe('concurrency');
    expect(refused.call.attempts).toBe(0);
  });

  it('keeps its count across versions that leave it as it was', async () => {
    const { world, caller } = await worldUnder(pool('http2MaxRequests: 1'), ['a']);
    world.transport.node('a').script = () => ({ kind: 'silence' });
    world.call(caller);
    await world.clock.settle();
    world.policies.set(`# a line more\n${pool('http2MaxRequests: 1')}`);
    expect((await world.call(caller).outcome).reason).toBe('concurrency');
    world.policies.set(pool('http2MaxRequests: 2'));
    const { outcome } = world.call(caller);
    await world.clock.advance(1000);
    expect((await outcome).code).toBe(status.DEADLINE_EXCEEDED);
  });

  it('lets so many calls wait where no node is connected', async () => {
    const { world, caller } = await worldUnder(pool('http1MaxPendingRequests: 1'), ['a']);
    world.transport.node('a').goDown();
    await world.clock.settle();
    const first = world.call(caller);
    await world.clock.settle();
    const second = await world.call(caller).outcome;
    expect(second).toMatchObject({ code: status.UNAVAILABLE, reason: 'concurrency' });
    expect(second.details).toMatch(
      /^1 call to hello waits for a connection, and no more may \(DestinationRule hello /,
    );
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect((await first.outcome).code).toBe(status.OK);
    expect((await world.call(caller).outcome).code).toBe(status.OK);
  });

  it('lets so many calls retry at a time', async () => {
    const { world } = await worldUnder(pool('maxRetries: 1'), NODES);
    const caller = world.caller({ ...CLIENT, retries: 1, backoff: { baseMs: 100, maxMs: 100 } });
    const stops: string[] = [];
    offs.push(events.retryStop.subscribe(({ cause }) => stops.push(cause)));
    for (const id of NODES) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE, afterMs: 50 });
    }
    const calls = [world.call(caller), world.call(caller), world.call(caller)];
    await world.clock.advance(500);
    await Promise.all(calls.map(({ outcome }) => outcome));
    expect(calls.map(({ call }) => call.attempts).sort()).toEqual([1, 1, 2]);
    expect(stops).toEqual(['retryConcurrency', 'retryConcurrency']);
  });

  it('costs nothing where no rule is about the service', async () => {
    const { world, caller } = await worldUnder(pool('http2MaxRequests: 1').replaceAll('hello', 'other'));
    const { call, outcome } = world.call(caller);
    await outcome;
    expect(call.to).toBe(caller.parts.to);
  });
});

describe('a retry budget', () => {
  /** So many calls fail at once, each may retry; how many do. */
  async function retriesOf(count: number, block: string): Promise<number> {
    const { world } = await worldUnder(helloTraffic(block));
    const caller = world.caller({ ...CLIENT, retries: 1 });
    for (const id of NODES) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE, afterMs: 10 });
    }
    const calls = Array.from({ length: count }, () => world.call(caller));
    await world.clock.advance(500);
    await Promise.all(calls.map(({ outcome }) => outcome));
    return world.path.length - count;
  }

  // The example of istio/api destination_rule.proto at b8f8791: "a budget of 20% with a minimum retry concurrency of 3 will allow 5 active
  // retries while there are 25 active requests. If there are 2 active requests, there are still 3 active retries allowed".
  it('is a share of the calls under way, and no less than its minimum', async () => {
    // Those that give up are under way no more, and the share of what is left shrinks with them.
    expect(await retriesOf(25, 'retryBudget: { percent: 20, minRetryConcurrency: 3 }')).toBe(5);
    expect(await retriesOf(2, 'retryBudget: { percent: 20, minRetryConcurrency: 3 }')).toBe(2);
    expect(await retriesOf(25, 'retryBudget: { percent: 0, minRetryConcurrency: 1 }')).toBe(1);
    expect(await retriesOf(200, 'retryBudget: { percent: 100 }')).toBe(200);
  });

  it('counts in the place of maxRetries', async () => {
    const block =
      'retryBudget: { percent: 20, minRetryConcurrency: 3 }, connectionPool: { http: { maxRetries: 1 } }';
    expect(await retriesOf(25, block)).toBe(5);
  });
});

import { Metadata, status } from '@grpc/grpc-js';
import { events, type NodeEvent } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientSettings } from '../client-room.js';
import type { Caller } from '../surface/caller.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';
import type { ConnectionSettings } from '../transport/transport.js';

const HELLO = { name: 'hello' };
const NODES = ['a', 'b', 'c', 'd', 'e'];
const CLIENT: ClientSettings = { strategy: 'round-robin', retries: 0, timeoutMs: 1000 };

/** A DestinationRule for `hello`; blocks and subsets are YAML in flow style. */
function helloTraffic(blocks: string, subsets?: string): string {
  const withSubsets = subsets === undefined ? '' : `, subsets: [${subsets}]`;
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: hello }
spec: { host: hello, trafficPolicy: { ${blocks} }${withSubsets} }
---
`;
}

function outlier(own: string): string {
  return helloTraffic(`outlierDetection: { ${own} }`);
}

const offs: (() => void)[] = [];
afterEach(() => {
  for (const off of offs.splice(0)) off();
});

/** What is published of nodes, from now on: `a ejected`. */
function nodeNews(): { readonly said: string[]; readonly events: NodeEvent[] } {
  const news = { said: [] as string[], events: [] as NodeEvent[] };
  offs.push(
    events.node.subscribe((event) => {
      news.events.push(event);
      news.said.push(`${event.nodeId} ${event.state}`);
    }),
  );
  return news;
}

class RuledWorld extends TestWorld {
  readonly policies: TestPolicies;

  constructor(text: string) {
    const policies = new TestPolicies(text);
    super(1, { policies });
    this.policies = policies;
  }

  /** Nodes fail with a status from now on, or do not. */
  fail(code: number | undefined, ...ids: readonly string[]): void {
    for (const id of ids) {
      this.transport.node(id).script = ({ messages }) =>
        code === undefined ? { kind: 'answer', messages } : { kind: 'status', code };
    }
  }

  /** Makes so many calls, one after the other; which nodes they went to. */
  async calls(count: number, caller: Caller): Promise<string> {
    const from = this.path.length;
    for (let made = 0; made < count; made++) {
      const { outcome } = this.call(caller);
      await this.clock.settle();
      await outcome;
    }
    return this.path.slice(from).join('');
  }

  /** The nodes that are out, by name. */
  get out(): string {
    const nodes = this.room.report().flatMap((service) => service.nodes);
    return nodes.flatMap(({ id, state }) => (state === 'ejected' ? [id] : [])).join('');
  }
}

async function worldUnder(text: string, nodes = NODES): Promise<{ world: RuledWorld; caller: Caller }> {
  const world = new RuledWorld(text);
  await world.nodes(...nodes);
  return { world, caller: world.caller(CLIENT) };
}

/** One in five calls goes to `a`, as long as it is in. */
const ROUND = 5;

/**
 * Sources: envoyproxy/envoy source/common/upstream/outlier_detection_impl.cc at 00c7146 (putHttpResponseCode, ejectHost, checkHostForUneject,
 * onIntervalTimer) and docs/root/intro/arch_overview/upstream/outlier.rst; istio/api networking/v1alpha3/destination_rule.proto at b8f8791.
 */
describe('with one of five nodes failing', () => {
  const RULE = 'consecutive5xxErrors: 3, interval: 10s, baseEjectionTime: 30s, maxEjectionPercent: 20';

  /** Since when the node is out, and from which sweep on it is in again; it fails all the time. */
  const STEPS: readonly { readonly at: number; readonly lengthS: number; readonly backAt: number }[] = [
    // base_ejection_time x 1, of 30 s
    { at: 0, lengthS: 30, backAt: 30 },
    // x 2: "for longer and longer periods if they continue to fail"
    { at: 30, lengthS: 60, backAt: 90 },
    { at: 90, lengthS: 90, backAt: 180 },
    { at: 180, lengthS: 120, backAt: 300 },
    { at: 300, lengthS: 150, backAt: 450 },
    { at: 450, lengthS: 180, backAt: 630 },
    { at: 630, lengthS: 210, backAt: 840 },
    { at: 840, lengthS: 240, backAt: 1080 },
    { at: 1080, lengthS: 270, backAt: 1350 },
    { at: 1350, lengthS: 300, backAt: 1650 },
    // max_ejection_time: max(300 s, base_ejection_time)
    { at: 1650, lengthS: 300, backAt: 1950 },
  ];

  it('it goes after exactly consecutive5xxErrors, and for longer each time', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    const { clock } = world;
    world.fail(status.UNAVAILABLE, 'a');
    for (const { at, lengthS, backAt } of STEPS) {
      expect([clock.now() / 1000, world.out]).toEqual([at, '']);
      const path = await world.calls(20 * ROUND, caller);
      expect(path.replaceAll(/[^a]/g, '')).toBe('aaa');
      const [report] = world.room.report()[0]?.nodes ?? [];
      expect(report).toMatchObject({
        id: 'a',
        state: 'ejected',
        untilMs: clock.wallNow() + (backAt - at) * 1000,
      });
      expect(report?.cause).toBe(
        `ejected from hello for ${lengthS * 1000} ms: 3 errors in a row (outlierDetection.consecutive5xxErrors)`,
      );
      await clock.advance((backAt - at) * 1000 - 1);
      expect(world.out).toBe('a');
      await clock.advance(1);
    }
    // In use for a whole interval, again and again: one step less at each sweep, from 11 ejections in a row to 3.
    world.fail(undefined, 'a');
    await clock.advance(80_000);
    world.fail(status.UNAVAILABLE, 'a');
    await world.calls(3 * ROUND, caller);
    expect(world.room.report()[0]?.nodes[0]?.cause).toContain('for 120000 ms');
    world.room.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('fewer failures, or an answer between them, change nothing', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    for (let round = 0; round < 5; round++) {
      world.fail(status.UNAVAILABLE, 'a');
      await world.calls(2 * ROUND, caller);
      world.fail(status.NOT_FOUND, 'a');
      await world.calls(ROUND, caller);
    }
    expect(world.out).toBe('');
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('maxEjectionPercent is kept: a second one stays in as long as the first is out', async () => {
    const { world, caller } = await worldUnder(outlier(RULE));
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(20 * ROUND, caller);
    expect(world.out).toBe('a');
    expect(await world.calls(4, caller)).toContain('b');
    await world.clock.advance(30_000);
    world.fail(undefined, 'a');
    await world.calls(3 * ROUND, caller);
    expect(world.out).toBe('b');
  });

  it('one of five is more than the 10 % that Istio leaves, and nobody goes', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 3'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(20 * ROUND, caller);
    expect(world.out).toBe('');
  });

  it('minHealthPercent is kept: with fewer healthy nodes ejections are not heeded', async () => {
    const text = (percent: number) =>
      outlier(`consecutive5xxErrors: 3, maxEjectionPercent: 100, minHealthPercent: ${percent}`);
    const { world, caller } = await worldUnder(text(60));
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(6 * ROUND, caller);
    expect(world.out).toBe('ab');
    // Three of five are healthy.
    expect(new Set(await world.calls(12, caller))).toEqual(new Set('cde'));
    world.fail(status.INTERNAL, 'c');
    await world.calls(9, caller);
    expect(world.out).toBe('abc');
    expect(new Set(await world.calls(12, caller))).toEqual(new Set('abcde'));
  });
});

describe('outlier detection', () => {
  it.each([
    ['in trailers', 'serverStream' as const],
    ['in headers', 'unary' as const],
  ])('counts a status that arrives %s', async (_, kind) => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 2, maxEjectionPercent: 100'), [
      'a',
      'b',
    ]);
    world.transport.node('a').accept = (incoming) => ({
      onRequests() {
        if (!incoming.halfClosed) return;
        if (kind === 'serverStream') incoming.sendMessage(Buffer.from('part'));
        incoming.sendStatus(status.DATA_LOSS, 'broken', new Metadata());
      },
      onDrained() {},
      onGone() {},
    });
    for (let count = 0; count < 4; count++) {
      const { outcome } = world.call(caller, {}, kind);
      await world.clock.settle();
      await outcome;
    }
    expect(world.out).toBe('a');
  });

  it('counts lost connections and time-outs for itself where they are split', async () => {
    const rule =
      'splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 2, consecutive5xxErrors: 1, maxEjectionPercent: 100';
    const { world, caller } = await worldUnder(outlier(rule), ['a', 'b']);
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const outAfter: string[] = [];
    for (let count = 0; count < 3; count++) {
      const { outcome } = world.call(caller, { timeoutMs: 100 });
      await world.clock.advance(100);
      await outcome;
      outAfter.push(world.out);
    }
    expect([world.path.join(''), outAfter]).toEqual(['aba', ['', '', 'a']]);
    expect(world.room.report()[0]?.nodes[0]?.cause).toMatch(/2 attempts in a row without an answer/);
  });

  it('is in the place of micromesh own, which counts nothing of these calls', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 0'));
    world.transport.node('a').script = () => ({ kind: 'drop' });
    await world.calls(50 * ROUND, caller);
    expect(world.out).toBe('');
    world.policies.set(helloRules('{ route: [{ destination: { host: hello } }] }'));
    await world.calls(10 * ROUND, caller);
    expect(world.out).toBe('a');
  });

  it('leaves alone who is called without it, and what is down is down to all', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 100'), [
      'a',
      'b',
    ]);
    world.fail(status.INTERNAL, 'a');
    await world.calls(2, caller);
    expect(world.out).toBe('a');
    world.transport.node('b').goDown();
    await world.clock.settle();
    // An ejected node is better than one that cannot be reached.
    expect(await world.calls(2, caller)).toBe('aa');
    expect(world.room.report()[0]?.nodes.map(({ state }) => state)).toEqual(['ejected', 'down']);
    const news = nodeNews();
    world.transport.node('a').goDown();
    world.transport.node('a').comeBack();
    await world.clock.settle();
    expect(news.said).toEqual(['a down', 'a ejected']);
  });

  it('is told of by events: when a node goes, and when it is back', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    const news = nodeNews();
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    await world.clock.advance(30_000);
    expect(news.said).toEqual(['a ejected', 'a ready']);
    expect(news.events.map(({ cause }) => cause)).toEqual([
      'ejected from hello for 30000 ms: 1 error (outlierDetection.consecutive5xxErrors)',
      '',
    ]);
  });

  it('is kept across versions that leave it as it was, and begins anew with one that does not', async () => {
    const rule = 'consecutive5xxErrors: 2, maxEjectionPercent: 20';
    const { world, caller } = await worldUnder(outlier(rule));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    world.policies.set(
      `# a line more\n${helloRules('{ timeout: 1s, route: [{ destination: { host: hello } }] }')}${outlier(rule)}`,
    );
    await world.calls(ROUND, caller);
    expect(world.out).toBe('a');
    world.policies.set(outlier(`${rule}, interval: 1s`));
    expect(world.out).toBe('');
    await world.calls(2 * ROUND, caller);
    expect(world.out).toBe('a');
  });

  it('ends with the rule, without a call or a sweep', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    const news = nodeNews();
    world.policies.set(helloRules('{ route: [{ destination: { host: hello } }] }'));
    expect(world.out).toBe('');
    expect(news.said).toEqual(['a ready']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('begins anew with a node that registers anew', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 50'), [
      'a',
      'b',
    ]);
    world.fail(status.INTERNAL, 'a');
    await world.calls(2, caller);
    expect(world.out).toBe('a');
    await world.nodes('b', 'c');
    await world.nodes('a', 'b');
    expect(world.out).toBe('');
  });

  it('is of each subset by itself, and its share is of that', async () => {
    const { world, caller } = await worldUnder(
      helloRules('{ route: [{ destination: { host: hello, subset: v1 } }] }') +
        helloTraffic(
          'outlierDetection: { consecutive5xxErrors: 1, maxEjectionPercent: 50 }',
          '{ name: v1, labels: { version: "1" } }',
        ),
    );
    const versions = { a: '1', b: '1', c: '2', d: '2', e: '2' };
    world.registry.show(
      HELLO,
      Object.entries(versions).map(([id, version]) => testNode(id, { version })),
    );
    world.fail(status.INTERNAL, 'a', 'b');
    await world.calls(10, caller);
    expect(world.out).toBe('a');
    expect(world.room.report()[0]?.nodes[0]?.cause).toMatch(/^ejected from hello subset v1 for/);
  });

  it('is shared by all clients', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 2, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    await world.calls(ROUND, world.caller({ ...CLIENT, timeoutMs: 2000 }));
    expect(world.out).toBe('a');
  });

  it('leaves no timer once all is forgiven', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    world.fail(status.INTERNAL, 'a');
    await world.calls(ROUND, caller);
    expect(world.clock.pendingTimers).toBe(1);
    await world.clock.advance(40_000);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('what an operator does by hand', () => {
  it('is above all: a node that was taken out stays out when its ejection ends', async () => {
    const { world, caller } = await worldUnder(outlier('consecutive5xxErrors: 1, maxEjectionPercent: 20'));
    const [service] = world.room.services;
    const node = [...(service?.nodes.handles ?? [])].find(({ node: { id } }) => id === 'a');
    const untilMs = world.clock.wallNow() + 3_600_000;
    node?.intervene({ nodeId: 'a', who: 'anna', why: 'disk', atMs: world.clock.wallNow(), untilMs });
    world.fail(status.INTERNAL, 'a');
    expect(await world.calls(2 * ROUND, caller)).not.toContain('a');
    expect(world.room.report()[0]?.nodes[0]).toMatchObject({ state: 'ejected', untilMs });
    node?.intervene(undefined);
    expect(await world.calls(2 * ROUND, caller)).toContain('a');
    expect(world.out).toBe('a');
  });
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

import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { ClientRoomParts, ClientSettings } from '../client-room.js';
import { TestWorld, testNode } from '../testing/index.js';
import { helloRules, TestPolicies } from '../testing/test-policies.js';

const TO_HELLO = 'route: [{ destination: { host: hello } }]';

interface Given {
  readonly annotations?: string;
  readonly defaults?: ClientSettings;
  readonly parts?: Partial<ClientRoomParts>;
}

function worldWith(fields: string, { annotations = '', defaults = {}, parts = {} }: Given = {}) {
  const text = helloRules(`{ ${fields}${fields === '' ? '' : ','} ${TO_HELLO} }`);
  const policies = new TestPolicies(
    text.replace('{ name: hello }', `{ name: hello, annotations: { ${annotations} } }`),
  );
  return new TestWorld(1, { policies, defaults, ...parts });
}

describe('retryIgnorePreviousHosts', () => {
  const RETRIES = (own: string) => `retries: { attempts: 3, retryOn: unavailable, backoff: 1ms${own} }`;

  async function visited(own: string) {
    const world = worldWith(RETRIES(own));
    await world.nodes('a', 'b', 'c', 'd');
    for (const id of ['a', 'b', 'c', 'd']) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    }
    const { outcome } = world.call(world.caller(), { hashKey: 'anna' });
    await world.clock.advance(1000);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    return world.path;
  }

  it('sends retries to nodes that were not tried: where it is silent, or true', async () => {
    for (const own of ['', ', retryIgnorePreviousHosts: true']) {
      expect(new Set(await visited(own)).size).toBe(4);
    }
  });

  it('false: a retry goes where any call would go, back to the same node', async () => {
    const path = await visited(', retryIgnorePreviousHosts: false');
    expect(path).toHaveLength(4);
    expect(new Set(path).size).toBe(1);
  });

  it('false: what was provably unsent moves on all the same', async () => {
    const world = worldWith(RETRIES(', retryIgnorePreviousHosts: false'));
    await world.nodes('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) world.transport.node(id).script = () => ({ kind: 'refuse' });
    const { outcome } = world.call(world.caller(), { hashKey: 'anna' });
    await world.clock.advance(5000);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(new Set(world.path.slice(0, 3)).size).toBe(3);
    // Four rounds of three nodes at most: it ends.
    expect(world.path.length).toBeLessThanOrEqual(12);
  });
});

describe('retryRemoteLocalities', () => {
  const RETRIES = (own: string) => `retries: { attempts: 1, retryOn: unavailable, backoff: 1ms${own} }`;

  /** How many of 50 retries went to another zone: one of three near nodes is down, so that 7 in 100 calls spill over. */
  async function left(own: string) {
    const world = worldWith(RETRIES(own), {
      defaults: { filter: { locality: 'prefer' } },
      parts: { callerLabels: { zone: 'a' }, budget: { ratio: 1, perSecond: 1000 } },
    });
    const near = ['n1', 'n2', 'n3', 'n4'].map((id) => testNode(id, { labels: { zone: 'a' } }));
    const far = ['f1', 'f2', 'f3', 'f4'].map((id) => testNode(id, { labels: { zone: 'b' } }));
    world.registry.show({ name: 'hello' }, [...near, ...far]);
    for (const id of ['n3', 'n4']) world.transport.node(id).goDown();
    for (const { id } of [...near, ...far]) {
      world.transport.node(id).script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    }
    await world.clock.settle();
    const caller = world.caller();
    await world.clock.settle();
    const calls = Array.from({ length: 100 }, () => world.call(caller));
    await world.clock.advance(1000);
    await Promise.all(calls.map(({ outcome }) => outcome));
    const second = calls.map(({ call }) => call.records[1]?.node ?? '');
    expect(second.every((id) => id !== '')).toBe(true);
    return second.filter((id) => id.startsWith('f')).length;
  }

  it('silent or false: a retry keeps to the locality while a node is left there', async () => {
    expect(await left('')).toBe(0);
    expect(await left(', retryRemoteLocalities: false')).toBe(0);
  });

  it('true: a retry goes where any call may go', async () => {
    expect(await left(', retryRemoteLocalities: true')).toBeGreaterThan(0);
  });

  it('false: leaves the locality rather than go back to a node that has failed the call', async () => {
    const world = worldWith(RETRIES(''), {
      defaults: { filter: { locality: 'prefer' } },
      parts: { callerLabels: { zone: 'a' } },
    });
    world.registry.show({ name: 'hello' }, [
      testNode('n', { labels: { zone: 'a' } }),
      testNode('f', { labels: { zone: 'b' } }),
    ]);
    world.transport.node('n').script = () => ({ kind: 'status', code: status.UNAVAILABLE });
    await world.clock.settle();
    const { outcome } = world.call(world.caller());
    await world.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['n', 'f']);
  });
});

describe('the annotation hedge', () => {
  const HEDGE = { annotations: 'micromesh.io/hedge: 50ms' };

  async function hedged(given: Given, settings: ClientSettings, fields = '') {
    const world = worldWith(fields, given);
    await world.nodes('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) world.transport.node(id).script = () => ({ kind: 'silence' });
    const { call } = world.call(world.caller(settings), { timeoutMs: 1000 });
    await world.clock.advance(50);
    const { attempts, plan } = call;
    world.room.close();
    return { attempts, hedge: plan.hedge, retries: plan.retries };
  }

  it('starts another attempt beside one that takes so long, where the method is idempotent', async () => {
    expect(await hedged(HEDGE, { idempotent: true })).toEqual({
      attempts: 2,
      hedge: { afterMs: 50 },
      retries: 1,
    });
    expect(await hedged(HEDGE, {})).toMatchObject({ attempts: 1, hedge: false });
  });

  it('gives an attempt for it where nobody has said how many there are', async () => {
    const none = { ...HEDGE, defaults: { retries: 0 } };
    expect(await hedged(none, { idempotent: true })).toMatchObject({ attempts: 2, retries: 1 });
  });

  it('stays within the retries that code or the rule say', async () => {
    expect(await hedged(HEDGE, { idempotent: true, retries: 0 })).toMatchObject({ attempts: 1, retries: 0 });
    const off = 'retries: { attempts: 0 }';
    expect(await hedged(HEDGE, { idempotent: true }, off)).toMatchObject({ attempts: 1, retries: 0 });
  });

  it('is nothing where the code says when to hedge, or not to', async () => {
    const own = await hedged(HEDGE, { idempotent: true, hedge: { afterMs: 20 } });
    expect(own.hedge).toEqual({ afterMs: 20 });
    expect(await hedged(HEDGE, { idempotent: true, hedge: false })).toMatchObject({ attempts: 1 });
    const mesh = { ...HEDGE, defaults: { hedge: { afterMs: 20 } } };
    expect((await hedged(mesh, { idempotent: true })).hedge).toEqual({ afterMs: 50 });
  });

  it('may be a percentile of what the method takes', async () => {
    const p95 = await hedged({ annotations: 'micromesh.io/hedge: p95' }, { idempotent: true });
    expect(p95.hedge).toEqual({ atPercentile: 0.95 });
  });
});

describe('the annotation adaptive-attempt-timeout', () => {
  const ADAPTIVE = { annotations: 'micromesh.io/adaptive-attempt-timeout: "true"' };

  /** A world that knows that the method takes 20 ms, and in which it now takes very long. */
  async function slowed(answers: number, settings: ClientSettings, given: Given = ADAPTIVE, knownMs = 20) {
    const world = worldWith('', given);
    await world.nodes('a', 'b');
    const takes = (afterMs: number) => {
      for (const id of ['a', 'b']) {
        world.transport.node(id).script = () => ({ kind: 'answer', messages: [], afterMs });
      }
    };
    takes(knownMs);
    const caller = world.caller(settings);
    const known = Array.from({ length: answers }, () => world.call(caller).outcome);
    await world.clock.advance(knownMs);
    await Promise.all(known);
    takes(1500);
    const { call, outcome } = world.call(caller);
    return { world, call, outcome };
  }

  it('cuts an attempt at twice the 99th percentile lately, and the last one not', async () => {
    const { world, call, outcome } = await slowed(20, { idempotent: true });
    await world.clock.advance(39);
    expect(call.attempts).toBe(1);
    // Buckets are 9 % wide.
    await world.clock.advance(6);
    expect(call.attempts).toBe(2);
    expect(call.records[0]).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'attemptTimeout' });
    expect(call.records[0]?.detail).toMatch(/^no answer within 4\d ms, twice what all but 1 % /);
    await world.clock.advance(1500);
    expect((await outcome).code).toBe(status.OK);
  });

  it('is at least 10 ms', async () => {
    const { world, call } = await slowed(20, { idempotent: true }, ADAPTIVE, 1);
    await world.clock.advance(9);
    expect(call.attempts).toBe(1);
    await world.clock.advance(1);
    expect(call.attempts).toBe(2);
    world.room.close();
  });

  it.each([
    ['fewer than 20 answers are known', 19, { idempotent: true }],
    ['a second execution might do harm', 20, {}],
    ['no other attempt may follow', 20, { idempotent: true, retries: 0 }],
  ])('does nothing where %s', async (_, answers, settings) => {
    const { world, call } = await slowed(answers, settings);
    await world.clock.advance(1000);
    expect(call.attempts).toBe(1);
    world.room.close();
  });

  it('only lowers a time-out that is there', async () => {
    const { world, call } = await slowed(20, { idempotent: true, attemptTimeoutMs: 30 });
    await world.clock.advance(30);
    expect(call.records[0]?.detail).toBe('no answer within attemptTimeoutMs 30');
    world.room.close();
  });
});

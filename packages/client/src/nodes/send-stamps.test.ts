import { Metadata, status } from '@grpc/grpc-js';
import { CAME_LATE, SENT_AT } from '@micromesh/core';
import { describe, expect, it } from 'vitest';
import { retryAlways, retrySafely } from '../retry/retry-function.js';
import { type NodeScript, TestWorld, testNode } from '../testing/index.js';

const stampOf = (metadata: Metadata) => String(metadata.get(SENT_AT)[0] ?? '');
const seriesOf = (metadata: Metadata) => stampOf(metadata).split(' ')[0] ?? '';

function refusal(series: string): Metadata {
  const trailers = new Metadata();
  trailers.set(CAME_LATE, series);
  return trailers;
}

/** Refuses the first `times` requests as late, and takes the others. */
function refuseLate(times: number, say = seriesOf): NodeScript {
  let left = times;
  return ({ metadata, messages }) => {
    if (left-- <= 0) return { kind: 'answer', messages };
    return { kind: 'status', code: status.UNAVAILABLE, trailers: refusal(say(metadata)) };
  };
}

describe('an attempt that its server has not begun because it came late', () => {
  it('is made once more, and is no retry: not to the budget, and not to `retries`', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    world.transport.node('a').script = refuseLate(2);
    const { call, outcome } = world.call(world.caller({ retries: 0, retry: retrySafely }));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(3);
    expect(call.paidRetries).toBe(0);
    expect(call.records[0]).toMatchObject({ reason: 'late', delivery: 'unsent' });
  });

  it('has not tried its node: where the other one fails, the retry goes there', async () => {
    const ways = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const world = new TestWorld(seed);
      await world.nodes('a', 'b');
      world.transport.node('a').script = refuseLate(1);
      world.transport.node('b').script = () => ({ kind: 'status', code: status.INTERNAL });
      const { call, outcome } = world.call(world.caller({ retries: 1, retry: retryAlways }));
      await world.clock.advance(1000);
      const { code } = await outcome;
      const records = call.records.map(({ node, reason }) => `${node} ${reason}`);
      ways.add(`${records.join(', ')}: ${status[code]}`);
    }
    expect([...ways].sort()).toEqual(['a late, b none: OK', 'b none, a late: OK']);
  });

  const INTERNAL: NodeScript = () => ({ kind: 'status', code: status.INTERNAL });
  const failsOnce = (then: NodeScript): NodeScript => {
    let left = 1;
    return (request) => (left-- > 0 ? INTERNAL(request) : then(request));
  };
  const late = () => refuseLate(Number.POSITIVE_INFINITY);

  it.each<[string, Record<'a' | 'b', NodeScript>, object]>([
    ['both others are late', { a: late(), b: late() }, { hashKey: 'k4' }],
    ['both others are late, for another key', { a: late(), b: late() }, { hashKey: 'k5' }],
    ['one other fails and one is late', { a: failsOnce(late()), b: late() }, { retries: 1 }],
    [
      'both others fail, and one is late then',
      { a: failsOnce(late()), b: failsOnce(late()) },
      { retries: 2 },
    ],
  ])('asks each other node before it asks one again: %s', async (_, scripts, options) => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = new TestWorld(seed);
      await world.nodes('a', 'b', 'c');
      for (const id of ['a', 'b'] as const) world.transport.node(id).script = scripts[id];
      const { outcome } = world.call(world.caller({ retry: retryAlways }), options);
      await world.clock.advance(1000);
      expect((await outcome).code, world.path.join('')).toBe(status.OK);
    }
  });

  it('does not count against its node', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b', 'c');
    world.transport.node('a').script = refuseLate(20);
    const caller = world.caller({ strategy: 'round-robin' });
    for (let index = 0; index < 60; index++) {
      world.call(caller);
      await world.clock.settle();
    }
    expect(world.path.filter((id) => id === 'a')).toHaveLength(20);
  });

  it('begins a new series, so that no later one is late for the same reason', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    world.transport.node('a').script = refuseLate(1);
    const caller = world.caller();
    world.call(caller);
    await world.clock.settle();
    world.call(caller);
    await world.clock.settle();
    const [first, second, third] = world.transport.attempts.map(({ metadata }) => seriesOf(metadata));
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });

  it('is not taken for one where a handler passes on what another server has said', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    world.transport.node('a').script = refuseLate(9, () => 'somebody-elses');
    world.transport.node('b').script = refuseLate(9, () => 'somebody-elses');
    const { call, outcome } = world.call(world.caller());
    await world.clock.advance(5000);
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(call.unsentMoves).toBe(0);
  });
});

describe('when an attempt leaves', () => {
  it('is said of what must not run twice', async () => {
    const world = new TestWorld();
    await world.nodes('a');
    await world.clock.advance(1234.5);
    world.call(world.caller());
    await world.clock.settle();
    const at = Math.floor(world.clock.now());
    expect(world.transport.attempts.map(({ metadata }) => stampOf(metadata))).toEqual([
      expect.stringMatching(new RegExp(`^\\S{8} ${at}$`)),
    ]);
  });

  it.each(['an idempotent call', 'a stream of requests', 'a call to a server that is not of micromesh'])(
    'is not said of %s',
    async (kind) => {
      const world = new TestWorld();
      const toPlain = kind.endsWith('micromesh');
      world.registry.show({ name: 'hello' }, [testNode('a', { micromesh: !toPlain })]);
      await world.clock.settle();
      const streams = kind.startsWith('a stream');
      world.call(
        world.caller(),
        { idempotent: kind.startsWith('an idem') },
        streams ? 'clientStream' : 'unary',
      );
      await world.clock.settle();
      expect(world.transport.attempts.map(({ metadata }) => stampOf(metadata))).toEqual(['']);
    },
  );
});

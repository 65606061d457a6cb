import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { retrySafely } from '../retry/retry-function.js';
import { TestWorld, testNode } from '../testing/index.js';

const ROUND_ROBIN = { strategy: 'round-robin' } as const;

async function worldWith(...ids: string[]): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes(...ids);
  return world;
}

describe('a silent attempt', () => {
  it('of a node that lives is left alone: one attempt, success', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = () => ({
      kind: 'answer',
      messages: [Buffer.from('slow')],
      afterMs: 3000,
    });
    const { call, outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.advance(3000);
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(1);
    expect(world.transport.questions).toBeGreaterThan(0);
  });

  it('of a frozen node goes elsewhere, with all others that wait there, after one question each', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller(ROUND_ROBIN);
    const calls = [world.call(caller), world.call(caller), world.call(caller), world.call(caller)];
    await world.clock.advance(250);
    expect(world.transport.questions).toBe(1);
    await world.clock.advance(1000);
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'b', 'a', 'b', 'b', 'b']);
    // One to the frozen node, and one to that which gets its calls.
    expect(world.transport.questions).toBe(2);
    expect(calls[0]?.call.records[0]).toMatchObject({ node: 'a', reason: 'silent', delivery: 'unknown' });
  });

  it('of a frozen node is known within half a second where the deadline is one', async () => {
    const world = await worldWith('a', 'b');
    const caller = world.caller({ ...ROUND_ROBIN, timeoutMs: 1000 });
    await world.clock.advance(2000);
    world.transport.node('a').freeze();
    const { outcome } = world.call(caller);
    await world.clock.advance(460);
    expect((await outcome).code).toBe(status.OK);
  });

  it('is borne with for longer where its node has just begun', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller({ ...ROUND_ROBIN, timeoutMs: 1000 });
    const { call, outcome } = world.call(caller);
    await world.clock.advance(600);
    expect(call.attempts).toBe(1);
    await world.clock.advance(50);
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(2);
  });

  it('of a call that must not run twice stays with a node that has just joined: it may have acted, and not got to say so', async () => {
    const world = await worldWith('b');
    const caller = world.caller({ ...ROUND_ROBIN, timeoutMs: 5000 });
    world.call(caller);
    await world.clock.advance(3000);
    await world.nodes('a', 'b');
    await world.clock.advance(100);
    world.transport.node('a').freeze();
    const calls = [world.call(caller), world.call(caller)];
    await world.clock.advance(1800);
    expect(world.path.slice(1).sort()).toEqual(['a', 'b']);
    // It has not just joined any more.
    await world.clock.advance(2500);
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.OK);
    expect(world.path.slice(3)).toEqual(['b']);
  });

  it('keeps new calls away from its node while that is asked, and while it is silent', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller(ROUND_ROBIN);
    world.call(caller);
    await world.clock.advance(260);
    for (let index = 0; index < 4; index++) world.call(caller);
    await world.clock.advance(1000);
    for (let index = 0; index < 4; index++) world.call(caller);
    await world.clock.settle();
    expect(world.path.slice(1).every((id) => id === 'b')).toBe(true);
  });

  it('ends its node: it is used again as soon as it speaks', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller(ROUND_ROBIN);
    world.call(caller);
    await world.clock.advance(1300);
    world.transport.node('a').thaw();
    await world.clock.settle();
    world.call(caller);
    world.call(caller);
    await world.clock.settle();
    expect(world.path.slice(-2).sort()).toEqual(['a', 'b']);
  });

  it('does not end by an answer that was long on its way: the node has to answer once more', async () => {
    const world = await worldWith('a', 'b');
    const a = world.transport.node('a');
    a.freeze();
    const caller = world.caller(ROUND_ROBIN);
    world.call(caller);
    await world.clock.advance(3000);
    const pathOfFour = async () => {
      const from = world.path.length;
      for (let index = 0; index < 4; index++) world.call(caller);
      await world.clock.settle();
      return world.path.slice(from);
    };
    a.thaw();
    a.freeze();
    await world.clock.settle();
    expect(await pathOfFour()).not.toContain('a');
    a.thaw();
    await world.clock.settle();
    expect(await pathOfFour()).toContain('a');
  });

  it('of the only node is not cut: there is nowhere else', async () => {
    const world = await worldWith('a');
    world.transport.node('a').freeze();
    const { call, outcome } = world.call(world.caller());
    await world.clock.advance(3000);
    world.transport.node('a').thaw();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(1);
  });

  it('of the only node is named when the deadline comes first', async () => {
    const world = await worldWith('a');
    world.transport.node('a').freeze();
    const { outcome } = world.call(world.caller({ timeoutMs: 3000 }));
    await world.clock.advance(3000);
    expect(await outcome).toMatchObject({
      reason: 'deadline',
      details: 'Deadline exceeded after 3000 ms: node a unix:/a is silent for 688 ms when asked',
    });
  });

  it.each([
    ['by the number of retries', { retries: 0 }],
    ['by the retry function, which repeats nothing that may have been handled', { retry: retrySafely }],
  ])(
    'is not cut where no further attempt may follow %s: its node may thaw before the deadline',
    async (_by, settings) => {
      const world = await worldWith('a', 'b');
      world.transport.node('a').freeze();
      const { call, outcome } = world.call(world.caller({ ...ROUND_ROBIN, ...settings }));
      await world.clock.advance(4000);
      world.transport.node('a').thaw();
      await world.clock.settle();
      expect((await outcome).code).toBe(status.OK);
      expect(call.attempts).toBe(1);
    },
  );

  it('is not cut where no other node fits its call', async () => {
    const world = new TestWorld();
    const nodes = [testNode('a', { version: '1' }), testNode('b', { version: '2' })];
    world.registry.show({ name: 'hello' }, nodes);
    await world.clock.settle();
    world.transport.node('b').freeze();
    const { call, outcome } = world.call(world.caller({ filter: { version: '2' } }));
    await world.clock.advance(2000);
    world.transport.node('b').thaw();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(1);
  });

  it('is only cut as far as the retry budget lets it go elsewhere', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0, perSecond: 0.2 } });
    await world.nodes('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller(ROUND_ROBIN);
    const calls = Array.from({ length: 10 }, () => world.call(caller));
    await world.clock.advance(1300);
    expect(calls.filter(({ call }) => call.attempts > 1)).toHaveLength(2);
    world.transport.node('a').thaw();
    await world.clock.settle();
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.OK);
  });

  it('goes elsewhere later where the budget has grown meanwhile', async () => {
    const world = new TestWorld(1, { budget: { ratio: 0.5, perSecond: 0 } });
    await world.nodes('a', 'b');
    world.transport.node('a').freeze();
    const caller = world.caller(ROUND_ROBIN);
    const { call, outcome } = world.call(caller);
    await world.clock.advance(1300);
    expect(call.attempts).toBe(1);
    for (let index = 0; index < 4; index++) world.call(caller);
    await world.clock.advance(2000);
    expect((await outcome).code).toBe(status.OK);
    expect(call.attempts).toBe(2);
  });

  it('of a call without a deadline is cut all the same: it would wait for ever', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').freeze();
    const { outcome } = world.call(world.caller({ ...ROUND_ROBIN, retries: 0 }), {}, 'bidi');
    await world.clock.advance(2100);
    expect(await outcome).toMatchObject({ code: status.UNAVAILABLE, reason: 'silent' });
  });

  it('is cut by an explicit attempt time-out, whatever its node says', async () => {
    const world = await worldWith('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'silence' });
    const { call, outcome } = world.call(world.caller({ ...ROUND_ROBIN, attemptTimeoutMs: 100 }));
    await world.clock.advance(100);
    expect((await outcome).code).toBe(status.OK);
    expect(call.records[0]).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: 'attemptTimeout' });
    expect(world.transport.attempts[0]?.cancelled).toBe(true);
  });

  it('leaves no timer behind', async () => {
    const world = await worldWith('a', 'b');
    const { outcome } = world.call(world.caller());
    await world.clock.settle();
    await outcome;
    expect(world.clock.pendingTimers).toBe(0);
  });
});

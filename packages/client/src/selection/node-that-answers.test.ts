import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { retryOnError } from '../retry/retry-function.js';
import { TestWorld } from '../testing/index.js';

const ROUND_ROBIN = { strategy: 'round-robin', timeoutMs: 1000, retry: retryOnError } as const;

async function worldOfThree(): Promise<TestWorld> {
  const world = new TestWorld();
  await world.nodes('a', 'b', 'c');
  return world;
}

/** Node b is known to be silent. */
async function worldOfTwoWithOneSilent() {
  const world = new TestWorld();
  await world.nodes('a', 'b');
  world.transport.node('b').freeze();
  const caller = world.caller({ ...ROUND_ROBIN, idempotent: true });
  for (let count = 0; count < 2; count++) world.call(caller);
  await world.clock.advance(1500);
  expect(world.room.report()[0]?.nodes.map(({ state }) => state)).toEqual(['ready', 'down']);
  return { world, dying: world.transport.node('a') };
}

/** A call whose node, whichever it is, drops its connection. */
function dropsItsFirst(world: TestWorld) {
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    world.transport.node(id).script = ({ messages }) =>
      world.path.length > 1 ? { kind: 'answer', messages } : { kind: 'drop', afterMs: 5 };
  }
  return world.call(world.caller({ timeoutMs: 1000, retry: retryOnError }));
}

describe('a call that has lost its node', () => {
  it('goes on to none that died of the same cause and is not known to have', async () => {
    const world = await worldOfThree();
    world.transport.node('a').script = () => ({ kind: 'drop' });
    world.transport.node('b').freeze();
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.advance(2);
    world.transport.node('b').goDown();
    await world.clock.advance(2);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'c']);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('goes past one that is slow to say that it lives, and leaves that one its good name', async () => {
    const world = await worldOfThree();
    world.transport.node('a').script = () => ({ kind: 'drop' });
    world.transport.node('b').freeze();
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.advance(160);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'c']);
    world.transport.node('b').thaw();
    await world.clock.settle();
    expect(world.room.report()[0]?.nodes.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
  });

  it('finds the one that lives among many that have not yet been seen to die', async () => {
    const world = new TestWorld();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    await world.nodes(...ids);
    world.transport.node('a').script = () => ({ kind: 'drop' });
    for (const id of ids.slice(1, -1)) world.transport.node(id).freeze();
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.advance(200);
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toEqual(['a', 'j']);
  });

  it('finds it though the strategy draws the node at random', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const world = new TestWorld(seed);
      await world.nodes('a', 'b', 'c', 'd', 'e');
      const { outcome } = dropsItsFirst(world);
      await world.clock.settle();
      const others = ['a', 'b', 'c', 'd', 'e'].filter((id) => id !== world.path[0]);
      const [living = '', ...frozen] = others;
      for (const id of frozen) world.transport.node(id).freeze();
      await world.clock.advance(200);
      expect((await outcome).code).toBe(status.OK);
      expect(world.path.slice(1)).toEqual([living]);
    }
  });

  it('goes where it can when no node says so in time', async () => {
    const world = await worldOfThree();
    world.transport.node('a').script = () => ({ kind: 'drop' });
    for (const id of ['b', 'c']) world.transport.node(id).freeze();
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.advance(310);
    for (const id of ['b', 'c']) world.transport.node(id).thaw();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path).toHaveLength(2);
  });

  it('goes to a silent node at once where there are no others: to ask it again says nothing', async () => {
    const { world, dying } = await worldOfTwoWithOneSilent();
    dying.script = () => ({ kind: 'silence' });
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    dying.goDown();
    await world.clock.advance(20);
    world.transport.node('b').thaw();
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.path.slice(-2)).toEqual(['a', 'b']);
  });

  it('does not make a node silent to others that stands still for a moment, however little time it has itself', async () => {
    const world = await worldOfThree();
    const caller = world.caller({ strategy: 'round-robin' });
    world.transport.node('a').script = () => ({ kind: 'silence' });
    world.transport.node('b').script = ({ messages }) => ({ kind: 'answer', messages, afterMs: 600 });
    world.call(caller, { timeoutMs: 400 });
    const long = world.call(caller, { timeoutMs: 30_000 });
    world.call(caller);
    await world.clock.advance(10);
    world.transport.node('b').freeze();
    world.transport.node('c').freeze();
    world.transport.node('a').goDown();
    await world.clock.advance(150);
    for (const id of ['b', 'c']) world.transport.node(id).thaw();
    await world.clock.advance(1000);
    expect((await long.outcome).code).toBe(status.OK);
    expect(long.call.attempts).toBe(1);
  });

  it('asks once with all others that have lost theirs', async () => {
    const world = new TestWorld();
    await world.nodes('a', 'b');
    world.transport.node('a').script = () => ({ kind: 'drop', afterMs: 10 });
    const caller = world.caller(ROUND_ROBIN);
    const calls = Array.from({ length: 8 }, () => world.call(caller));
    await world.clock.advance(20);
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.OK);
    expect(world.transport.questions).toBe(1);
  });

  it('ends in the wait when it is cancelled', async () => {
    const world = await worldOfThree();
    world.transport.node('a').script = () => ({ kind: 'drop' });
    for (const id of ['b', 'c']) world.transport.node(id).freeze();
    const end = new AbortController();
    const { outcome } = world.call(world.caller(ROUND_ROBIN), { signal: end.signal });
    await world.clock.advance(20);
    end.abort();
    expect((await outcome).code).toBe(status.CANCELLED);
    expect(world.path).toEqual(['a']);
  });
});

describe('a call that has an answer worth a retry', () => {
  it('asks nobody: its node lives, and so may the others', async () => {
    const world = await worldOfThree();
    world.transport.node('a').script = () => ({ kind: 'status', code: status.INTERNAL });
    const { outcome } = world.call(world.caller(ROUND_ROBIN));
    await world.clock.settle();
    expect((await outcome).code).toBe(status.OK);
    expect(world.transport.questions).toBe(0);
  });
});

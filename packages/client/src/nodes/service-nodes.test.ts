import type { Snapshot } from '@micromesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestWorld, testNode } from '../testing/index.js';

const HELLO = { name: 'hello' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const REFUSED = 'connect ECONNREFUSED';

let world: TestWorld;

beforeEach(async () => {
  world = new TestWorld();
  world.caller();
  say('a', 'b', 'c');
  await world.clock.settle();
});
afterEach(() => {
  world.room.close();
  expect(world.clock.pendingTimers).toBe(0);
});

const snapshot = (...ids: readonly string[]): Snapshot => ({
  service: HELLO,
  nodes: ids.map((id) => testNode(id)),
});

/** The registry's word. */
function say(...ids: readonly string[]): void {
  world.registry.tell(HELLO, { kind: 'current', snapshot: snapshot(...ids) });
}

/** The registry does not answer; what it said last counts. */
function goAway(...lastWord: readonly string[]): void {
  world.registry.tell(HELLO, { kind: 'stale', snapshot: snapshot(...lastWord), error: REFUSED });
}

/** The nodes that calls go to, and why calls failed that did. */
async function answers(): Promise<string> {
  const before = world.path.length;
  const caller = world.caller({ strategy: 'round-robin' });
  const calls = Array.from({ length: 12 }, () => world.call(caller).outcome);
  await world.clock.settle();
  const failed = (await Promise.all(calls)).filter(({ code }) => code !== 0).map(({ reason }) => reason);
  return [...[...new Set(world.path.slice(before))].sort(), ...new Set(failed)].join(' ');
}

describe('while the registry does not answer', () => {
  it.each([
    ['a minute', MINUTE_MS],
    ['an hour', HOUR_MS],
    ['a day', DAY_MS],
  ])('for %s, calls go to the nodes of its last word, and no timer is added', async (_, awayMs) => {
    const timers = world.clock.pendingTimers;
    goAway('a', 'b', 'c');
    await world.clock.advance(awayMs);
    expect(await answers()).toBe('a b c');
    world.transport.node('b').goDown();
    expect(await answers()).toBe('a c');
    world.transport.node('b').comeBack();
    await world.clock.settle();
    expect(await answers()).toBe('a b c');
    expect(world.clock.pendingTimers).toBe(timers);
    say('a', 'b', 'c', 'd');
    await world.clock.settle();
    expect(await answers()).toBe('a b c d');
  });
});

describe('nodes that the registry has forgotten', () => {
  it('stay in use while they are registered again, with the connections that they had', async () => {
    goAway('a', 'b', 'c');
    say();
    expect(await answers()).toBe('a b c');
    say('b');
    expect(await answers()).toBe('a b c');
    say('b', 'c');
    say('a', 'b', 'c');
    await world.clock.advance(2 * MINUTE_MS);
    expect(await answers()).toBe('a b c');
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('stay where its first word after an outage names some of them only', async () => {
    goAway('a', 'b', 'c');
    say('a', 'd');
    await world.clock.settle();
    expect(await answers()).toBe('a b c d');
    await world.clock.advance(MINUTE_MS);
    expect(await answers()).toBe('a d');
  });

  it('stay for a minute where nobody registers them again, and are gone then', async () => {
    say();
    await world.clock.advance(MINUTE_MS - 1);
    expect(await answers()).toBe('a b c');
    await world.clock.advance(1);
    expect(await answers()).toBe('noNode');
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('go at once where they are dead, also later', async () => {
    world.transport.node('a').goDown();
    say();
    const ids = () => world.room.report()[0]?.nodes.map(({ id }) => id);
    expect(ids()).toEqual(['b', 'c']);
    world.transport.node('b').goDown();
    expect(ids()).toEqual(['c']);
    world.transport.node('b').comeBack();
    await world.clock.settle();
    expect(await answers()).toBe('c');
  });

  it('stay while the registry is away again, and a minute longer', async () => {
    goAway('a', 'b', 'c');
    say();
    await world.clock.advance(1_000);
    goAway();
    await world.clock.advance(HOUR_MS);
    expect(await answers()).toBe('a b c');
    expect(world.clock.pendingTimers).toBe(1);
    say('c');
    await world.clock.advance(MINUTE_MS);
    expect(await answers()).toBe('c');
  });

  it('are not waited for when one of several has left in an orderly way', async () => {
    say('a', 'b');
    expect(await answers()).toBe('a b');
    expect(world.clock.pendingTimers).toBe(0);
  });
});

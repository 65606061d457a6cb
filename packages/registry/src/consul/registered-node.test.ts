import type { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import type { FakeAgent } from './testing/fake-agent.js';
import { NodeWorld } from './testing/node-world.js';

let world: NodeWorld;
let clock: FakeClock;
let a: FakeAgent;
let b: FakeAgent;

beforeEach(() => {
  world = new NodeWorld();
  ({ clock, a, b } = world);
});
afterEach(() => world.end());

describe('RegisteredNode', () => {
  it('registers, and beats', async () => {
    const from = world.mark();
    await world.make(a).start();
    await clock.advance(25_000);
    expect(world.since(from, a)).toEqual(['0 register', '10000 beat', '20000 beat']);
    expect(world.told).toEqual(['registered']);
  });

  it('registers again at once when the agent has forgotten it', async () => {
    await world.make(a).start();
    a.holds = false;
    const from = world.mark();
    await clock.advance(10_000);
    expect(world.since(from, a)).toEqual(['10000 beat', '10000 register']);
    expect(world.told).toEqual(['registered', 'reregistered']);
  });

  it('looks when its connection is closed, and tries with small waits until the agent is back', async () => {
    await world.make(a).start();
    await clock.advance(3_000);
    const from = world.mark();
    a.die();
    world.node.disconnected();
    await clock.advance(5_000);
    a.up = true;
    await clock.advance(2_000);
    const beats = world.since(from, a);
    expect(beats.slice(0, 3)).toEqual(['0 beat', '100 beat', '250 beat']);
    expect(beats.at(-1)).toMatch(/ register$/);
    expect(world.told).toEqual(['registered', 'heartbeat failing', 'reregistered', 'heartbeat recovered']);
  });

  it('looks at once when somebody else has seen the registry come back', async () => {
    await world.make(a).start();
    a.die();
    world.node.disconnected();
    await clock.advance(20_000);
    const from = world.mark();
    a.up = true;
    world.node.look();
    await clock.advance(100);
    expect(world.since(from, a).at(-1)).toMatch(/ register$/);
  });

  it('does not make a loop of connections that are closed after each beat', async () => {
    await world.make(a).start();
    const from = world.mark();
    for (let at = 0; at < 60_000; at += 50) {
      world.node.disconnected();
      await clock.advance(50);
    }
    expect(world.since(from, a).length).toBeLessThan(20);
  });

  it('says nothing of one beat that failed', async () => {
    await world.make(a).start();
    a.up = false;
    await clock.advance(10_000);
    a.up = true;
    await clock.advance(100);
    expect(world.told).toEqual(['registered']);
  });

  it('says once that beats fail, and tries again with growing waits', async () => {
    await world.make(a).start();
    const from = world.mark();
    a.up = false;
    await clock.advance(60_000);
    const waits = world
      .since(from, a)
      .map((line) => Number(line.split(' ')[0]))
      .map((at, n, all) => at - (all[n - 1] ?? 0))
      .slice(1);
    // The first is on time; the second as soon as beats may follow each other.
    expect(waits.slice(0, 6)).toEqual([100, 150, 300, 600, 1_200, 1_500]);
    expect(world.told).toEqual(['registered', 'heartbeat failing']);
  });

  it('moves to another agent when its own does not answer twice, and leaves both', async () => {
    await world.make(a, b).start();
    a.up = false;
    const from = world.mark();
    await clock.advance(10_100);
    expect(world.since(from, a)).toEqual(['10000 beat', '10100 beat']);
    expect(world.since(from, b)).toEqual(['10100 register']);
    a.up = true;
    await world.node.deregister();
    expect([a.holds, b.holds]).toEqual([false, false]);
  });

  it('registers at the second agent where the first does not answer', async () => {
    a.up = false;
    await world.make(a, b).start();
    expect(b.holds).toBe(true);
  });

  it('does not ask a second agent when the first refuses', async () => {
    a.refusal = new RegistryError('403 Permission denied', { statusCode: 403 });
    await expect(world.make(a, b).start()).rejects.toThrow('403');
    expect(b.log).toEqual([]);
  });
});

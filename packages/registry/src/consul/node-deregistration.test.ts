import type { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import type { FakeAgent } from './testing/fake-agent.js';
import { NodeWorld } from './testing/node-world.js';

let world: NodeWorld;
let clock: FakeClock;
let a: FakeAgent;

beforeEach(() => {
  world = new NodeWorld();
  ({ clock, a } = world);
});
afterEach(() => world.end());

describe('RegisteredNode', () => {
  it('takes away what a failed registration may have left', async () => {
    a.refusal = new RegistryError('500', { statusCode: 500 });
    await expect(world.make(a).start()).rejects.toThrow('500');
    expect(a.log.at(-1)).toMatch(/ deregister$/);
    expect(world.told).toEqual(['deregister failing']);
  });

  it('stops beating when deregistered, once', async () => {
    await world.make(a).start();
    const from = world.mark();
    await Promise.all([world.node.deregister(), world.node.deregister()]);
    await clock.advance(60_000);
    expect(world.since(from, a)).toEqual(['0 deregister']);
    expect(world.told).toEqual(['registered', 'deregistered']);
  });

  it('gives up deregistering at an agent that hangs', async () => {
    await world.make(a).start();
    a.deregister = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new RegistryError('given up'))),
      );
    let done = false;
    const left = world.node.deregister().then(() => {
      done = true;
    });
    await clock.advance(4_999);
    expect(done).toBe(false);
    await clock.advance(1);
    await left;
  });

  it('asks once more to be deregistered when the connection breaks', async () => {
    await world.make(a).start();
    const from = world.mark();
    const deregister = a.deregister.bind(a);
    a.deregister = () => {
      a.deregister = deregister;
      a.log.push(`${clock.now()} reset`);
      return Promise.reject(new RegistryError('reset'));
    };
    await world.node.deregister();
    expect(world.since(from, a)).toEqual(['0 reset', '0 deregister']);
    expect(world.told).toEqual(['registered', 'deregistered']);
  });

  it('does not say that it is gone when nobody has confirmed that', async () => {
    await world.make(a).start();
    a.up = false;
    await world.node.deregister();
    expect(world.told).toEqual(['registered', 'deregister failing']);
  });

  it('lets a registration that is under way end before it is deregistered', async () => {
    await world.make(a).start();
    a.holds = false;
    a.register = world.takesUpAfter(50);
    await clock.advance(10_000);
    const left = world.node.deregister();
    await clock.advance(200);
    await left;
    expect(a.holds).toBe(false);
    expect(a.log.at(-1)).toMatch(/ deregister$/);
  });

  it('gives a registration that hangs up in time, and is deregistered again when it may have been taken up', async () => {
    await world.make(a).start();
    a.holds = false;
    a.register = world.takesUpAfter(2_550);
    await clock.advance(10_000);
    let done = false;
    const left = world.node.deregister().then(() => {
      done = true;
    });
    await clock.advance(2_499);
    expect(a.log.at(-1)).toMatch(/ beat$/);
    await clock.advance(101);
    await left;
    expect(done).toBe(true);
    expect(a.holds).toBe(false);
  });

  it('does not begin a registration when it is being deregistered', async () => {
    await world.make(a).start();
    a.holds = false;
    let answer: (result: 'forgotten') => void = () => {};
    a.beat = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await clock.advance(10_000);
    const from = world.mark();
    const left = world.node.deregister();
    answer('forgotten');
    await left;
    expect(world.since(from, a)).toEqual(['0 deregister']);
  });

  it('waits for a deregistration that has begun when it is stopped', async () => {
    await world.make(a).start();
    const left = world.node.deregister();
    await world.node.stop();
    expect(a.holds).toBe(false);
    await left;
  });

  it('leaves the entry when only stopped', async () => {
    await world.make(a).start();
    await world.node.stop();
    expect(a.holds).toBe(true);
    await world.node.deregister();
    expect(a.holds).toBe(true);
  });
});

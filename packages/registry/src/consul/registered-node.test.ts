import { events, type RegistrationEvent, type RegistryEvent, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import type { Keeper } from './keeper.js';
import { RegisteredNode } from './registered-node.js';

/** An agent as a keeper sees it; the test says whether it is there and what it holds. */
class FakeAgent implements Keeper {
  up = true;
  holds = false;
  refusal: RegistryError | undefined;
  readonly log: string[] = [];
  readonly #clock: FakeClock;
  readonly description: string;

  constructor(clock: FakeClock, name: string) {
    this.#clock = clock;
    this.description = name;
  }

  async register(_signal: AbortSignal): Promise<void> {
    this.#answer('register');
    this.holds = true;
  }

  async beat(_signal: AbortSignal): Promise<'held' | 'forgotten'> {
    this.#answer('beat');
    return this.holds ? 'held' : 'forgotten';
  }

  async deregister(_signal: AbortSignal): Promise<void> {
    this.#answer('deregister');
    this.holds = false;
  }

  /** The process dies: what it held is gone. */
  die(): void {
    this.up = false;
    this.holds = false;
  }

  #answer(what: string): void {
    this.log.push(`${this.#clock.now()} ${what}`);
    if (!this.up) throw new RegistryError('refused');
    if (this.refusal !== undefined) throw this.refusal;
  }
}

const clock = new FakeClock();
const told: string[] = [];
let unsubscribe: (() => void)[] = [];
let node: RegisteredNode;
let a: FakeAgent;
let b: FakeAgent;

beforeEach(() => {
  a = new FakeAgent(clock, 'a');
  b = new FakeAgent(clock, 'b');
  unsubscribe = [
    events.registration.subscribe((event: RegistrationEvent) => told.push(event.state)),
    events.registry.subscribe((event: RegistryEvent) => told.push(`${event.operation} ${event.state}`)),
  ];
});

afterEach(async () => {
  await node.stop();
  expect(clock.pendingTimers).toBe(0);
  for (const each of unsubscribe) each();
  told.length = 0;
});

function make(...keepers: Keeper[]): RegisteredNode {
  node = new RegisteredNode({
    id: 'hello-1',
    service: { name: 'hello' },
    keepers,
    registry: 'test',
    heartbeatMs: 10_000,
    retry: { baseMs: 100, maxMs: 2_000 },
    deregisterTimeoutMs: 5_000,
    clock,
    random: () => 0.5,
    logger: silentLogger,
    onEnd: () => {},
  });
  return node;
}

/** A registration that the agent takes up later, also when nobody waits for it any more. */
function takesUpAfter(delayMs: number): (signal: AbortSignal) => Promise<void> {
  return (signal) =>
    new Promise((resolve, reject) => {
      clock.setTimer(delayMs, () => {
        a.holds = true;
        resolve();
      });
      signal.addEventListener('abort', () => reject(new RegistryError('given up')));
    });
}

/** Forgets what was asked so far, and gives the time. */
function mark(): number {
  a.log.length = 0;
  b.log.length = 0;
  return clock.now();
}

/** What an agent was asked since {@link mark}, with times from there. */
function since(from: number, agent: FakeAgent): string[] {
  return agent.log.map((line) => {
    const [at = '', what] = line.split(' ');
    return `${Number(at) - from} ${what}`;
  });
}

describe('RegisteredNode', () => {
  it('registers, and beats', async () => {
    const from = mark();
    await make(a).start();
    await clock.advance(25_000);
    expect(since(from, a)).toEqual(['0 register', '10000 beat', '20000 beat']);
    expect(told).toEqual(['registered']);
  });

  it('registers again at once when the agent has forgotten it', async () => {
    await make(a).start();
    a.holds = false;
    const from = mark();
    await clock.advance(10_000);
    expect(since(from, a)).toEqual(['10000 beat', '10000 register']);
    expect(told).toEqual(['registered', 'reregistered']);
  });

  it('looks when its connection is closed, and tries with small waits until the agent is back', async () => {
    await make(a).start();
    await clock.advance(3_000);
    const from = mark();
    a.die();
    node.disconnected();
    await clock.advance(5_000);
    a.up = true;
    await clock.advance(2_000);
    const beats = since(from, a);
    expect(beats.slice(0, 3)).toEqual(['0 beat', '100 beat', '250 beat']);
    expect(beats.at(-1)).toMatch(/ register$/);
    expect(told).toEqual(['registered', 'heartbeat failing', 'reregistered', 'heartbeat recovered']);
  });

  it('looks at once when somebody else has seen the registry come back', async () => {
    await make(a).start();
    a.die();
    node.disconnected();
    await clock.advance(20_000);
    const from = mark();
    a.up = true;
    node.look();
    await clock.advance(100);
    expect(since(from, a).at(-1)).toMatch(/ register$/);
  });

  it('does not make a loop of connections that are closed after each beat', async () => {
    await make(a).start();
    const from = mark();
    for (let at = 0; at < 60_000; at += 50) {
      node.disconnected();
      await clock.advance(50);
    }
    expect(since(from, a).length).toBeLessThan(20);
  });

  it('says nothing of one beat that failed', async () => {
    await make(a).start();
    a.up = false;
    await clock.advance(10_000);
    a.up = true;
    await clock.advance(100);
    expect(told).toEqual(['registered']);
  });

  it('says once that beats fail, and tries again with growing waits', async () => {
    await make(a).start();
    const from = mark();
    a.up = false;
    await clock.advance(60_000);
    const waits = since(from, a)
      .map((line) => Number(line.split(' ')[0]))
      .map((at, n, all) => at - (all[n - 1] ?? 0))
      .slice(1);
    // The first is on time; the second as soon as beats may follow each other.
    expect(waits.slice(0, 6)).toEqual([100, 150, 300, 600, 1_200, 1_500]);
    expect(told).toEqual(['registered', 'heartbeat failing']);
  });

  it('moves to another agent when its own does not answer twice, and leaves both', async () => {
    await make(a, b).start();
    a.up = false;
    const from = mark();
    await clock.advance(10_100);
    expect(since(from, a)).toEqual(['10000 beat', '10100 beat']);
    expect(since(from, b)).toEqual(['10100 register']);
    a.up = true;
    await node.deregister();
    expect([a.holds, b.holds]).toEqual([false, false]);
  });

  it('registers at the second agent where the first does not answer', async () => {
    a.up = false;
    await make(a, b).start();
    expect(b.holds).toBe(true);
  });

  it('does not ask a second agent when the first refuses', async () => {
    a.refusal = new RegistryError('403 Permission denied', { statusCode: 403 });
    await expect(make(a, b).start()).rejects.toThrow('403');
    expect(b.log).toEqual([]);
  });

  it('takes away what a failed registration may have left', async () => {
    a.refusal = new RegistryError('500', { statusCode: 500 });
    await expect(make(a).start()).rejects.toThrow('500');
    expect(a.log.at(-1)).toMatch(/ deregister$/);
    expect(told).toEqual(['deregister failing']);
  });

  it('stops beating when deregistered, once', async () => {
    await make(a).start();
    const from = mark();
    await Promise.all([node.deregister(), node.deregister()]);
    await clock.advance(60_000);
    expect(since(from, a)).toEqual(['0 deregister']);
    expect(told).toEqual(['registered', 'deregistered']);
  });

  it('gives up deregistering at an agent that hangs', async () => {
    await make(a).start();
    a.deregister = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new RegistryError('given up'))),
      );
    let done = false;
    const left = node.deregister().then(() => {
      done = true;
    });
    await clock.advance(4_999);
    expect(done).toBe(false);
    await clock.advance(1);
    await left;
  });

  it('asks once more to be deregistered when the connection breaks', async () => {
    await make(a).start();
    const from = mark();
    const deregister = a.deregister.bind(a);
    a.deregister = () => {
      a.deregister = deregister;
      a.log.push(`${clock.now()} reset`);
      return Promise.reject(new RegistryError('reset'));
    };
    await node.deregister();
    expect(since(from, a)).toEqual(['0 reset', '0 deregister']);
    expect(told).toEqual(['registered', 'deregistered']);
  });

  it('does not say that it is gone when nobody has confirmed that', async () => {
    await make(a).start();
    a.up = false;
    await node.deregister();
    expect(told).toEqual(['registered', 'deregister failing']);
  });

  it('lets a registration that is under way end before it is deregistered', async () => {
    await make(a).start();
    a.holds = false;
    a.register = takesUpAfter(50);
    await clock.advance(10_000);
    const left = node.deregister();
    await clock.advance(200);
    await left;
    expect(a.holds).toBe(false);
    expect(a.log.at(-1)).toMatch(/ deregister$/);
  });

  it('gives a registration that hangs up in time, and is deregistered again when it may have been taken up', async () => {
    await make(a).start();
    a.holds = false;
    a.register = takesUpAfter(2_550);
    await clock.advance(10_000);
    let done = false;
    const left = node.deregister().then(() => {
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
    await make(a).start();
    a.holds = false;
    let answer: (result: 'forgotten') => void = () => {};
    a.beat = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await clock.advance(10_000);
    const from = mark();
    const left = node.deregister();
    answer('forgotten');
    await left;
    expect(since(from, a)).toEqual(['0 deregister']);
  });

  it('waits for a deregistration that has begun when it is stopped', async () => {
    await make(a).start();
    const left = node.deregister();
    await node.stop();
    expect(a.holds).toBe(false);
    await left;
  });

  it('leaves the entry when only stopped', async () => {
    await make(a).start();
    await node.stop();
    expect(a.holds).toBe(true);
    await node.deregister();
    expect(a.holds).toBe(true);
  });
});

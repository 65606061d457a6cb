import { events, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../dev-agent/catalog.js';
import { Changes } from '../dev-agent/changes.js';
import { LocalAgent } from '../dev-agent/local-agent.js';
import { Refusal } from '../dev-agent/refusal.js';
import { readRegistration } from '../dev-agent/registration-reader.js';
import type { WatchState } from '../registry.js';
import { RegistryError } from '../registry.js';
import { WatchedService } from '../watched-service.js';
import { type BlockingAnswer, BlockingQuery } from './blocking-query.js';
import type { BeatResult, Keeper } from './keeper.js';
import { RegisteredNode } from './registered-node.js';
import { WaitSlots } from './wait-slots.js';

const HELLO = { name: 'hello' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LENGTHS = [
  ['a minute', MINUTE_MS, 2_000],
  ['an hour', HOUR_MS, 2_000],
  // With the default a day takes seconds of real time as well.
  ['a day', 24 * HOUR_MS, 20_000],
] as const;

/** As Consul's defaults and ours have it. */
const CHECK = { CheckID: 'service:a1', TTL: '30s', Status: 'passing', DeregisterCriticalServiceAfter: '10m' };

/** An agent whose checks run on the test's clock, at the other end of a line that the test can cut. */
class FarAgent implements Keeper {
  readonly description = 'far';
  up = true;
  /** Requests of nodes and of watches, answered or not. */
  requests = 0;
  readonly #catalog: Catalog;
  readonly #agent: LocalAgent;

  constructor(clock: FakeClock) {
    this.#catalog = new Catalog(new Changes());
    this.#agent = new LocalAgent(this.#catalog, clock);
  }

  /** Whether the entry passes; undefined: there is none. */
  get passes(): boolean | undefined {
    const [instance] = this.#catalog.health('hello').value;
    return instance?.checks.every(({ value }) => value.status === 'passing');
  }

  async register(): Promise<void> {
    this.#reach();
    const body = Buffer.from(JSON.stringify({ ID: 'a1', Name: 'hello', Check: CHECK }));
    const { service, checks } = readRegistration(body);
    this.#agent.register(service, checks, true);
    this.#agent.report(CHECK.CheckID, 'passing', '');
  }

  async beat(): Promise<BeatResult> {
    this.#reach();
    try {
      this.#agent.report(CHECK.CheckID, 'passing', '');
      return 'held';
    } catch (error) {
      if (error instanceof Refusal) return 'forgotten';
      throw error;
    }
  }

  async deregister(): Promise<void> {
    this.#reach();
    this.#agent.deregister('a1');
  }

  /** As a blocking query: with an index it waits for its time. */
  async ask(
    index: bigint | undefined,
    clock: FakeClock,
    signal: AbortSignal,
  ): Promise<BlockingAnswer<boolean>> {
    this.#reach();
    if (index !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(30_000, resolve);
        signal.addEventListener('abort', () => {
          timer.cancel();
          resolve();
        });
      });
      this.#reach();
    }
    return { value: this.passes === true, index: 1n, knownLeader: true };
  }

  close(): void {
    this.#agent.close();
  }

  #reach(): void {
    this.requests += 1;
    if (!this.up) throw new RegistryError('connect ECONNREFUSED');
  }
}

let clock: FakeClock;
let agent: FarAgent;
const told: string[] = [];
let off: () => void;

beforeEach(() => {
  clock = new FakeClock();
  agent = new FarAgent(clock);
  told.length = 0;
  off = events.registration.subscribe(({ state }) => told.push(state));
});
afterEach(() => {
  off();
  agent.close();
  expect(clock.pendingTimers).toBe(0);
});

describe.each(LENGTHS)('while an agent is away for %s', (_, awayMs, maxMs) => {
  const retry = { baseMs: 100, maxMs };

  it('a watch keeps its last snapshot, asks with bounded waits, and goes on when it is back', async () => {
    const watched = new WatchedService(HELLO, 'far', silentLogger);
    const states: WatchState[] = [];
    watched.open(() => {}).subscribe((state) => states.push(state));
    const nodeAt = { kind: 'unix', path: '/a1' } as const;
    const node = { id: 'a1', address: nodeAt, version: '', labels: {}, weight: 1, micromesh: true };
    const query = new BlockingQuery<boolean>({
      ask: (wait, signal) => agent.ask(wait?.index, clock, signal),
      onAnswer: (there) => watched.current({ service: HELLO, nodes: there ? [node] : [] }),
      onDoubt: () => {},
      onFailure: (error) => watched.failing(error),
      onRecovery: () => told.push('recovery'),
      minIntervalMs: 100,
      waitMs: 30_000,
      waits: new WaitSlots({ max: 1, registry: 'far', clock, logger: silentLogger }),
      retry,
      clock,
      random: () => 0.5,
    });
    await agent.register();
    const run = query.run();
    await clock.advance(100);
    agent.up = false;
    agent.requests = 0;
    await clock.advance(awayMs);
    expect(agent.requests).toBeLessThanOrEqual(awayMs / (maxMs * 0.75) + 10);
    expect(clock.pendingTimers).toBeLessThanOrEqual(2);
    // One change of state, however often it was asked.
    expect(states.map(({ kind }) => kind)).toEqual(['current', 'stale']);
    expect(states[1]).toMatchObject({ snapshot: { nodes: [node] } });
    agent.up = true;
    await agent.register();
    await clock.advance(maxMs);
    expect(told).toEqual(['recovery']);
    expect(watched.state).toMatchObject({ kind: 'current', snapshot: { nodes: [node] } });
    query.close();
    await run;
  });

  it('a node beats with bounded waits, and passes again when it is back', async () => {
    const node = new RegisteredNode({
      id: 'a1',
      service: HELLO,
      keepers: [agent],
      registry: 'far',
      heartbeatMs: 10_000,
      retry,
      deregisterTimeoutMs: 2_000,
      clock,
      random: () => 0.5,
      logger: silentLogger,
      onEnd: () => {},
    });
    await node.start();
    agent.up = false;
    agent.requests = 0;
    await clock.advance(awayMs);
    expect(agent.requests).toBeLessThanOrEqual(awayMs / (maxMs * 0.75) + 10);
    expect(clock.pendingTimers).toBeLessThanOrEqual(2);
    // Critical after 30 s without a beat, and taken away after ten minutes more.
    const wasTakenAway = awayMs > 11 * MINUTE_MS;
    expect(agent.passes).toBe(wasTakenAway ? undefined : false);
    agent.up = true;
    await clock.advance(maxMs);
    expect(agent.passes).toBe(true);
    expect(told).toEqual(wasTakenAway ? ['registered', 'reregistered'] : ['registered']);
    await clock.advance(HOUR_MS);
    expect(agent.passes).toBe(true);
    await node.deregister();
    expect(agent.passes).toBeUndefined();
  });
});

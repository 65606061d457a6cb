import { events, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { RegistryError } from '../../registry.js';
import type { Keeper } from '../keeper.js';
import { RegisteredNode } from '../registered-node.js';
import { FakeAgent } from './fake-agent.js';

/** For tests: a node that is registered at the agent `a`, and maybe at `b`, and what is told of it. */
export class NodeWorld {
  readonly clock = new FakeClock();
  readonly a = new FakeAgent(this.clock, 'a');
  readonly b = new FakeAgent(this.clock, 'b');
  /** What was published: `registered`, `heartbeat failing`. */
  readonly told: string[] = [];
  readonly #offs = [
    events.registration.subscribe(({ state }) => this.told.push(state)),
    events.registry.subscribe(({ operation, state }) => this.told.push(`${operation} ${state}`)),
  ];
  #node: RegisteredNode | undefined;

  /** The node that was made. */
  get node(): RegisteredNode {
    if (this.#node === undefined) throw new Error('no node was made');
    return this.#node;
  }

  /** Stops the node. @throws Error when a timer is left. */
  async end(): Promise<void> {
    try {
      await this.node.stop();
    } finally {
      for (const off of this.#offs) off();
    }
    if (this.clock.pendingTimers > 0) throw new Error(`${this.clock.pendingTimers} timers are left`);
  }

  /** Makes the node. */
  make(...keepers: Keeper[]): RegisteredNode {
    this.#node = new RegisteredNode({
      id: 'hello-1',
      service: { name: 'hello' },
      keepers,
      registry: 'test',
      heartbeatMs: 10_000,
      retry: { baseMs: 100, maxMs: 2_000 },
      deregisterTimeoutMs: 5_000,
      clock: this.clock,
      random: () => 0.5,
      logger: silentLogger,
      onEnd: () => {},
    });
    return this.#node;
  }

  /** A registration that the agent takes up later, also when nobody waits for it any more. */
  takesUpAfter(delayMs: number): (signal: AbortSignal) => Promise<void> {
    return (signal) =>
      new Promise((resolve, reject) => {
        this.clock.setTimer(delayMs, () => {
          this.a.holds = true;
          resolve();
        });
        signal.addEventListener('abort', () => reject(new RegistryError('given up')));
      });
  }

  /** Forgets what was asked so far, and gives the time. */
  mark(): number {
    this.a.log.length = 0;
    this.b.log.length = 0;
    return this.clock.now();
  }

  /** What an agent was asked since {@link mark}, with times from there. */
  since(from: number, agent: FakeAgent): string[] {
    return agent.log.map((line) => {
      const [at = '', what] = line.split(' ');
      return `${Number(at) - from} ${what}`;
    });
  }
}

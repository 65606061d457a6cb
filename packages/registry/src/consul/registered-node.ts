import {
  type Clock,
  createAbortController,
  events,
  formatServiceKey,
  type Logger,
  messageOf,
  type Random,
  type RegistryEvent,
  type ServiceKey,
  sleep,
  type Timer,
} from '@micromesh/core';
import { type Backoff, retryDelayMs } from '../backoff.js';
import type { Registered } from '../registry.js';
import { isAgentTrouble } from './agent-ring.js';
import type { BeatResult, Keeper } from './keeper.js';

/** What a {@link RegisteredNode} is made of. */
export interface RegisteredNodeOptions {
  readonly id: string;
  readonly service: ServiceKey;
  /** One an agent; the node is registered at one of them at a time. At least one. */
  readonly keepers: readonly Keeper[];
  readonly registry: string;
  readonly heartbeatMs: number;
  readonly retry: Backoff;
  /** How long {@link RegisteredNode.deregister} may take: at most half of it for a registration that is under way. */
  readonly deregisterTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when the node is no longer kept. */
  readonly onEnd: () => void;
}

/** Why a node was registered again. */
const AGAIN: Readonly<Record<Exclude<BeatResult, 'held'>, string>> = {
  forgotten: 'the registry had forgotten this node; registered it again',
  unreachable:
    "the agent's own check cannot reach this node; registered it again, with heartbeats (check: 'ttl' says so from the start)",
};

// Several signs of one restart come together; they are worth one look, not one each.
const MIN_INTERVAL_MS = 100;

/**
 * A node that is kept registered: beats, registers again when the agent has forgotten it, and moves to another agent when its
 * own does not answer.
 */
export class RegisteredNode implements Registered {
  readonly id: string;
  readonly #options: RegisteredNodeOptions;
  readonly #abort = createAbortController();
  /** Ends registrations that are under way: an agent may take one up that nobody waits for any more. */
  readonly #writes = createAbortController();
  /** Keepers at whose agents an entry may be. */
  readonly #usedKeepers = new Set<Keeper>();
  #home = 0;
  #failures = 0;
  #told = false;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  /** How long after a beat a closed connection is looked into: grows while that finds nothing. */
  #calmMs = MIN_INTERVAL_MS;
  #calmTimer: Timer | undefined;
  #wake: (() => void) | undefined;
  #lookAgain = false;
  #running: Promise<void> | undefined;
  #deregistered: Promise<void> | undefined;

  constructor(options: RegisteredNodeOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Registers for the first time, at the first agent that takes it, and starts the heartbeat. @throws RegistryError when none does. */
  async start(): Promise<void> {
    try {
      await this.#registerAnywhere(0);
    } catch (error) {
      // The entry may have been written before it failed.
      if (!this.#abort.signal.aborted) await this.#inTime((limit) => this.#deregisterEverywhere(limit));
      throw error;
    }
    this.#lastBeatAt = this.#options.clock.now();
    this.#tellRegistration('registered');
    this.#running = this.#keep();
  }

  /** The registry has answered after a failure: looks at once whether it still holds the node. */
  look(): void {
    this.#lookAgain = true;
    this.#wake?.();
  }

  /** A connection to an agent was closed from the other side: the agent may have been restarted. */
  disconnected(): void {
    // A failing beat is tried again anyway; and agents that close idle connections must not make the beat a loop.
    if (this.#failures > 0 || this.#calmTimer !== undefined || this.#abort.signal.aborted) return;
    const { clock, heartbeatMs } = this.#options;
    this.#calmTimer = clock.setTimer(this.#lastBeatAt + this.#calmMs - clock.now(), () => {
      this.#calmTimer = undefined;
      this.#calmMs = Math.min(this.#calmMs * 2, heartbeatMs);
      this.look();
    });
  }

  deregister(): Promise<void> {
    this.#deregistered ??= this.#leave();
    return this.#deregistered;
  }

  /** Ends the heartbeat and leaves the entry; waits for a {@link deregister} that has begun. */
  async stop(): Promise<void> {
    if (this.#deregistered === undefined) this.#writes.abort();
    await this.#endHeartbeat();
    await this.#deregistered;
    this.#options.onEnd();
  }

  async #endHeartbeat(): Promise<void> {
    this.#abort.abort();
    this.#calmTimer?.cancel();
    this.#wake?.();
    await this.#running;
  }

  async #leave(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    if (await this.#inTime((limit) => this.#takeAway(limit))) this.#tellRegistration('deregistered');
    this.#options.onEnd();
  }

  /** Gives whether an agent has confirmed it. */
  async #takeAway(limit: AbortSignal): Promise<boolean> {
    const { clock, deregisterTimeoutMs } = this.#options;
    // A registration that reaches its agent after the deregistration would leave an entry of a node that is gone.
    const patience = clock.setTimer(deregisterTimeoutMs / 2, () => this.#writes.abort());
    await this.#endHeartbeat();
    patience.cancel();
    const confirmed = await this.#deregisterEverywhere(limit);
    if (!this.#writes.signal.aborted) return confirmed;
    await sleep(clock, MIN_INTERVAL_MS, limit);
    return limit.aborted ? confirmed : this.#deregisterEverywhere(limit);
  }

  /** Does it within the time that {@link deregister} has. */
  async #inTime<T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, deregisterTimeoutMs } = this.#options;
    const limit = createAbortController();
    const timer = clock.setTimer(deregisterTimeoutMs, () => limit.abort());
    try {
      return await work(limit.signal);
    } finally {
      timer.cancel();
    }
  }

  async #keep(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#rest();
      if (signal.aborted) return;
      this.#lookAgain = false;
      try {
        await this.#beat();
        this.#succeeded();
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(messageOf(error));
      }
      this.#lastBeatAt = this.#options.clock.now();
    }
  }

  async #rest(): Promise<void> {
    const { clock, heartbeatMs, random, retry } = this.#options;
    const { signal } = this.#abort;
    if (!this.#lookAgain) {
      const regular = heartbeatMs * (0.9 + 0.2 * random());
      const delay = this.#failures === 0 ? regular : retryDelayMs(this.#failures, retry, random);
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(delay, () => {
          this.#calmMs = Math.max(this.#calmMs / 2, MIN_INTERVAL_MS);
          resolve();
        });
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#wake = undefined;
    }
    await sleep(clock, this.#lastBeatAt + MIN_INTERVAL_MS - clock.now(), signal);
  }

  async #beat(): Promise<void> {
    const { signal } = this.#abort;
    const home = this.#options.keepers[this.#home];
    if (home === undefined) return;
    let found: Exclude<BeatResult, 'held'> = 'forgotten';
    try {
      const result = await home.beat(signal);
      if (result === 'held' || signal.aborted) return;
      found = result;
      await home.register(this.#writes.signal);
    } catch (error) {
      // Once is chance; then another agent is asked to take the node.
      const alone = this.#options.keepers.length === 1;
      if (signal.aborted || alone || this.#failures === 0 || !isAgentTrouble(error)) throw error;
      await this.#registerAnywhere(this.#home + 1);
    }
    this.#calmMs = MIN_INTERVAL_MS;
    this.#options.logger.warn(this.#fields(), AGAIN[found]);
    this.#tellRegistration('reregistered');
  }

  async #registerAnywhere(first: number): Promise<void> {
    const { keepers } = this.#options;
    let failure: unknown;
    for (let step = 0; step < keepers.length; step++) {
      const index = (first + step) % keepers.length;
      const keeper = keepers[index];
      if (keeper === undefined) continue;
      try {
        this.#usedKeepers.add(keeper);
        await keeper.register(this.#writes.signal);
        this.#home = index;
        return;
      } catch (error) {
        failure = error;
        if (this.#abort.signal.aborted || !isAgentTrouble(error)) break;
      }
    }
    throw failure;
  }

  /** Gives whether an agent has confirmed it. */
  async #deregisterEverywhere(limit: AbortSignal): Promise<boolean> {
    const confirmed = await Promise.all(
      [...this.#usedKeepers].map((keeper) => this.#deregisterAt(keeper, limit)),
    );
    return confirmed.includes(true);
  }

  async #deregisterAt(keeper: Keeper, signal: AbortSignal): Promise<boolean> {
    try {
      try {
        await keeper.deregister(signal);
      } catch (error) {
        // A kept connection may have been closed meanwhile; nobody beats any more who would notice.
        if (signal.aborted || !isAgentTrouble(error)) throw error;
        await keeper.deregister(signal);
      }
      return true;
    } catch (error) {
      const words = messageOf(error);
      this.#options.logger.warn(
        { ...this.#fields(), error: words },
        'the registry did not confirm that this node is gone; it takes it away when its check has failed for long',
      );
      this.#tellRegistry('deregister', 'failing', words);
      return false;
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    if (!this.#told) return;
    this.#told = false;
    this.#options.logger.info(this.#fields(), 'the registry takes heartbeats again');
    this.#tellRegistry('heartbeat', 'recovered', '');
  }

  #failed(error: string): void {
    this.#failures += 1;
    this.#calmMs = MIN_INTERVAL_MS;
    // The first is tried again at once, and told only if that fails as well.
    if (this.#failures < 2 || this.#told) return;
    this.#told = true;
    this.#options.logger.warn({ ...this.#fields(), error }, 'the registry takes no heartbeat; trying again');
    this.#tellRegistry('heartbeat', 'failing', error);
  }

  #fields(): { registry: string; service: string; node: string } {
    const { registry, service, id } = this.#options;
    return { registry, service: formatServiceKey(service), node: id };
  }

  #tellRegistry(operation: RegistryEvent['operation'], state: RegistryEvent['state'], error: string): void {
    if (!events.registry.heard) return;
    const { registry, service } = this.#options;
    events.registry.publish({ registry, operation, service, state, error });
  }

  #tellRegistration(state: 'registered' | 'reregistered' | 'deregistered'): void {
    if (!events.registration.heard) return;
    const { registry, service, id } = this.#options;
    events.registration.publish({ registry, service, nodeId: id, state });
  }
}

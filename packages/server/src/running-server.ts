import type { Server } from '@grpc/grpc-js';
import {
  type Address,
  type Clock,
  events,
  formatAddress,
  type Logger,
  messageOf,
  type ServerEvent,
  type ServiceKey,
  sleep,
  within,
} from '@micromesh/core';
import type { ActiveCalls } from './active-calls.js';
import type { Health } from './health.js';
import type { OpenStreams } from './open-streams.js';
import type { SelfRegistration } from './self-registration.js';
import { cutConnections, shutDown } from './shutdown.js';
import { drainOnSignals, type SignalTarget } from './signals.js';

/** How long a drain waits for the registry before it goes on; the registry is told all the same. */
const DEREGISTER_WITHIN_MS = 500;
/** How long the statuses of calls that were cut may take to leave. */
const CUT_WITHIN_MS = 150;

/** What a server is doing. */
export type ServerState = 'starting' | ServerEvent['state'];

/** How a server goes away. */
export interface DrainOptions {
  /**
   * How long it still takes calls after it has left the registry, so that clients hear of it first, in milliseconds;
   * default 1000, at least 0.
   */
  readonly lameDuckMs?: number;
  /** How long calls in flight may then take before they are cut, in milliseconds; default 3000, at least 0. */
  readonly graceMs?: number;
}

/** A server that runs. */
export interface RunningServer extends AsyncDisposable {
  /** The advertised address: `10.0.0.1:5001`, `[::1]:5001`, `unix:/path`. */
  readonly address: string;
  /** The address that it listens on, with the real port. */
  readonly listenAddress: string;
  /** The port that it listens on; 0 for a Unix socket. */
  readonly port: number;
  /** Name and random part, new at each start. */
  readonly id: string;
  readonly service: ServiceKey;
  readonly state: ServerState;
  /**
   * Drains in order: health says NOT_SERVING, the registry entry goes (half a second is waited for the answer), a lame-duck time
   * in which calls are still taken, GOAWAY, the calls in flight up to a limit, close. A second call gives the same promise.
   * Never rejects.
   */
  stop(): Promise<void>;
  /** Resolves when the server has stopped, whoever stopped it. */
  readonly stopped: Promise<void>;
}

/** What a run is made of. */
export interface RunParts {
  readonly service: ServiceKey;
  readonly id: string;
  readonly advertised: Address;
  readonly listening: Address;
  readonly server: Server;
  readonly active: ActiveCalls;
  readonly streams: OpenStreams;
  readonly health: Health | undefined;
  readonly registration: SelfRegistration | undefined;
  readonly signals: readonly NodeJS.Signals[];
  readonly drain: Required<DrainOptions>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lets go of what the run holds besides. */
  release(): void;
  /** Called when a signal has stopped the server, so that the mesh around it can close. */
  afterSignal(): void | Promise<void>;
}

/** One run of a server, from registration to the ordered drain. */
export class ServerRun implements RunningServer, SignalTarget {
  readonly stopped: Promise<void>;
  readonly #parts: RunParts;
  #markStopped = () => {};
  #offSignals = () => {};
  #state: ServerState = 'starting';
  #stopping: Promise<void> | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
  }

  get address(): string {
    return formatAddress(this.#parts.advertised);
  }

  get listenAddress(): string {
    return formatAddress(this.#parts.listening);
  }

  get port(): number {
    return this.#parts.listening.kind === 'tcp' ? this.#parts.listening.port : 0;
  }

  get id(): string {
    return this.#parts.id;
  }

  get service(): ServiceKey {
    return this.#parts.service;
  }

  get state(): ServerState {
    return this.#state;
  }

  get signals(): readonly NodeJS.Signals[] {
    return this.#parts.signals;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  /**
   * Says that it serves, and registers. When this rejects, everything is closed.
   *
   * @throws ConfigError or RegistryError as {@link SelfRegistration.enter}; Error when it was stopped meanwhile.
   */
  async enter(): Promise<void> {
    const { health, registration, logger } = this.#parts;
    this.#offSignals = drainOnSignals(this);
    health?.serving();
    try {
      await registration?.enter();
    } catch (error) {
      if (this.#stopping !== undefined) {
        await this.#stopping;
        throw error;
      }
      void registration?.leave();
      cutConnections(this.#parts.server, this.#parts.listening);
      this.#close();
      throw error;
    }
    if (this.#stopping !== undefined) {
      await this.#stopping;
      throw new Error(`${this.id} was stopped before it had started`);
    }
    this.#change('serving');
    logger.info({ address: this.address, listen: this.listenAddress }, 'serving');
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  drain(signal: NodeJS.Signals): void {
    this.#parts.logger.info({ signal }, 'a signal stops the server');
    void this.#stopThenTell();
  }

  async #stopThenTell(): Promise<void> {
    await this.stop();
    try {
      await this.#parts.afterSignal();
    } catch (error) {
      this.#parts.logger.error({ err: error }, `closing after a signal failed: ${messageOf(error)}`);
    }
  }

  abandon(signal: NodeJS.Signals): void {
    this.#parts.logger.warn(
      { signal, calls: this.#parts.active.countByMethod() },
      'a second signal ends the drain',
    );
  }

  async #drain(): Promise<void> {
    const { health, registration, logger, drain, server, listening, active, streams } = this.#parts;
    this.#change('lameDuck');
    logger.info({}, 'draining: not serving any more');
    health?.notServing();
    const left = registration?.leave();
    if (left !== undefined) await this.#leaveRegistry(left);
    logger.info({ lameDuckMs: drain.lameDuckMs }, 'draining: lame duck, calls are still taken');
    await sleep(this.#parts.clock, drain.lameDuckMs);
    this.#change('draining');
    logger.info(
      { calls: active.countByMethod(), graceMs: drain.graceMs },
      'draining: GOAWAY, calls in flight may end',
    );
    streams.end();
    const closed = shutDown(server, listening, drain.graceMs + CUT_WITHIN_MS);
    if (!(await this.#wait(drain.graceMs, Promise.all([closed, active.empty()])))) {
      logger.warn(
        { calls: active.countByMethod() },
        'draining: the limit is reached, the calls in flight are cut',
      );
      active.cut();
      await this.#wait(2 * CUT_WITHIN_MS, closed);
    }
    this.#close();
    logger.info({}, 'stopped');
  }

  async #leaveRegistry(left: Promise<void>): Promise<void> {
    const { logger } = this.#parts;
    if (await this.#wait(DEREGISTER_WITHIN_MS, left)) logger.info({}, 'draining: left the registry');
    else logger.warn({}, 'draining: the registry has not answered; going on without waiting for it');
  }

  #wait(ms: number, until: Promise<unknown>): Promise<boolean> {
    const done = until.then(() => true);
    return within(this.#parts.clock, ms, done, () => false);
  }

  #close(): void {
    this.#offSignals();
    this.#parts.release();
    this.#change('stopped');
    this.#markStopped();
  }

  #change(state: ServerEvent['state']): void {
    this.#state = state;
    if (!events.server.heard) return;
    events.server.publish({ service: this.service, nodeId: this.id, state });
  }
}

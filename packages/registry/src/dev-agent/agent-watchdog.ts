import {
  type Clock,
  createAbortController,
  type Logger,
  messageOf,
  type Random,
  sleep,
} from '@micromesh/core';
import { retryDelayMs } from '../backoff.js';
import { RegistryError } from '../registry.js';
import { startAgentProcess } from './agent-process.js';
import { untilAgentEnds, whoAnswers } from './who-answers.js';

const RESTART_BACKOFF = { baseMs: 100, maxMs: 2_000 };
/** An agent that ends sooner than this counts as one that did not start. */
const SOON_MS = 5_000;

/** What an {@link AgentWatchdog} works with. */
export interface AgentWatchdogOptions {
  readonly host: string;
  readonly port: number;
  /** After how much silence an agent that was started here ends by itself. */
  readonly idleMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sees to it that a dev agent answers on the port: joins the one that is there, starts one where nobody is, and does so again when it has
 * ended. Of many processes that start one at once, one gets the port, and the others join it.
 */
export class AgentWatchdog {
  readonly #options: AgentWatchdogOptions;
  readonly #abort = createAbortController();
  readonly #waiters = new Set<Waiter>();
  #running: Promise<void> | undefined;
  #state: 'starting' | 'up' | Error = 'starting';
  #onChange: () => void = () => {};

  constructor(options: AgentWatchdogOptions) {
    this.#options = options;
  }

  /** Why there is no agent; undefined while there is one, or while it starts. */
  get error(): string | undefined {
    return this.#state instanceof Error ? this.#state.message : undefined;
  }

  /** Starts to see to it, and calls `onChange` whenever an agent answers, or cannot be had. */
  start(onChange: () => void): void {
    this.#onChange = onChange;
    this.#running ??= this.#run();
  }

  /**
   * Resolves when an agent answers.
   *
   * @throws RegistryError when none can be had: something else has the port, or it does not start.
   */
  ready(): Promise<void> {
    if (this.#state === 'up') return Promise.resolve();
    if (this.#state instanceof Error) return Promise.reject(this.#state);
    return new Promise((resolve, reject) => this.#waiters.add({ resolve, reject }));
  }

  /** Leaves the agent alone; no timer and no socket is left. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#become(new RegistryError('the registry is closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { host, port, clock, logger } = this.#options;
    const { signal } = this.#abort;
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = clock.now();
      try {
        await this.#joinOrStart();
        if (signal.aborted) return;
        this.#become('up');
        await untilAgentEnds(host, port, signal);
        if (signal.aborted) return;
        this.#state = 'starting';
        failures = clock.now() - startedAt < SOON_MS ? failures + 1 : 0;
        logger.warn({ port }, 'the dev agent has ended; taking its place');
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (this.error !== messageOf(error))
          logger.error({ port, error: messageOf(error) }, 'there is no dev agent');
        this.#become(error instanceof Error ? error : new RegistryError(messageOf(error)));
      }
      if (failures > 0) await this.#pause(failures);
    }
  }

  async #joinOrStart(): Promise<void> {
    const { host, port, idleMs, logger } = this.#options;
    const { signal } = this.#abort;
    let holder = await whoAnswers(host, port, signal);
    if (holder.kind === 'nobody' && !signal.aborted) {
      const started = await startAgentProcess({ host, port, bound: false, idleMs });
      if (started.kind === 'ready') {
        logger.info({ port, agentPid: started.child.pid }, 'started a dev agent');
        started.child.disconnect();
        return;
      }
      holder = await whoAnswers(host, port, signal);
    }
    if (holder.kind === 'devAgent') return;
    const what = holder.kind === 'other' ? holder.what : 'something that took it and let it go again';
    const mend =
      "name another port with MICROMESH_DEV_AGENT_PORT, or use that registry by its address: 'consul://host:port'";
    throw new RegistryError(
      `embedded: port ${port} is held by ${what}, not by micromesh's dev agent; ${mend}`,
    );
  }

  #become(state: 'up' | Error): void {
    this.#state = state;
    for (const waiter of [...this.#waiters]) {
      this.#waiters.delete(waiter);
      if (state === 'up') waiter.resolve();
      else waiter.reject(state);
    }
    if (!this.#abort.signal.aborted) this.#onChange();
  }

  // Not for this is a process kept running.
  #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    return sleep(clock, retryDelayMs(failures, RESTART_BACKOFF, random), this.#abort.signal, false);
  }
}

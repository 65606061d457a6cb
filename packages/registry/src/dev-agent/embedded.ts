import {
  type Clock,
  checkNumber,
  checkOptionNames,
  type Logger,
  type Random,
  type ServiceKey,
  silentLogger,
  systemClock,
  systemRandom,
} from '@micromesh/core';
import { consul } from '../consul/consul.js';
import { EmbeddedKeyValueStore } from '../kv/embedded-key-value-store.js';
import {
  type KeyValueRegistry,
  type Registered,
  type Registration,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
  type WatchState,
} from '../registry.js';
import type { Watch } from '../watch-handles.js';
import { formatAgentHost } from './agent-server.js';
import { AgentWatchdog } from './agent-watchdog.js';
import { DelayedWatch } from './delayed-watch.js';
import { type DevAgentPlace, readPlace } from './dev-agent-options.js';

/** How the embedded registry finds its dev agent, and starts one. */
export interface EmbeddedOptions extends DevAgentPlace {
  /** An agent that this registry started ends by itself when nobody has asked it anything for so long, in ms; default 60,000. */
  readonly idleMs?: number;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
}

const OPTION_NAMES = [
  'host',
  'port',
  'env',
  'idleMs',
  'clock',
  'random',
  'logger',
] as const satisfies readonly (keyof EmbeddedOptions)[];

/**
 * A registry on a machine without Consul: joins the dev agent of this machine, or starts it.
 *
 * Nothing happens before the first registration, watch or list. The agent is a process of its own, which belongs to nobody: the first
 * mesh that needs it starts it, all others on the machine share it, and it ends by itself when nobody has asked it anything for a minute
 * (every mesh with a watch or a registration asks). It keeps nothing. When it dies, the registries that used it start it again,
 * and register their nodes again.
 *
 * @throws ConfigError for a wrong option, and with NODE_ENV=production.
 */
export function embedded(options: EmbeddedOptions = {}): KeyValueRegistry {
  checkOptionNames('embedded', options, OPTION_NAMES);
  return new EmbeddedRegistry(options);
}

class EmbeddedRegistry implements KeyValueRegistry {
  readonly description: string;
  readonly keyValues: EmbeddedKeyValueStore;
  readonly #logger: Logger;
  readonly #watchdog: AgentWatchdog;
  readonly #consul: KeyValueRegistry;
  readonly #watches = new Map<DelayedWatch<WatchState>, ServiceKey>();
  #closed = false;
  #wasUp = false;

  constructor(options: EmbeddedOptions) {
    const { host, port } = readPlace(options);
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const logger = options.logger ?? silentLogger;
    this.#logger = logger;
    const idleMs = checkNumber('idleMs', options.idleMs ?? 60_000, 100);
    const address = formatAgentHost({ address: host, port });
    this.description = `dev agent ${address}`;
    this.#watchdog = new AgentWatchdog({ host, port, idleMs, clock, random, logger });
    // Consul's own variables (a token, TLS) are not meant for this agent.
    this.#consul = consul({ address, clock, random, logger, env: {} });
    this.keyValues = new EmbeddedKeyValueStore({
      inner: this.#consul.keyValues,
      logger,
      ready: () => this.#ready(),
      start: () => {
        this.#refuseWhenClosed();
        this.#start();
      },
      tell: (watch, open) => this.#tell(watch, open),
    });
  }

  async register(registration: Registration): Promise<Registered> {
    await this.#ready();
    return this.#consul.register(registration);
  }

  watch(service: ServiceKey): ServiceWatch {
    this.#refuseWhenClosed();
    const watch = new DelayedWatch<WatchState>(this.#logger, () => this.#watches.delete(watch));
    this.#watches.set(watch, service);
    this.#start();
    this.#tell(watch, () => this.#consul.watch(service));
    return watch;
  }

  async services(): Promise<readonly ServiceSummary[]> {
    await this.#ready();
    return this.#consul.services();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of [...this.#watches.keys()]) watch.close();
    this.keyValues.close();
    await Promise.all([this.#watchdog.close(), this.#consul.close()]);
  }

  async #ready(): Promise<void> {
    this.#refuseWhenClosed();
    this.#start();
    await this.#watchdog.ready();
  }

  #start(): void {
    this.#watchdog.start(() => {
      this.#wasUp ||= this.#watchdog.error === undefined;
      for (const [watch, service] of this.#watches) this.#tell(watch, () => this.#consul.watch(service));
      this.keyValues.agentChanged();
    });
  }

  // Once the agent was there, the watch itself knows best how to live with its absence.
  #tell<S extends { readonly kind: string }>(watch: DelayedWatch<S>, open: () => Watch<S>): void {
    if (this.#wasUp) watch.begin(open);
    else if (this.#watchdog.error !== undefined) watch.fail(this.#watchdog.error);
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new RegistryError(`${this.description} is closed`);
  }
}

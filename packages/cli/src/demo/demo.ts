import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@micromesh/core';
import { shownSpec } from '@micromesh/registry';
import type { Crew } from '../process/crew.js';
import { requireAgent } from '../registry/joined-registry.js';
import { REGISTRIES } from '../registry/registry-kind.js';
import { registryStarter, type StartRegistry } from '../registry/registry-starter.js';
import { DemoModel, type DemoView } from './demo-model.js';
import { EffectTail } from './effect-tail.js';
import { isEventReport } from './event-report.js';
import { HelloNodes } from './hello-nodes.js';
import type { DemoHeadline } from './live-frame.js';
import { requireFreePort } from './port-check.js';
import { serviceEntry } from './service-entries.js';
import { helloProcess } from './service-processes.js';
import { startTraffic } from './traffic.js';

const HOST = '127.0.0.1';
const STOP_LIMIT_MS = 2_000;

/** What the live demo is run with. */
export interface DemoOptions {
  /** `embedded` or `consul`: one of its own; else the URL of an agent that was started elsewhere and is left alone. */
  readonly registry: string;
  /** hello nodes at the start. */
  readonly nodes: number;
  /** Calls a second that the demo makes. */
  readonly rps: number;
  /** Port of the gateway on this machine. */
  readonly port: number;
  /** Whether the services' logs go to standard error; then there are lines, also in a terminal. */
  readonly logs: boolean;
}

/** What {@link Demo} is started with. */
export interface DemoSetting {
  readonly crew: Crew;
  readonly clock: Clock;
  /** Where a Consul is looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Given each line that a service logs, where that is wanted. */
  readonly onLine: ((line: string) => void) | undefined;
}

/** The processes of the live demo, and what is known of them. */
export class Demo {
  readonly model: DemoModel;
  readonly nodes: HelloNodes;
  headline: DemoHeadline = { gatewayUrl: '', registry: '', registryUrl: '' };
  readonly #options: DemoOptions;
  readonly #setting: DemoSetting;
  readonly #effectsFile: string;
  readonly #endings: (() => Promise<void>)[] = [];
  #startRegistry: StartRegistry | undefined;
  #registryUrl = '';
  #tail: EffectTail | undefined;
  #ended = false;

  constructor(options: DemoOptions, setting: DemoSetting) {
    this.#options = options;
    this.#setting = setting;
    this.#effectsFile = join(setting.crew.folder, 'effects.jsonl');
    this.model = new DemoModel(setting.clock);
    this.nodes = new HelloNodes(() => this.#startHello(), this.model);
  }

  /** What is known now, with all that hello nodes have recorded so far. */
  view(): DemoView {
    this.#tail?.read();
    return this.model.view();
  }

  /**
   * Looks whether it can be started; starts nothing.
   *
   * @returns what {@link start} is going to start, in words.
   * @throws ConfigError when the registry that was asked for is none, cannot be started or does not answer.
   * @throws Error when the port is taken.
   */
  async check(): Promise<string> {
    const { port, registry } = this.#options;
    await requireFreePort(HOST, port);
    const kind = REGISTRIES.find((name) => name === registry);
    if (kind === undefined) await requireAgent(registry);
    else this.#startRegistry = await registryStarter(kind, this.#setting.env, () => {});
    return `${kind === undefined ? '' : 'a registry, '}hello nodes, a user service and a gateway`;
  }

  /**
   * Starts registry, services, gateway and traffic, after {@link check}; resolves when the gateway answers.
   *
   * @throws Error when one of them does not start.
   */
  async start(): Promise<void> {
    const { port, nodes, rps } = this.#options;
    const registry = await this.#joinRegistry();
    const gatewayUrl = `http://localhost:${port}`;
    this.headline = { gatewayUrl, registry, registryUrl: shownSpec(this.#registryUrl) };
    const tail = new EffectTail(this.#effectsFile, this.#setting.clock, (line) => this.model.effect(line));
    this.#tail = tail;
    this.#endings.push(async () => tail.close());
    await Promise.all([
      this.#startUser(),
      ...Array.from({ length: nodes }, (_, index) => this.nodes.start(index + 1)),
    ]);
    await this.#startGateway();
    const traffic = await startTraffic(this.#registryUrl, rps, this.#setting.clock, this.model);
    this.#endings.push(() => traffic.close());
    // Ended while it started: what came last is nobody's then.
    if (this.#ended) await traffic.close();
  }

  /** Ends all that was started: the traffic, the services, the registry last, so that services can leave it. */
  async stop(): Promise<void> {
    this.#ended = true;
    for (const end of this.#endings.reverse()) await end();
  }

  /** Gives the registry's name for people. */
  async #joinRegistry(): Promise<string> {
    const { crew } = this.#setting;
    const { registry } = this.#options;
    if (this.#startRegistry === undefined) {
      this.#registryUrl = registry;
    } else {
      const starting = this.#startRegistry(crew.guardian);
      this.#endings.push(async () => {
        // One that did not start has told so already.
        const own = await starting.catch(() => undefined);
        await own?.stop();
      });
      this.#registryUrl = (await starting).url;
    }
    this.#endings.push(() => crew.stopServices(STOP_LIMIT_MS));
    const address = shownSpec(this.#registryUrl).replace(/^consul:\/\//, '');
    return registry === 'embedded' ? `dev agent ${address}` : `Consul ${address}`;
  }

  #startHello() {
    const { crew, onLine } = this.#setting;
    return crew.start({ ...helloProcess(this.#registryUrl, this.#effectsFile), onLine });
  }

  async #startUser(): Promise<void> {
    const { crew, onLine } = this.#setting;
    await crew.start({
      name: 'user',
      entry: serviceEntry('user'),
      env: { MICROMESH_REGISTRY: this.#registryUrl, LISTEN: `${HOST}:0` },
      nodeOptions: ['--import', new URL('./event-reporter.js', import.meta.url).href],
      onLine,
      onMessage: (message) => {
        if (isEventReport(message)) for (const event of message.events) this.model.reported(event);
      },
    });
  }

  async #startGateway(): Promise<void> {
    const { crew, onLine } = this.#setting;
    await crew.start({
      name: 'gateway',
      entry: fileURLToPath(new URL('./gateway-process.js', import.meta.url)),
      env: { MICROMESH_REGISTRY: this.#registryUrl, LISTEN: `${HOST}:${this.#options.port}` },
      onLine,
    });
  }
}

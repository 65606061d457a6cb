import type { ChildProcess } from 'node:child_process';
import { checkOptionNames } from '@micromesh/core';
import { RegistryError } from '../registry.js';
import { startAgentProcess } from './agent-process.js';
import { type DevAgentPlace, readPlace } from './dev-agent-options.js';

const STOP_TIMEOUT_MS = 2_000;
// Below the ranges that systems take ports of outgoing connections from (Linux from 32768, others from 49152): there a client that
// retries the port of a killed agent can be given that very port, and so keep the agent from taking it again.
const FIRST_PORT = 12_000;
const PORTS = 20_000;
const PORT_TRIES = 50;

/** A dev agent in a process of its own that ends with this one. */
export interface SpawnedDevAgent {
  /** `127.0.0.1:8555`; the same after a restart. */
  readonly address: string;
  /** Of the process that runs now; 0 when none does. */
  readonly pid: number;
  /** Sends a signal to the process: SIGKILL, SIGSTOP, SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** Kills the process if it runs, and starts another, which knows nothing, at the same address. */
  restart(): Promise<void>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a dev agent in a process of its own; it ends with this one, also after kill -9. Port 0 is any free one.
 *
 * @throws ConfigError for a wrong option, and with NODE_ENV=production.
 * @throws RegistryError when the port is taken, or it does not start.
 */
export async function spawnDevAgent(options: DevAgentPlace = {}): Promise<SpawnedDevAgent> {
  checkOptionNames('spawnDevAgent', options, ['host', 'port', 'env']);
  const { host, port } = readPlace(options);
  const agent = new BoundAgent(host, port);
  await agent.start();
  return agent;
}

class BoundAgent implements SpawnedDevAgent {
  readonly #host: string;
  #port: number;
  #address = '';
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  get address(): string {
    return this.#address;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const asked = this.#port;
    for (let tries = 1; ; tries++) {
      const port = asked === 0 ? FIRST_PORT + Math.floor(Math.random() * PORTS) : asked;
      const started = await startAgentProcess({ host: this.#host, port, bound: true });
      if (started.kind === 'ready') {
        this.#port = port;
        this.#address = started.address;
        this.#follow(started.child);
        return;
      }
      if (asked !== 0 || tries === PORT_TRIES) {
        throw new RegistryError(`the dev agent did not start: port ${port} is taken; name another`);
      }
    }
  }

  #follow(child: ChildProcess): void {
    this.#child = child;
    const isOver = child.exitCode !== null || child.signalCode !== null;
    this.#ended = isOver
      ? Promise.resolve()
      : new Promise<void>((resolve) => child.once('exit', () => resolve())).then(() => {
          if (this.#child === child) this.#child = undefined;
        });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async restart(): Promise<void> {
    await this.#end('SIGKILL');
    await this.start();
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    child.kill(signal);
    // A frozen process takes no SIGTERM.
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(force);
  }
}

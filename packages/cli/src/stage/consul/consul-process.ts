import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuardian } from '../guardian.js';
import type { ConsulPorts } from './consul-ports.js';
import { waitForLeader } from './leader.js';
import { isAtLeast } from './version.js';

/** Where agents listen. */
export const HOST = '127.0.0.1';

const STOP_TIMEOUT_MS = 2_000;
const LOG_TAIL_LINES = 12;

/** What an agent is started with. */
export interface ConsulProcessSetting {
  /** The path of a Consul binary. */
  readonly binary: string;
  /** `1.8.7` */
  readonly version: string;
  /** `dev`: alone, everything in memory; `server`: one of several. */
  readonly role: 'dev' | 'server';
  readonly ports: ConsulPorts;
  /** Further settings, as Consul's configuration file has them. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One agent: its process, its folder, its log. It ends with this process, however that ends. */
export class ConsulProcess {
  readonly address: string;
  readonly #setting: ConsulProcessSetting;
  // Tells the agent from another one that holds the port.
  readonly #node = `micromesh-${randomBytes(4).toString('hex')}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'micromesh-consul-'));
  // An agent does not notice that this process is gone: no time to end by itself.
  readonly #guardian = startGuardian(0);
  readonly #onExit = () => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');

  constructor(setting: ConsulProcessSetting) {
    this.#setting = setting;
    this.address = `${HOST}:${setting.ports.http}`;
    this.#guardian.watchFolder(this.#folder);
    process.on('exit', this.#onExit);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the process. */
  async launch(): Promise<void> {
    const log = openSync(this.#logFile, 'w');
    try {
      const child = spawn(this.#setting.binary, await this.#args(), {
        cwd: this.#folder,
        // Ctrl-C in a terminal would otherwise end the registry before the services that want to leave it.
        detached: true,
        stdio: ['ignore', log, log],
      });
      this.#child = child;
      this.#ended = endOf(child);
      child.unref();
      if (child.pid !== undefined) this.#guardian.watch(child.pid);
    } finally {
      closeSync(log);
    }
  }

  /**
   * Resolves when the agent has a leader.
   *
   * @throws Error when it ends early or has none in time; the message has the end of its log.
   */
  async untilLed(timeoutMs: number): Promise<void> {
    const agent = { host: HOST, port: this.#setting.ports.http, node: this.#node };
    const failure = await waitForLeader(agent, timeoutMs, this.#ended);
    if (failure !== undefined)
      throw new Error(`consul agent at ${this.address}: ${failure}${this.#logTail()}`);
  }

  /** Sends a signal to the process. */
  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** kill -9, if it runs; resolves when it is gone. */
  end(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    process.off('exit', this.#onExit);
    this.#guardian.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    child.kill(signal);
    // A frozen agent takes no SIGTERM.
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(force);
    if (child.pid !== undefined) this.#guardian.forget(child.pid);
    this.#child = undefined;
  }

  get #logFile(): string {
    return join(this.#folder, 'consul.log');
  }

  #logTail(): string {
    const lines = readFileSync(this.#logFile, 'utf8').trim().split('\n');
    return `; the end of its log:\n${lines.slice(-LOG_TAIL_LINES).join('\n')}`;
  }

  async #args(): Promise<string[]> {
    const { version, role, config: more } = this.#setting;
    const { http, dns, grpc, grpcTls, serfLan, serfWan, server } = this.#setting.ports;
    const ports = { http, dns, grpc, serf_lan: serfLan, serf_wan: serfWan, server };
    const config = {
      ...more,
      ...(role === 'dev' ? {} : { data_dir: join(this.#folder, 'data') }),
      // An older agent refuses the name of a port that it does not know.
      ports: isAtLeast(version, 1, 14) ? { ...ports, grpc_tls: grpcTls } : ports,
    };
    const file = join(this.#folder, 'config.json');
    await writeFile(file, JSON.stringify(config));
    return [
      ...['agent', role === 'dev' ? '-dev' : '-server', '-bind', HOST, '-client', HOST, '-log-level', 'warn'],
      ...['-config-file', file, '-node', this.#node, '-disable-host-node-id'],
    ];
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended early (${signal ?? `status ${code}`})`));
  });
}

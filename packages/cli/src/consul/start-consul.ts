import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@micromesh/core';
import { freePorts } from './free-ports.js';
import { waitForLeader } from './leader.js';
import { isAtLeast, readConsulVersion } from './version.js';
import { watchOver } from './watchdog.js';

const HOST = '127.0.0.1';
const STOP_TIMEOUT_MS = 2_000;
const LOG_TAIL_LINES = 12;
/** With ports of our choice, another process may take one between look and use. */
const PORT_TRIES = 3;

/** How {@link startConsul} starts an agent. */
export interface StartConsulOptions {
  /** The path of a Consul binary, as `findConsul` gives it. */
  readonly binary: string;
  /** Default: a free port. */
  readonly httpPort?: number;
  /** Further settings, as Consul's configuration file has them: `{ acl: {...} }`; default: none. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How long to wait for a leader, in ms; default 20,000. */
  readonly startTimeoutMs?: number;
}

/** A real Consul in dev mode: one process, everything in memory. */
export interface RunningConsul {
  /** `127.0.0.1:port` of the HTTP API; the same after a restart. */
  readonly address: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Sends a signal to the process: SIGKILL, SIGSTOP, SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** Kills the process if it runs, and starts another on the same ports; its catalog and KV are empty. Resolves when it has a leader. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts `consul agent -dev` on loopback ports of its own; resolves when it has a leader. It ends with this process, however that ends.
 *
 * @throws Error when it ends early or has no leader in time; the message has the end of Consul's log.
 */
export async function startConsul(options: StartConsulOptions): Promise<RunningConsul> {
  const version = await readConsulVersion(options.binary);
  for (let tries = 1; ; tries++) {
    const consul = new ConsulProcess(options, version, await choosePorts(options.httpPort));
    try {
      await consul.start();
      return consul;
    } catch (error) {
      await consul.stop();
      const taken = /address already in use/.test(messageOf(error));
      if (!taken || options.httpPort !== undefined || tries === PORT_TRIES) throw error;
    }
  }
}

interface ConsulPorts {
  readonly http: number;
  readonly dns: number;
  readonly grpc: number;
  readonly grpcTls: number;
  readonly serfLan: number;
  readonly serfWan: number;
  readonly server: number;
}

async function choosePorts(httpPort: number | undefined): Promise<ConsulPorts> {
  const [http = 0, dns = 0, grpc = 0, grpcTls = 0, serfLan = 0, serfWan = 0, server = 0] = await freePorts(7);
  return { http: httpPort ?? http, dns, grpc, grpcTls, serfLan, serfWan, server };
}

class ConsulProcess implements RunningConsul {
  readonly address: string;
  readonly #options: StartConsulOptions;
  readonly #version: string;
  readonly #ports: ConsulPorts;
  // Tells the agent from another one that holds the port.
  readonly #node = `micromesh-${randomBytes(4).toString('hex')}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'micromesh-consul-'));
  readonly #onExit = () => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('not started');
  #endWatch: () => void = () => {};

  constructor(options: StartConsulOptions, version: string, ports: ConsulPorts) {
    this.#options = options;
    this.#version = version;
    this.#ports = ports;
    this.address = `${HOST}:${ports.http}`;
    process.on('exit', this.#onExit);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const log = openSync(this.#logFile, 'w');
    try {
      const child = spawn(this.#options.binary, await this.#args(), {
        cwd: this.#folder,
        // Ctrl-C in a terminal would otherwise end the registry before the services that want to leave it.
        detached: true,
        stdio: ['ignore', log, log],
      });
      this.#child = child;
      this.#ended = endOf(child);
      child.unref();
      if (child.pid !== undefined) this.#endWatch = watchOver(child.pid, this.#folder);
    } finally {
      closeSync(log);
    }
    const timeoutMs = this.#options.startTimeoutMs ?? 20_000;
    const agent = { host: HOST, port: this.#ports.http, node: this.#node };
    const failure = await waitForLeader(agent, timeoutMs, this.#ended);
    if (failure !== undefined)
      throw new Error(`consul agent at ${this.address}: ${failure}${this.#logTail()}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async restart(): Promise<void> {
    await this.#end('SIGKILL');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    process.off('exit', this.#onExit);
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
    this.#endWatch();
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
    const { http, dns, grpc, grpcTls, serfLan, serfWan, server } = this.#ports;
    const ports = { http, dns, grpc, serf_lan: serfLan, serf_wan: serfWan, server };
    const config = {
      ...this.#options.config,
      // An older agent refuses the name of a port that it does not know.
      ports: isAtLeast(this.#version, 1, 14) ? { ...ports, grpc_tls: grpcTls } : ports,
    };
    const file = join(this.#folder, 'config.json');
    await writeFile(file, JSON.stringify(config));
    return [
      ...['agent', '-dev', '-bind', HOST, '-client', HOST, '-log-level', 'warn'],
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

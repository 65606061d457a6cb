import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findConsul, NO_CONSUL_MESSAGE } from '@micromesh/cli/consul';
import type { Janitor } from './janitor.js';
import type { StageRegistry } from './stage-registry.js';

const SERVERS = 3;
const HTTP_PORT = 8500;
const LEADER_LIMIT_MS = 40_000;
const POLL_MS = 100;
const ASK_LIMIT_MS = 1_000;

/** Three real Consul servers on loopback addresses of their own; gives the reason where there is no Consul. */
export async function startConsulCluster(
  janitor: Janitor,
  signal: AbortSignal,
): Promise<StageRegistry | string> {
  const consul = await findConsul({ env: process.env });
  if (consul === undefined) return NO_CONSUL_MESSAGE;
  const folder = await mkdtemp(join(tmpdir(), 'micromesh-bench-consul-'));
  janitor.mind('folder', folder);
  const cluster = new ConsulCluster(folder);
  try {
    await cluster.start(consul.path, janitor, signal);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class ConsulCluster implements StageRegistry {
  readonly #folder: string;
  readonly #hosts: readonly string[];
  readonly #servers: ChildProcess[] = [];
  #leader = 0;

  constructor(folder: string) {
    this.#folder = folder;
    // The whole of 127/8 is ours: servers keep their usual ports, and two clusters do not meet.
    const net = `127.${20 + random(200)}.${1 + random(250)}`;
    this.#hosts = Array.from({ length: SERVERS }, (_, index) => `${net}.${index + 1}`);
  }

  /** The agents that live on: as a machine's own agent does when the leader, elsewhere, dies. */
  get url(): string {
    return `consul://${this.#followers.map((host) => `${host}:${HTTP_PORT}`).join(',')}`;
  }

  get agent(): string {
    return `${this.#followers[0]}:${HTTP_PORT}`;
  }

  get #followers(): readonly string[] {
    return this.#hosts.filter((_, index) => index !== this.#leader);
  }

  async start(binary: string, janitor: Janitor, signal: AbortSignal): Promise<void> {
    for (const host of this.#hosts) {
      const server = spawn(binary, await this.#args(host), { detached: true, stdio: 'ignore' });
      server.on('error', () => {});
      if (server.pid !== undefined) janitor.mind('pid', server.pid);
      this.#servers.push(server);
    }
    this.#leader = await this.#untilLed(signal);
  }

  async kill(): Promise<void> {
    await end(this.#servers[this.#leader]);
  }

  startEmpty(): Promise<void> {
    return Promise.reject(new Error('a cluster does not come back empty'));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(end));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #args(host: string): Promise<string[]> {
    const data = join(this.#folder, host);
    await mkdir(data);
    const config = join(this.#folder, `${host}.json`);
    await writeFile(config, JSON.stringify({ performance: { raft_multiplier: 1 } }));
    return [
      ...['agent', '-server', `-bootstrap-expect=${SERVERS}`, '-bind', host, '-client', host],
      ...['-node', `s-${host.replaceAll('.', '-')}`, '-data-dir', data, '-config-file', config],
      ...['-disable-host-node-id', '-log-level', 'err'],
      ...this.#hosts.flatMap((other) => ['-retry-join', other]),
    ];
  }

  /** The index of the leader, once every server knows it and writes go through. */
  async #untilLed(signal: AbortSignal): Promise<number> {
    const limit = Date.now() + LEADER_LIMIT_MS;
    while (Date.now() < limit) {
      const leaders = await Promise.all(this.#hosts.map(askLeader));
      const [leader] = leaders;
      const index = this.#hosts.findIndex((host) => leader === `${host}:8300`);
      if (index >= 0 && leaders.every((each) => each === leader)) return index;
      await sleep(POLL_MS, undefined, { signal });
    }
    throw new Error(`the Consul cluster has no leader after ${LEADER_LIMIT_MS} ms`);
  }
}

async function askLeader(host: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(ASK_LIMIT_MS);
    const response = await fetch(`http://${host}:${HTTP_PORT}/v1/status/leader`, { signal });
    const leader: unknown = await response.json();
    return typeof leader === 'string' ? leader : '';
  } catch {
    // Not up yet: asked again.
    return '';
  }
}

async function end(server: ChildProcess | undefined): Promise<void> {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

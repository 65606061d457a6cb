import { onAbort } from '@micromesh/core';
import { type ConsulPorts, chooseConsulPorts, withFreshPorts } from './consul-ports.js';
import { ConsulProcess, HOST } from './consul-process.js';
import { askLeader } from './leader.js';
import { readConsulVersion } from './version.js';

const SERVERS = 3;
const LEADER_LIMIT_MS = 40_000;

/** Three real Consul servers that elect a leader. */
export interface RunningConsulCluster {
  /** `127.0.0.1:port` of the HTTP APIs: of the leader, as it was at the start, and of the two others. */
  readonly leader: string;
  readonly followers: readonly string[];
  /** kill -9 of the server that leads now; resolves when it is gone. */
  killLeader(): Promise<void>;
  /** Whether the servers that run have a leader among them. */
  isLed(): Promise<boolean>;
  /** kill -9 of all servers. */
  kill(): Promise<void>;
  /** Ends the servers and removes their folders. */
  stop(): Promise<void>;
}

/**
 * Starts three servers on loopback ports of their own; resolves when all know their leader. They end with this process, however that ends.
 *
 * @param binary - the path of a Consul binary, as `findConsul` gives it.
 * @param signal - gives the start up: nothing of it is left.
 * @throws Error when one ends early or they have no leader within 40 s; the message has the end of Consul's log. The signal's reason when
 *   it aborts.
 */
export async function startConsulCluster(
  binary: string,
  signal?: AbortSignal,
): Promise<RunningConsulCluster> {
  const version = await readConsulVersion(binary);
  return withFreshPorts(async () => {
    const ports = await chooseConsulPorts(SERVERS);
    signal?.throwIfAborted();
    const servers = ports.map((own) => new Server(binary, version, own, ports));
    // Whoever waits for a server then hears that it has ended.
    const endAll = () => {
      for (const server of servers) void server.end();
    };
    const forget = signal === undefined ? () => {} : onAbort(signal, endAll);
    try {
      await Promise.all(servers.map((server) => server.launch()));
      signal?.throwIfAborted();
      await Promise.all(servers.map((server) => server.untilLed(LEADER_LIMIT_MS)));
      return await ConsulCluster.of(servers);
    } catch (error) {
      await Promise.all(servers.map((server) => server.stop()));
      throw signal?.aborted === true ? signal.reason : error;
    } finally {
      forget();
    }
  });
}

class Server extends ConsulProcess {
  /** As the leader is named by the others. */
  readonly raftAddress: string;

  constructor(binary: string, version: string, ports: ConsulPorts, all: readonly ConsulPorts[]) {
    const config = {
      bootstrap_expect: SERVERS,
      retry_join: all.map(({ serfLan }) => `${HOST}:${serfLan}`),
      // As on a server of its own: elections take seconds.
      performance: { raft_multiplier: 1 },
    };
    super({ binary, version, role: 'server', ports, config });
    this.raftAddress = `${HOST}:${ports.server}`;
  }
}

class ConsulCluster implements RunningConsulCluster {
  readonly leader: string;
  readonly followers: readonly string[];
  readonly #servers: readonly Server[];

  private constructor(servers: readonly Server[], leading: Server) {
    this.#servers = servers;
    this.leader = leading.address;
    this.followers = servers.filter((server) => server !== leading).map(({ address }) => address);
  }

  static async of(servers: readonly Server[]): Promise<ConsulCluster> {
    const leading = await leaderOf(servers);
    if (leading === undefined) throw new Error('the Consul cluster has lost its leader');
    return new ConsulCluster(servers, leading);
  }

  async killLeader(): Promise<void> {
    const leading = await leaderOf(this.#running);
    if (leading === undefined) throw new Error('the Consul cluster has no leader to kill');
    await leading.end();
  }

  async isLed(): Promise<boolean> {
    return (await leaderOf(this.#running)) !== undefined;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.end()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  get #running(): readonly Server[] {
    return this.#servers.filter(({ running }) => running);
  }
}

/** The one that all of them call their leader; undefined while they do not agree, or it is none of them. */
async function leaderOf(servers: readonly Server[]): Promise<Server | undefined> {
  const [named, ...others] = await Promise.all(servers.map(({ address }) => askLeader(address)));
  if (others.some((other) => other !== named)) return undefined;
  return servers.find(({ raftAddress }) => raftAddress === named);
}

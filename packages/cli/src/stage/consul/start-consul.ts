import { chooseConsulPorts, withFreshPorts } from './consul-ports.js';
import { ConsulProcess } from './consul-process.js';
import { readConsulVersion } from './version.js';

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
  /** kill -9, if it runs; resolves when it is gone. */
  end(): Promise<void>;
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
  const { binary, httpPort, config = {}, startTimeoutMs = 20_000 } = options;
  const version = await readConsulVersion(binary);
  const start = async () => {
    const [ports] = await chooseConsulPorts(1);
    if (ports === undefined) throw new Error('no ports were chosen');
    const fixed = httpPort === undefined ? ports : { ...ports, http: httpPort };
    const agent = new ConsulProcess({ binary, version, role: 'dev', ports: fixed, config });
    try {
      await agent.launch();
      await agent.untilLed(startTimeoutMs);
      return agent;
    } catch (error) {
      await agent.stop();
      throw error;
    }
  };
  const agent = await (httpPort === undefined ? withFreshPorts(start) : start());
  return {
    address: agent.address,
    get pid() {
      return agent.pid;
    },
    kill: (signal) => agent.kill(signal),
    end: () => agent.end(),
    restart: async () => {
      await agent.end();
      await agent.launch();
      await agent.untilLed(startTimeoutMs);
    },
    stop: () => agent.stop(),
  };
}

import { ConfigError, checkInteger, isLoopbackHost } from '@micromesh/core';

/** The port that the dev agent has where nobody says another. */
export const DEFAULT_DEV_AGENT_PORT = 8555;
/** The variable that names another port. */
export const DEV_AGENT_PORT_VARIABLE = 'MICROMESH_DEV_AGENT_PORT';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a dev agent and those who look for one have in common. */
export interface DevAgentPlace {
  /** A loopback address; default `127.0.0.1`. */
  readonly host?: string;
  /** Default: MICROMESH_DEV_AGENT_PORT, else 8555. */
  readonly port?: number;
  /** Where NODE_ENV and MICROMESH_DEV_AGENT_PORT are read; default `process.env`. */
  readonly env?: Environment;
}

/**
 * Fills in a dev agent's place.
 *
 * @throws ConfigError for a host that is not the loopback, a port that is none, and with NODE_ENV=production.
 */
export function readPlace({ host = '127.0.0.1', port, env = process.env }: DevAgentPlace): {
  readonly host: string;
  readonly port: number;
} {
  refuseProduction(env);
  if (!isLoopbackHost(host)) {
    throw new ConfigError(
      'host',
      host,
      'is not the loopback',
      'the dev agent serves one machine; for several, run a Consul agent on each',
    );
  }
  return { host, port: port === undefined ? portFrom(env) : checkInteger('port', port, 0, 65_535) };
}

function refuseProduction(env: Environment): void {
  if (env.NODE_ENV !== 'production') return;
  throw new ConfigError(
    'NODE_ENV',
    env.NODE_ENV,
    'is no place for the dev agent, which keeps nothing and checks nobody',
    'run a Consul agent and use consul://127.0.0.1:8500',
  );
}

function portFrom(env: Environment): number {
  const text = env[DEV_AGENT_PORT_VARIABLE];
  if (text === undefined || text === '') return DEFAULT_DEV_AGENT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new ConfigError(DEV_AGENT_PORT_VARIABLE, text, 'is no port', 'give a number from 0 to 65535');
}

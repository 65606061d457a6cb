import { ConfigError, silentLogger } from '@micromesh/core';
import {
  consul,
  DEFAULT_DEV_AGENT_PORT,
  DEV_AGENT_PORT_VARIABLE,
  type KeyValueRegistry,
  type Registry,
  registryFrom,
} from '@micromesh/registry';

/**
 * The registry that a command asks: `--registry`, else MICROMESH_REGISTRY, else the dev agent of this machine, which is not started for it.
 *
 * @throws ConfigError when it is none, or one that lives inside a process.
 */
export function askedRegistry(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Registry {
  const spec = flag ?? (env.MICROMESH_REGISTRY || 'embedded');
  if (spec.startsWith('memory:')) {
    const field = flag === undefined ? 'environment variable MICROMESH_REGISTRY' : '--registry';
    throw new ConfigError(field, spec, 'is inside of another process', 'write consul://host:port');
  }
  if (spec !== 'embedded') return registryFrom(spec, { logger: silentLogger, env });
  const address = `127.0.0.1:${env[DEV_AGENT_PORT_VARIABLE] || DEFAULT_DEV_AGENT_PORT}`;
  // Consul's own variables (a token, TLS) are not meant for the dev agent.
  return consul({ address, logger: silentLogger, env: {} });
}

/**
 * The registry, with the keys and values that it holds.
 *
 * @param what - what is in them: `manual ejections`.
 * @throws ConfigError when it holds none.
 */
export function requireKeyValues(registry: Registry, what: string): KeyValueRegistry {
  if (hasKeyValues(registry)) return registry;
  throw new ConfigError(
    '--registry',
    registry.description,
    `holds no keys and values, where ${what} are`,
    'use consul://host:port',
  );
}

function hasKeyValues(registry: Registry): registry is KeyValueRegistry {
  return registry.keyValues !== undefined;
}

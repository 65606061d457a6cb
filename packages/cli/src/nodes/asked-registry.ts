import { ConfigError, type ServiceKey, type Snapshot, silentLogger } from '@micromesh/core';
import {
  consul,
  DEFAULT_DEV_AGENT_PORT,
  DEV_AGENT_PORT_VARIABLE,
  type KeyValueRegistry,
  type Registry,
  RegistryError,
  registryFrom,
} from '@micromesh/registry';

/** How long the registry may take for one answer. */
const ANSWER_WITHIN_MS = 5_000;

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

/** @throws ConfigError when the registry cannot hold what operators say. */
export function requireKeyValues(registry: Registry): KeyValueRegistry {
  if (hasKeyValues(registry)) return registry;
  throw new ConfigError(
    '--registry',
    registry.description,
    'holds no keys and values, where manual ejections are',
    'use consul://host:port',
  );
}

function hasKeyValues(registry: Registry): registry is KeyValueRegistry {
  return registry.keyValues !== undefined;
}

/**
 * What the registry knows of a service now.
 *
 * @throws RegistryError when it does not answer.
 */
export async function snapshotNow(registry: Registry, service: ServiceKey): Promise<Snapshot> {
  const watch = registry.watch(service);
  let giveUp: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const look = () => {
        const { state } = watch;
        if (state.kind !== 'unknown') resolve(state.snapshot);
        else if (state.error !== undefined) reject(new RegistryError(state.error));
      };
      giveUp = setTimeout(
        () =>
          reject(new RegistryError(`${registry.description} does not answer within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      watch.subscribe(look);
      look();
    });
  } finally {
    clearTimeout(giveUp);
    watch.close();
  }
}

import { ConfigError } from '@micromesh/core';
import {
  findConsul,
  type Guardian,
  NO_CONSUL_MESSAGE,
  type RegistryPart,
  startClusterPart,
  startConsulPart,
  startDevAgentPart,
} from '../stage/index.js';
import type { RegistryKind } from './registry-kind.js';

/** Starts a registry; the guardian takes its process into care. */
export type StartRegistry = (guardian: Guardian) => Promise<RegistryPart>;

/**
 * Finds out how to start a registry.
 *
 * @param report - told of Consul binaries that were passed over.
 * @throws ConfigError when no Consul is found; it names the command that installs one.
 */
export async function registryStarter(
  kind: RegistryKind,
  env: Readonly<Record<string, string | undefined>>,
  report: (line: string) => void,
): Promise<StartRegistry> {
  if (kind === 'embedded') return startDevAgentPart;
  const binary = await requireConsul(env, report);
  return () => startConsulPart(binary);
}

/**
 * Finds out how to start a cluster of three Consul servers.
 *
 * @param report - told of Consul binaries that were passed over.
 * @throws ConfigError when no Consul is found; it names the command that installs one.
 */
export async function clusterStarter(
  env: Readonly<Record<string, string | undefined>>,
  report: (line: string) => void,
): Promise<StartRegistry> {
  const binary = await requireConsul(env, report);
  return () => startClusterPart(binary);
}

async function requireConsul(
  env: Readonly<Record<string, string | undefined>>,
  report: (line: string) => void,
): Promise<string> {
  const consul = await findConsul({ env, onProgress: report });
  if (consul !== undefined) return consul.path;
  throw new ConfigError('--registry', 'consul', 'cannot be started', NO_CONSUL_MESSAGE);
}

import {
  findConsul,
  type Guardian,
  NO_CONSUL_MESSAGE,
  type RegistryPart,
  startClusterPart,
  startDevAgentPart,
} from '@micromesh/cli/stage';
import { StageUnavailable } from './stage-unavailable.js';

/** The registries that a stage can stand on: the dev agent, or three real Consul servers. */
export type StageRegistryKind = 'dev-agent' | 'consul-cluster';

/**
 * Starts the registry of a stage. When it rejects, also by the signal, nothing of it is left.
 *
 * @throws StageUnavailable where this machine has no Consul.
 */
export async function startStageRegistry(
  kind: StageRegistryKind,
  guardian: Guardian,
  signal: AbortSignal,
): Promise<RegistryPart> {
  if (kind === 'dev-agent') return startDevAgentPart(guardian);
  const consul = await findConsul({ env: process.env });
  if (consul === undefined) throw new StageUnavailable(NO_CONSUL_MESSAGE);
  return startClusterPart(consul.path, signal);
}

import {
  findConsul,
  type Guardian,
  NO_CONSUL_MESSAGE,
  type RegistryPart,
  startClusterPart,
  startConsulPart,
  startDevAgentPart,
} from '@micromesh/cli/stage';
import { StageUnavailable } from './stage-unavailable.js';

/** The registries that a stage can stand on: the dev agent, or a real Consul, of one server or three. */
export type StageRegistryKind = 'dev-agent' | 'consul' | 'consul-cluster';

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
  return kind === 'consul' ? startConsulPart(consul.path) : startClusterPart(consul.path, signal);
}

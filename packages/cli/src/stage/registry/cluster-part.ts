import { startConsulCluster } from '../consul/start-consul-cluster.js';
import { enrolNode, strikeOffNode } from './enrol-node.js';
import { passingNodes } from './passing-nodes.js';
import type { RegistryPart } from './registry-part.js';

/**
 * Starts three real Consul servers. Services use the two that do not lead: a leader that dies is seldom the agent of one's own machine.
 *
 * @param binary - the path of a Consul.
 * @param signal - gives the start up: nothing of it is left.
 * @throws Error when they have no leader in time; the signal's reason when it aborts.
 */
export async function startClusterPart(binary: string, signal?: AbortSignal): Promise<RegistryPart> {
  const cluster = await startConsulCluster(binary, signal);
  const [first = ''] = cluster.followers;
  return {
    url: `consul://${cluster.followers.join(',')}`,
    kill: () => cluster.kill(),
    startEmpty: () => Promise.reject(new Error('servers of a cluster keep what they know')),
    cluster,
    passing: (service) => passingNodes(first, service),
    enrol: (service, node) => enrolNode(first, service, node),
    strikeOff: (id) => strikeOffNode(first, id),
    stop: () => cluster.stop(),
  };
}

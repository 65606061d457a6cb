import { startConsulCluster } from '../consul/index.js';
import { enrolNode } from './enrol-node.js';
import { passingNodes } from './passing-nodes.js';
import type { RegistryPart } from './registry-part.js';

/**
 * Starts three real Consul servers. Services use the two that do not lead: a leader that dies is seldom the agent of one's own machine.
 *
 * @param binary - the path of a Consul.
 * @throws Error when they have no leader in time.
 */
export async function startClusterPart(binary: string): Promise<RegistryPart> {
  const cluster = await startConsulCluster(binary);
  const [first = ''] = cluster.followers;
  return {
    url: `consul://${cluster.followers.join(',')}`,
    kill: () => cluster.kill(),
    startEmpty: () => Promise.reject(new Error('servers of a cluster keep what they know')),
    cluster,
    passing: (service) => passingNodes(first, service),
    enrol: (service, id, address) => enrolNode(first, service, id, address),
    stop: () => cluster.stop(),
  };
}

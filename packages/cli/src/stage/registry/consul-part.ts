import { startConsul } from '../consul/start-consul.js';
import { enrolNode, strikeOffNode } from './enrol-node.js';
import { passingNodes } from './passing-nodes.js';
import type { RegistryPart } from './registry-part.js';

/**
 * Starts a real Consul in dev mode on free ports.
 *
 * @param binary - its path.
 * @throws Error when it has no leader in time.
 */
export async function startConsulPart(binary: string): Promise<RegistryPart> {
  const consul = await startConsul({ binary });
  return {
    url: `consul://${consul.address}`,
    kill: () => consul.end(),
    startEmpty: () => consul.restart(),
    passing: (service) => passingNodes(consul.address, service),
    enrol: (service, node) => enrolNode(consul.address, service, node),
    strikeOff: (id) => strikeOffNode(consul.address, id),
    stop: () => consul.stop(),
  };
}

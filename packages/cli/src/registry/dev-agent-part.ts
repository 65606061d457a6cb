import { spawnDevAgent } from '@micromesh/registry';
import type { Guardian } from '../process/guardian.js';
import { enrolNode } from './enrol-node.js';
import { passingNodes } from './passing-nodes.js';
import type { RegistryPart } from './registry-part.js';

/**
 * Starts a dev agent of one's own on a free port, in a process of its own.
 *
 * @throws RegistryError when it does not start.
 */
export async function startDevAgentPart(guardian: Guardian): Promise<RegistryPart> {
  const agent = await spawnDevAgent({ port: 0 });
  let { pid } = agent;
  guardian.watch(pid);
  return {
    url: `consul://${agent.address}`,
    kill: async () => agent.kill('SIGKILL'),
    startEmpty: async () => {
      await agent.restart();
      guardian.forget(pid);
      pid = agent.pid;
      guardian.watch(pid);
    },
    passing: (service) => passingNodes(agent.address, service),
    enrol: (service, id, address) => enrolNode(agent.address, service, id, address),
    stop: async () => {
      await agent.stop();
      guardian.forget(pid);
    },
  };
}
